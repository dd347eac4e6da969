#include "weir/http/client.h"

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "src/client_loop.h"
#include "src/client_transfer.h"
#include "weir/base/mutex.h"
#include "weir/base/status.h"

namespace weir::http {
namespace {

constexpr size_t kReaderHighMark = 1u << 20;
constexpr size_t kReaderLowMark = kReaderHighMark / 2;
constexpr long kReaderReadSize = 128 << 10;

class CallImpl : public Call {
 public:
  explicit CallImpl(std::shared_ptr<Transfer> transfer)
      : transfer_(std::move(transfer)) {}
  ~CallImpl() override {
    transfer_->Detach();
    if (const auto loop = transfer_->loop()) loop->Abort(transfer_);
  }
  void Pause() override { transfer_->SetPaused(true); }
  void Resume() override {
    transfer_->SetPaused(false);
    if (const auto loop = transfer_->loop()) loop->Resume(transfer_);
  }

 private:
  const std::shared_ptr<Transfer> transfer_;
};

// Collects one whole answer.
struct Collector {
  Response response;
  Client::Done done;
};

// What a reader and its call share.
struct ReaderState {
  Mutex mu;
  CondVar changed;
  bool has_head ABSL_GUARDED_BY(mu) = false;
  bool is_paused ABSL_GUARDED_BY(mu) = false;
  std::string buffer ABSL_GUARDED_BY(mu);
  size_t consumed ABSL_GUARDED_BY(mu) = 0;
  std::optional<absl::Status> end ABSL_GUARDED_BY(mu);

  // Written before has_head.
  ResponseHead head;
  // Set before the transfer begins; its callbacks run while it lives.
  Transfer* transfer = nullptr;

  size_t Size() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu) {
    return buffer.size() - consumed;
  }
};

class BodyReaderImpl : public BodyReader {
 public:
  BodyReaderImpl(std::shared_ptr<ReaderState> state, std::unique_ptr<Call> call)
      : state_(std::move(state)), call_(std::move(call)) {}

  const ResponseHead& head() const override { return state_->head; }

  absl::StatusOr<size_t> Read(const Context& ctx, char* buffer,
                              size_t size) override {
    WEIR_RETURN_IF_ERROR(WaitForBytes(ctx));
    bool resumes = false;
    size_t count;
    {
      MutexLock lock(state_->mu);
      count = std::min(size, state_->Size());
      if (count == 0 && size > 0 && state_->end.has_value()) {
        WEIR_RETURN_IF_ERROR(*state_->end);
      }
      std::memcpy(buffer, state_->buffer.data() + state_->consumed, count);
      state_->consumed += count;
      if (state_->Size() == 0) {
        state_->buffer.clear();
        state_->consumed = 0;
      }
      if (state_->is_paused && state_->Size() < kReaderLowMark) {
        state_->is_paused = false;
        resumes = true;
      }
    }
    if (resumes) call_->Resume();
    return count;
  }

 private:
  bool HasBytes() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(state_->mu) {
    return state_->Size() > 0 || state_->end.has_value();
  }

  absl::Status WaitForBytes(const Context& ctx) {
    {
      MutexLock lock(state_->mu);
      if (HasBytes()) return absl::OkStatus();
    }
    const Context::Registration wakes = ctx.OnCancel([state = state_] {
      MutexLock lock(state->mu);
      state->changed.NotifyAll();
    });
    while (true) {
      WEIR_RETURN_IF_ERROR(ctx.status());
      MutexLock lock(state_->mu);
      if (HasBytes()) return absl::OkStatus();
      // Bounded, as a cancellation may have come just before the lock.
      state_->changed.WaitUntil(
          state_->mu, std::min(ctx.deadline(), absl::Now() + absl::Seconds(1)));
    }
  }

  const std::shared_ptr<ReaderState> state_;
  const std::unique_ptr<Call> call_;  // Last: its callbacks use state_.
};

StreamHandlers ReaderHandlers(const std::shared_ptr<ReaderState>& state) {
  StreamHandlers handlers;
  handlers.on_head = [state](const ResponseHead& head) {
    state->head = head;
    MutexLock lock(state->mu);
    state->has_head = true;
    state->changed.NotifyAll();
    return absl::OkStatus();
  };
  handlers.on_data = [state](absl::string_view bytes) {
    MutexLock lock(state->mu);
    if (state->consumed > kReaderHighMark) {
      state->buffer.erase(0, std::exchange(state->consumed, 0));
    }
    state->buffer.append(bytes.data(), bytes.size());
    if (state->Size() >= kReaderHighMark) {
      state->is_paused = true;
      state->transfer->SetPaused(true);
    }
    state->changed.NotifyAll();
    return absl::OkStatus();
  };
  handlers.on_done = [state](const absl::Status& status) {
    MutexLock lock(state->mu);
    state->end = status;
    state->changed.NotifyAll();
  };
  return handlers;
}

}  // namespace

struct Client::Impl {
  explicit Impl(ClientOptions o)
      : options(std::make_shared<const ClientOptions>(std::move(o))) {}

  const std::shared_ptr<const ClientOptions> options;

  Mutex mu;
  std::shared_ptr<Loop> loop ABSL_GUARDED_BY(mu);  // Null until needed.
  std::vector<std::shared_ptr<Loop>> retired ABSL_GUARDED_BY(mu);
  bool is_stopping ABSL_GUARDED_BY(mu) = false;

  // Null once the client is being destroyed.
  std::shared_ptr<Loop> CurrentLoop() {
    MutexLock lock(mu);
    if (loop == nullptr && !is_stopping) {
      loop = std::make_shared<Loop>(*options);
      loop->Start();
    }
    return loop;
  }

  std::shared_ptr<Transfer> NewTransfer(Request request,
                                        StreamHandlers handlers,
                                        absl::Time deadline) const {
    return std::make_shared<Transfer>(std::move(request), std::move(handlers),
                                      deadline, options);
  }

  void Submit(const std::shared_ptr<Transfer>& transfer) {
    while (const std::shared_ptr<Loop> current = CurrentLoop()) {
      transfer->SetLoop(current);
      if (current->Add(transfer)) return;
      // DropConnections came in between.
    }
    transfer->Finish(absl::CancelledError("the client has stopped"));
  }

  // The context cancels the transfer, which is yet to be submitted.
  static void Watch(const Context& ctx,
                    const std::shared_ptr<Transfer>& transfer) {
    std::weak_ptr<Transfer> weak = transfer;
    transfer->KeepRegistration(ctx.OnCancel([weak] {
      const std::shared_ptr<Transfer> cancelled = weak.lock();
      if (cancelled == nullptr) return;
      cancelled->SetCancelled();
      if (const auto driver = cancelled->loop()) driver->Abort(cancelled);
    }));
  }
};

Client::Client(ClientOptions options)
    : impl_(std::make_unique<Impl>(std::move(options))) {}

Client::~Client() {
  std::vector<std::shared_ptr<Loop>> loops;
  {
    MutexLock lock(impl_->mu);
    impl_->is_stopping = true;
    loops.swap(impl_->retired);
    if (impl_->loop != nullptr) loops.push_back(std::move(impl_->loop));
    impl_->loop = nullptr;
  }
  for (const std::shared_ptr<Loop>& loop : loops) loop->Stop();
}

void Client::Send(const Context& ctx, Request request, Done done) {
  if (const absl::Status status = ctx.status(); !status.ok()) {
    return done(status);
  }
  auto collector = std::make_shared<Collector>();
  collector->done = std::move(done);
  StreamHandlers handlers;
  handlers.on_head = [collector](const ResponseHead& head) {
    static_cast<ResponseHead&>(collector->response) = head;
    return absl::OkStatus();
  };
  handlers.on_data = [collector](absl::string_view bytes) {
    collector->response.body.append(bytes.data(), bytes.size());
    return absl::OkStatus();
  };
  handlers.on_done = [collector](const absl::Status& status) {
    if (status.ok()) {
      collector->done(std::move(collector->response));
    } else {
      collector->done(status);
    }
  };
  const auto transfer = impl_->NewTransfer(std::move(request),
                                           std::move(handlers), ctx.deadline());
  Impl::Watch(ctx, transfer);
  impl_->Submit(transfer);
}

absl::StatusOr<Response> Client::SendAndWait(const Context& ctx,
                                             Request request) {
  struct Waiter {
    Mutex mu;
    CondVar changed;
    std::optional<absl::StatusOr<Response>> answer ABSL_GUARDED_BY(mu);
  };
  auto waiter = std::make_shared<Waiter>();
  Send(ctx, std::move(request), [waiter](absl::StatusOr<Response> answer) {
    MutexLock lock(waiter->mu);
    waiter->answer = std::move(answer);
    waiter->changed.NotifyAll();
  });
  // The transfer heeds the context.
  MutexLock lock(waiter->mu);
  while (!waiter->answer.has_value()) waiter->changed.Wait(waiter->mu);
  return *std::move(waiter->answer);
}

std::unique_ptr<Call> Client::Start(Request request, StreamHandlers handlers) {
  const auto transfer = impl_->NewTransfer(
      std::move(request), std::move(handlers), absl::InfiniteFuture());
  auto call = std::make_unique<CallImpl>(transfer);
  impl_->Submit(transfer);
  return call;
}

absl::StatusOr<std::unique_ptr<BodyReader>> Client::Open(const Context& ctx,
                                                         Request request) {
  WEIR_RETURN_IF_ERROR(ctx.status());
  // A paused stream would stop the others of an HTTP/2 connection.
  request.allow_http2 = false;
  auto state = std::make_shared<ReaderState>();
  const auto transfer = impl_->NewTransfer(
      std::move(request), ReaderHandlers(state), ctx.deadline());
  state->transfer = transfer.get();
  transfer->SetReadSize(kReaderReadSize);
  auto call = std::make_unique<CallImpl>(transfer);
  Impl::Watch(ctx, transfer);
  impl_->Submit(transfer);
  {
    MutexLock lock(state->mu);
    while (!state->has_head && !state->end.has_value()) {
      state->changed.Wait(state->mu);
    }
    if (!state->has_head) return *state->end;
  }
  return std::make_unique<BodyReaderImpl>(std::move(state), std::move(call));
}

void Client::DropConnections() {
  MutexLock lock(impl_->mu);
  std::erase_if(impl_->retired, [](const std::shared_ptr<Loop>& loop) {
    return loop->has_ended();  // The destructor joins at once.
  });
  if (impl_->loop == nullptr) return;
  impl_->loop->Retire();
  impl_->retired.push_back(std::move(impl_->loop));
  impl_->loop = nullptr;
}

}  // namespace weir::http
