#include "src/http_sender.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "weir/base/duration.h"
#include "weir/base/status.h"

namespace weir::notification_controller {
namespace {

// "example.com" of "https://user@example.com:8443/path"; IPv6 in brackets.
std::string HostOf(absl::string_view url) {
  const size_t scheme = url.find("://");
  if (scheme != absl::string_view::npos) url = url.substr(scheme + 3);
  url = url.substr(0, url.find_first_of("/?#"));
  const size_t at = url.rfind('@');
  if (at != absl::string_view::npos) url = url.substr(at + 1);
  const size_t end = absl::StartsWith(url, "[") ? url.find(']') : url.find(':');
  return absl::AsciiStrToLower(url.substr(0, end));
}

bool IsLoopback(const std::string& host) {
  return host == "localhost" || absl::EndsWith(host, ".localhost") ||
         absl::StartsWith(host, "127.") || host == "[::1" ||
         host == "0.0.0.0" || host == "[::" ||
         absl::StartsWith(host, "[::ffff:127.");
}

bool IsWorthAnotherTry(const absl::StatusOr<http::Response>& answer) {
  if (!answer.ok()) return absl::IsUnavailable(answer.status());
  return answer->code == 429 || (answer->code >= 500 && answer->code != 501);
}

// The error in the words of the row.
absl::Status Failed(const ProviderType& type, const absl::Status& status) {
  return *type.failure == '\0' ? status : Annotate(status, type.failure);
}

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
  request.follow_redirect = IsSafeRedirect;
  request.allow_link_local = false;
  request.max_response_bytes = options_.max_answer_bytes;
  for (int attempt = 0;; ++attempt) {
    absl::StatusOr<http::Response> answer = client_.SendAndWait(ctx, request);
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

bool IsSafeRedirect(const http::Redirect& redirect) {
  return !IsLoopback(HostOf(redirect.to)) || IsLoopback(HostOf(redirect.from));
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
