#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "src/credentials.h"
#include "src/http_message.h"
#include "src/list.h"
#include "src/rate_limiter.h"
#include "weir/base/mutex.h"
#include "weir/base/status.h"
#include "weir/http/client.h"
#include "weir/kube/config.h"
#include "weir/value/json.h"

namespace weir::kube {
namespace {

constexpr size_t kMaxAnswerBytes = 512u << 20;
constexpr size_t kMaxErrorBytes = 1u << 20;

// One watch, until its stream is destroyed. Callbacks come from the HTTP
// client; only an error before the call began comes from elsewhere.
class WatchState : public std::enable_shared_from_this<WatchState> {
 public:
  // `on_answer` learns the code of the answer.
  WatchState(WatchHandler handler, std::function<void(int)> on_answer)
      : handler_(std::move(handler)), on_answer_(std::move(on_answer)) {}

  void Begin(http::Client& client, http::Request request) {
    what_ = DescribeRequest(request);
    http::StreamHandlers handlers;
    handlers.on_head =
        [self = shared_from_this()](const http::ResponseHead& head) {
          return self->OnHead(head);
        };
    handlers.on_data = [self = shared_from_this()](absl::string_view bytes) {
      return self->OnData(bytes);
    };
    handlers.on_done = [self = shared_from_this()](const absl::Status& status) {
      self->OnDone(status);
    };
    MutexLock lock(mu_);
    if (is_destroyed_) return;
    call_ = client.Start(std::move(request), std::move(handlers));
  }

  // Ends the watch before it began.
  void Fail(const absl::Status& status) {
    {
      MutexLock lock(mu_);
      if (is_destroyed_) return;
      is_failing_ = true;
      failing_ = std::this_thread::get_id();
    }
    handler_.on_end(status);
    MutexLock lock(mu_);
    is_failing_ = false;
    changed_.NotifyAll();
  }

  void Destroy() {
    std::unique_ptr<http::Call> call;
    {
      MutexLock lock(mu_);
      is_destroyed_ = true;
      while (is_failing_ && failing_ != std::this_thread::get_id()) {
        changed_.Wait(mu_);
      }
      call = std::move(call_);
    }
  }

 private:
  absl::Status OnHead(const http::ResponseHead& head) {
    on_answer_(head.code);
    if (head.code >= 400) {
      error_.emplace();
      static_cast<http::ResponseHead&>(*error_) = head;
    }
    return absl::OkStatus();
  }

  absl::Status OnData(absl::string_view bytes) {
    if (error_.has_value()) {
      error_->body.append(bytes.data(), bytes.size());
      if (error_->body.size() <= kMaxErrorBytes) return absl::OkStatus();
      return absl::UnavailableError("the answer is too large");
    }
    WEIR_RETURN_IF_ERROR(splitter_.Append(bytes));
    for (std::string text = splitter_.Next(); !text.empty();
         text = splitter_.Next()) {
      absl::StatusOr<Value> event = ParseJson(text);
      if (!event.ok()) {
        return absl::UnavailableError(
            absl::StrCat("decoding a watch event: ", event.status().message()));
      }
      handler_.on_event(*std::move(event));
    }
    return absl::OkStatus();
  }

  void OnDone(const absl::Status& status) {
    if (!status.ok()) return handler_.on_end(MakeTransportError(status, what_));
    if (!error_.has_value()) return handler_.on_end(absl::OkStatus());
    const absl::StatusOr<Response> answer = MakeResponse(*std::move(error_));
    handler_.on_end(answer.ok() ? ErrorOf(*answer) : answer.status());
  }

  const WatchHandler handler_;
  const std::function<void(int)> on_answer_;

  // The HTTP client's thread only.
  std::string what_;
  JsonStreamSplitter splitter_;
  std::optional<http::Response> error_;

  Mutex mu_;
  CondVar changed_;
  bool is_destroyed_ ABSL_GUARDED_BY(mu_) = false;
  bool is_failing_ ABSL_GUARDED_BY(mu_) = false;
  std::thread::id failing_ ABSL_GUARDED_BY(mu_);
  std::unique_ptr<http::Call> call_ ABSL_GUARDED_BY(mu_);
};

class HttpWatchStream : public WatchStream {
 public:
  explicit HttpWatchStream(std::shared_ptr<WatchState> state)
      : state_(std::move(state)) {}
  ~HttpWatchStream() override { state_->Destroy(); }

 private:
  const std::shared_ptr<WatchState> state_;
};

class HttpTransport : public Transport {
 public:
  HttpTransport(const Config& config, const HttpTransportOptions& options)
      : base_url_(BaseUrl(config)),
        proxy_(config.proxy_url),
        accepts_gzip_(!config.disable_compression),
        timeout_(options.request_timeout),
        impersonation_(ImpersonationHeaders(config)),
        calls_(std::make_unique<http::Client>(
            http::ClientOptions{.user_agent = options.user_agent})),
        watches_(std::make_unique<http::Client>(
            http::ClientOptions{.user_agent = options.user_agent})),
        limiter_(std::make_unique<RateLimiter>(options.qps, options.burst)) {}

  absl::Status Init(const Config& config, const Clock& clock) {
    WEIR_ASSIGN_OR_RETURN(credentials_,
                          Credentials::Create(config, clock, [this] {
                            calls_->DropConnections();
                            watches_->DropConnections();
                          }));
    return absl::OkStatus();
  }

  // First those who would start a call, then the calls, which use both to
  // their end.
  ~HttpTransport() override {
    limiter_->Stop();
    if (credentials_ != nullptr) credentials_->Stop();
    watches_ = nullptr;
    calls_ = nullptr;
  }

  void Send(const Context& ctx, Request request, Done done) override;
  std::unique_ptr<WatchStream> Watch(Request request,
                                     WatchHandler handler) override;

 private:
  // A request on its way.
  struct Job {
    Context ctx;
    Request request;
    Done done;
  };
  void SendAs(const Identity& identity, const std::shared_ptr<Job>& job);
  http::Request Prepare(const Identity& identity, Request request) const;
  void OnCode(int code, absl::Time start);

  // Constant after construction.
  const std::string base_url_;
  const std::string proxy_;
  const bool accepts_gzip_;
  const absl::Duration timeout_;
  const http::Headers impersonation_;

  // Each is safe to share. Watches hold a stream each for minutes, so they
  // have connections of their own.
  std::unique_ptr<http::Client> calls_;
  std::unique_ptr<http::Client> watches_;
  std::unique_ptr<Credentials> credentials_;
  std::unique_ptr<RateLimiter> limiter_;
};

void HttpTransport::Send(const Context& ctx, Request request, Done done) {
  auto job = std::make_shared<Job>();
  job->ctx = ctx.deadline() == absl::InfiniteFuture()
                 ? ctx.WithTimeout(timeout_)
                 : ctx;
  job->request = std::move(request);
  job->done = std::move(done);
  limiter_->Acquire(job->ctx, [this, job](const absl::Status& turn) {
    if (!turn.ok()) return job->done(turn);
    credentials_->Get([this, job](const absl::StatusOr<Identity>& identity) {
      if (!identity.ok()) return job->done(identity.status());
      SendAs(*identity, job);
    });
  });
}

void HttpTransport::SendAs(const Identity& identity,
                           const std::shared_ptr<Job>& job) {
  const absl::Time start = absl::Now();
  http::Request request = Prepare(identity, std::move(job->request));
  request.accept_gzip = accepts_gzip_;
  request.max_response_bytes = kMaxAnswerBytes;
  std::string what = DescribeRequest(request);
  calls_->Send(job->ctx, std::move(request),
               [this, job, start,
                what = std::move(what)](absl::StatusOr<http::Response> answer) {
                 if (!answer.ok()) {
                   return job->done(MakeTransportError(answer.status(), what));
                 }
                 OnCode(answer->code, start);
                 absl::StatusOr<Response> response =
                     MakeResponse(*std::move(answer));
                 if (response.ok() && response->has_flow_control) {
                   // The server is fair by itself. Every answer of one that
                   // is says so, so there is no need to ask first.
                   limiter_->Disable();
                 }
                 job->done(std::move(response));
               });
}

http::Request HttpTransport::Prepare(const Identity& identity,
                                     Request request) const {
  http::Request out = MakeHttpRequest(base_url_, std::move(request));
  out.tls = identity.tls;
  out.proxy = proxy_;
  out.idle_timeout = absl::ZeroDuration();  // Contexts bound calls.
  if (!identity.authorization.empty() && !out.headers.Has("Authorization")) {
    out.headers.Set("Authorization", identity.authorization);
  }
  if (!out.headers.Has("Impersonate-User")) {
    for (const auto& [name, value] : impersonation_) {
      out.headers.Add(name, value);
    }
  }
  return out;
}

void HttpTransport::OnCode(int code, absl::Time start) {
  if (code == 401) credentials_->OnUnauthorized(start);
}

std::unique_ptr<WatchStream> HttpTransport::Watch(Request request,
                                                  WatchHandler handler) {
  const absl::Time start = absl::Now();
  auto state = std::make_shared<WatchState>(
      std::move(handler), [this, start](int code) { OnCode(code, start); });
  credentials_->Get([this, state, request = std::move(request)](
                        const absl::StatusOr<Identity>& identity) mutable {
    if (!identity.ok()) return state->Fail(identity.status());
    http::Request out = Prepare(*identity, std::move(request));
    out.accept_gzip = false;  // Servers never compress watches.
    out.max_response_bytes = 0;
    state->Begin(*watches_, std::move(out));
  });
  return std::make_unique<HttpWatchStream>(std::move(state));
}

}  // namespace

absl::StatusOr<std::shared_ptr<Transport>> MakeHttpTransport(
    const Config& config, const HttpTransportOptions& options) {
  if (config.server.empty()) {
    return absl::InvalidArgumentError("no API server is configured");
  }
  if (config.insecure_skip_tls_verify &&
      !(config.ca_pem.empty() && config.ca_file.empty())) {
    return absl::InvalidArgumentError(
        "insecure_skip_tls_verify and certificate authorities exclude each "
        "other");
  }
  auto transport = std::make_shared<HttpTransport>(config, options);
  WEIR_RETURN_IF_ERROR(transport->Init(
      config, options.clock == nullptr ? Clock::Real() : *options.clock));
  return transport;
}

}  // namespace weir::kube
