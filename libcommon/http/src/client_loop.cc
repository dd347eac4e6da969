#include "src/client_loop.h"

#include <pthread.h>
#include <signal.h>

#include <algorithm>

#include "weir/base/status.h"

namespace weir::http {
namespace {

// kube-apiserver allows 100 to 250; libcurl heeds the server's number.
constexpr long kMaxStreams = 250;
constexpr absl::Duration kMaxPoll = absl::Minutes(10);
// libcurl 7.88 may wait for a socket while what it has read from it is not
// worked off: an answer of some hundred kilobytes over HTTP/2 then stood still
// until something else came. So it is asked again for a while after each
// activity.
constexpr absl::Duration kAlertTime = absl::Milliseconds(500);
constexpr absl::Duration kAlertPause = absl::Milliseconds(10);

CURLM* NewMulti() {
  static const bool is_ready = curl_global_init(CURL_GLOBAL_DEFAULT) == 0;
  CURLM* multi = is_ready ? curl_multi_init() : nullptr;
  WEIR_CHECK(multi != nullptr);
  return multi;
}

}  // namespace

Loop::Loop(const ClientOptions& options) : multi_(NewMulti()) {
  curl_multi_setopt(multi_, CURLMOPT_PIPELINING,
                    static_cast<long>(CURLPIPE_MULTIPLEX));
  curl_multi_setopt(multi_, CURLMOPT_MAX_CONCURRENT_STREAMS, kMaxStreams);
  curl_multi_setopt(multi_, CURLMOPT_MAX_HOST_CONNECTIONS,
                    static_cast<long>(options.max_connections_per_host));
}

Loop::~Loop() {
  Stop();
  curl_multi_cleanup(multi_);
}

void Loop::Start() {
  threads_.Start("http-client", [self = shared_from_this()](const Context&) {
    const absl::Status status = self->Run();
    self->has_ended_ = true;
    return status;
  });
}

void Loop::Stop() {
  {
    MutexLock lock(mu_);
    is_stopping_ = true;
  }
  Wake();
  threads_.Join().IgnoreError();
}

void Loop::Retire() {
  {
    MutexLock lock(mu_);
    is_retired_ = true;
  }
  Wake();
}

void Loop::Wake() { curl_multi_wakeup(multi_); }

bool Loop::Post(Verb verb, std::shared_ptr<Transfer> transfer) {
  bool must_wake;
  {
    MutexLock lock(mu_);
    if (is_stopping_) return false;
    must_wake = commands_.empty();
    commands_.push_back({verb, std::move(transfer)});
  }
  if (must_wake) Wake();
  return true;
}

bool Loop::Add(std::shared_ptr<Transfer> transfer) {
  return Post(Verb::kAdd, std::move(transfer));
}

void Loop::Resume(std::shared_ptr<Transfer> transfer) {
  Post(Verb::kResume, std::move(transfer));
}

void Loop::Abort(std::shared_ptr<Transfer> transfer) {
  Post(Verb::kAbort, std::move(transfer));
}

// --- The thread
// ---------------------------------------------------------------

absl::Status Loop::Run() {
  // A peer that is gone is an error code here, not a signal.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  while (RunCommands()) {
    int running = 0;
    curl_multi_perform(multi_, &running);
    ReadMessages();
    FireTimers();
    const int timeout = PollTimeout();
    int ready = 0;
    if (timeout != 0) curl_multi_poll(multi_, nullptr, 0, timeout, &ready);
    if (ready > 0) alert_until_ = absl::Now() + kAlertTime;
  }
  while (!transfers_.empty()) {
    End(transfers_.begin()->first,
        absl::CancelledError("the client has stopped"));
  }
  // Those that came with the stop.
  std::vector<Command> rest;
  {
    MutexLock lock(mu_);
    is_stopping_ = true;
    rest.swap(commands_);
  }
  for (Command& command : rest) {
    if (command.verb != Verb::kAdd) continue;
    command.transfer->Finish(absl::CancelledError("the client has stopped"));
  }
  return absl::OkStatus();
}

// False: the thread's work is done.
bool Loop::RunCommands() {
  std::vector<Command> commands;
  {
    MutexLock lock(mu_);
    if (is_stopping_) return false;
    commands.swap(commands_);
    if (commands.empty() && is_retired_ && transfers_.empty()) {
      is_stopping_ = true;  // Takes nothing from now on.
      return false;
    }
  }
  if (!commands.empty()) alert_until_ = absl::Now() + kAlertTime;
  for (const Command& command : commands) {
    Transfer* const transfer = command.transfer.get();
    if (command.verb == Verb::kAdd) {
      Begin(command.transfer);
    } else if (transfers_.contains(transfer)) {
      if (command.verb == Verb::kAbort) {
        End(transfer, absl::CancelledError("cancelled"));
      } else if (transfer->Resume() == Transfer::Outcome::kEnded) {
        End(transfer, transfer->status());
      } else {
        SetTimer(transfer);
      }
    }
  }
  return true;
}

void Loop::Begin(const std::shared_ptr<Transfer>& transfer) {
  if (transfer->is_cancelled()) {
    return transfer->Finish(absl::CancelledError("cancelled"));
  }
  const absl::Status ready = transfer->Prepare();
  if (!ready.ok()) return transfer->Finish(ready);
  transfers_.emplace(transfer.get(), transfer);
  curl_multi_add_handle(multi_, transfer->easy());
  transfer->registered_check = absl::InfiniteFuture();
  timers_.emplace(transfer->registered_check, transfer.get());
  SetTimer(transfer.get());
}

void Loop::End(Transfer* transfer, const absl::Status& status) {
  const auto found = transfers_.find(transfer);
  const std::shared_ptr<Transfer> owner = found->second;
  transfers_.erase(found);
  timers_.erase({transfer->registered_check, transfer});
  if (transfer->easy() != nullptr) {
    curl_multi_remove_handle(multi_, transfer->easy());
  }
  transfer->Finish(status);
}

void Loop::SetTimer(Transfer* transfer) {
  timers_.erase({transfer->registered_check, transfer});
  transfer->registered_check = transfer->NextCheck();
  timers_.emplace(transfer->registered_check, transfer);
}

void Loop::ReadMessages() {
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    CURL* const easy = message->easy_handle;
    const CURLcode code = message->data.result;  // Gone with the removal.
    char* owner = nullptr;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &owner);
    auto* const transfer = reinterpret_cast<Transfer*>(owner);
    curl_multi_remove_handle(multi_, easy);
    switch (transfer->OnLibcurlDone(code)) {
      case Transfer::Outcome::kAgain:
        curl_multi_add_handle(multi_, easy);
        SetTimer(transfer);
        break;
      case Transfer::Outcome::kEnded:
        End(transfer, transfer->status());
        break;
      case Transfer::Outcome::kOnHold:
        break;
    }
  }
}

// Timers are moved lazily: bytes that come only note the time.
void Loop::FireTimers() {
  const absl::Time now = absl::Now();
  while (!timers_.empty() && timers_.begin()->first <= now) {
    Transfer* const transfer = timers_.begin()->second;
    const absl::Status status = transfer->Check(now);
    if (status.ok()) {
      SetTimer(transfer);
    } else {
      End(transfer, status);
    }
  }
}

// In milliseconds. 0: there is work already.
int Loop::PollTimeout() {
  {
    MutexLock lock(mu_);
    if (is_stopping_ || !commands_.empty()) return 0;
    if (is_retired_ && transfers_.empty()) return 0;
  }
  const absl::Time now = absl::Now();
  absl::Duration wait = kMaxPoll;
  if (!transfers_.empty() && now < alert_until_) wait = kAlertPause;
  if (!timers_.empty()) wait = std::min(wait, timers_.begin()->first - now);
  wait = std::max(wait, absl::ZeroDuration());
  return static_cast<int>(absl::ToInt64Milliseconds(wait)) + 1;
}

}  // namespace weir::http
