#include "src/http_sender.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "weir/base/duration.h"
#include "weir/base/mutex.h"
#include "weir/base/status.h"
#include "weir/value/go_url.h"

namespace weir::notification_controller {
namespace {

constexpr char kElsewhere[] = "a redirect is not followed: ";

bool IsLoopback(const std::string& host) {
  return host == "localhost" || absl::EndsWith(host, ".localhost") ||
         absl::StartsWith(host, "127.") || host == "::1" || host == "0.0.0.0" ||
         host == "::" || absl::StartsWith(host, "::ffff:127.") ||
         absl::StartsWith(host, "::ffff:7f");
}

bool IsWorthAnotherTry(const absl::StatusOr<http::Response>& answer) {
  if (!answer.ok()) return absl::IsUnavailable(answer.status());
  return answer->code == 429 || (answer->code >= 500 && answer->code != 501);
}

// Headers that tell nobody anything.
bool IsPlainHeader(absl::string_view name) {
  for (const char* plain :
       {"Content-Type", "Accept", "User-Agent", "gotk-component"}) {
    if (absl::EqualsIgnoreCase(name, plain)) return true;
  }
  return false;
}

std::string PortOf(const GoUrl& url) {
  const std::string port = url.Port();
  if (!port.empty()) return port;
  return url.scheme == "https" ? "443" : "80";
}

// Where a secret for `from` may go as well: the same port, or from plain HTTP
// to TLS, both at their usual ports.
bool IsSameHost(const GoUrl& from, const GoUrl& to) {
  if (!absl::EqualsIgnoreCase(from.Hostname(), to.Hostname())) return false;
  if (from.scheme == to.scheme) return PortOf(from) == PortOf(to);
  return to.scheme == "https" && PortOf(from) == "80" && PortOf(to) == "443";
}

// The error in the words of the row.
absl::Status Failed(const ProviderType& type, const absl::Status& status) {
  return *type.failure == '\0' ? status : Annotate(status, type.failure);
}

// Why a redirect was not followed.
class Refusal {
 public:
  void Set(absl::Status status) {
    MutexLock lock(mu_);
    status_ = std::move(status);
  }
  absl::Status Get() {
    MutexLock lock(mu_);
    return status_;
  }

 private:
  Mutex mu_;
  absl::Status status_ ABSL_GUARDED_BY(mu_);
};

}  // namespace

HttpSender::HttpSender(http::Client& client, const SenderOptions& options,
                       const Settings& settings, bool has_proxy, bool has_tls)
    : client_(client),
      options_(options),
      settings_(settings),
      has_proxy_(has_proxy),
      has_tls_(has_tls) {}

absl::StatusOr<http::Response> HttpSender::Send(const Context& ctx,
                                                http::Request request) {
  if (has_tls_ && request.tls == nullptr) request.tls = settings_.tls;
  if (request.proxy.empty()) {
    request.proxy = has_proxy_ && !settings_.proxy.empty()
                        ? settings_.proxy
                        : http::ChooseProxy(options_.proxies, request.url);
  }
  // Outlives the call, whose thread says why it went no further.
  const auto refusal = std::make_shared<Refusal>();
  request.follow_redirect = [headers = request.headers,
                             refusal](const http::Redirect& redirect) {
    absl::Status status = CheckRedirect(redirect, headers);
    const bool follows = status.ok();
    refusal->Set(std::move(status));
    return follows;
  };
  request.allow_link_local = false;
  request.max_response_bytes =
      std::min(request.max_response_bytes, options_.max_answer_bytes);
  for (int attempt = 0;; ++attempt) {
    absl::StatusOr<http::Response> answer = client_.SendAndWait(ctx, request);
    WEIR_RETURN_IF_ERROR(refusal->Get());
    if (attempt == options_.retries || !IsWorthAnotherTry(answer)) {
      return answer;
    }
    const absl::Duration pause =
        PauseAfter(options_, attempt, answer.ok() ? &*answer : nullptr,
                   Clock::Real().Now());
    // What is known now says more than that time ran out.
    if (pause >= ctx.remaining()) return answer;
    WEIR_RETURN_IF_ERROR(ctx.SleepFor(pause));
  }
}

absl::Status CheckRedirect(const http::Redirect& redirect,
                           const http::Headers& headers) {
  const absl::StatusOr<GoUrl> from = ParseGoUrl(redirect.from);
  const absl::StatusOr<GoUrl> to = ParseGoUrl(redirect.to);
  const auto refuse = [](absl::string_view why) {
    return absl::FailedPreconditionError(absl::StrCat(kElsewhere, why));
  };
  if (!from.ok() || !to.ok()) return refuse("its address is not understood");
  if (IsLoopback(absl::AsciiStrToLower(to->Hostname())) &&
      !IsLoopback(absl::AsciiStrToLower(from->Hostname()))) {
    return refuse("it leads to this machine");
  }
  if (IsSameHost(*from, *to)) return absl::OkStatus();
  for (const auto& [name, value] : headers) {
    if (!IsPlainHeader(name)) {
      return refuse("it leads to another host, where credentials must not go");
    }
  }
  return absl::OkStatus();
}

absl::Duration PauseAfter(const SenderOptions& options, int attempt,
                          const http::Response* answer, absl::Time now) {
  if (answer != nullptr && (answer->code == 429 || answer->code == 503)) {
    const absl::string_view text = answer->headers.Get("Retry-After");
    int seconds = 0;
    if (absl::SimpleAtoi(text, &seconds) && seconds >= 0) {
      return absl::Seconds(seconds);
    }
    const absl::Time time = http::ParseHttpTime(text);
    if (time != absl::InfinitePast()) {
      return std::max(time - now, absl::ZeroDuration());
    }
  }
  return ExponentialBackoff(options.min_pause, options.max_pause, attempt);
}

absl::Status Deliver(const Context& ctx, const ProviderType& type,
                     const Exchange& exchange) {
  if (type.notify != nullptr) return type.notify(ctx, exchange);
  absl::StatusOr<std::vector<http::Request>> requests =
      type.make(exchange.event, exchange.settings);
  if (!requests.ok()) return Failed(type, requests.status());
  for (http::Request& request : *requests) {
    const absl::StatusOr<http::Response> answer =
        exchange.sender.Send(ctx, std::move(request));
    if (!answer.ok()) {
      return Failed(type,
                    Annotate(answer.status(), "failed to execute request"));
    }
    const absl::Status said =
        type.check_answer != nullptr
            ? type.check_answer(exchange.settings, *answer)
            : CheckAnswer(*answer);
    if (!said.ok()) return Failed(type, said);
  }
  return absl::OkStatus();
}

}  // namespace weir::notification_controller
