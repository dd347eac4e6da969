#include "src/url.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "weir/base/status.h"
#include "weir/http/headers.h"

namespace weir::git {
namespace {

int DefaultPort(absl::string_view scheme) {
  if (scheme == "http") return 80;
  return scheme == "https" ? 443 : 22;
}

}  // namespace

std::string Url::ToString() const {
  const bool is_ipv6 = absl::StrContains(host, ':');
  return absl::StrCat(scheme, "://", is_ipv6 ? "[" : "", host,
                      is_ipv6 ? "]" : "", port == 0 ? "" : ":",
                      port == 0 ? "" : absl::StrCat(port), path);
}

std::string Url::Origin() const {
  return absl::StrCat(scheme, "://", absl::AsciiStrToLower(host), ":",
                      port == 0 ? DefaultPort(scheme) : port);
}

absl::StatusOr<Url> ParseUrl(absl::string_view text) {
  const size_t colon = text.find("://");
  if (colon == absl::string_view::npos) {
    return absl::InvalidArgumentError("URL has no scheme");
  }
  Url url;
  url.scheme = absl::AsciiStrToLower(text.substr(0, colon));
  absl::string_view rest = text.substr(colon + 3);
  const size_t slash = std::min(rest.find_first_of("/?#"), rest.size());
  absl::string_view authority = rest.substr(0, slash);
  url.path = std::string(rest.substr(slash));
  const size_t at = authority.rfind('@');
  if (at != absl::string_view::npos) {
    const absl::string_view user = authority.substr(0, at);
    const size_t separator = user.find(':');
    url.username = http::PercentDecode(user.substr(0, separator));
    if (separator != absl::string_view::npos) {
      url.password = Secret(http::PercentDecode(user.substr(separator + 1)));
    }
    authority.remove_prefix(at + 1);
  }
  absl::string_view port;
  if (absl::StartsWith(authority, "[")) {
    const size_t end = authority.find(']');
    if (end == absl::string_view::npos) {
      return absl::InvalidArgumentError("URL has a malformed host");
    }
    url.host = std::string(authority.substr(1, end - 1));
    port = authority.substr(end + 1);
  } else {
    const size_t end = std::min(authority.find(':'), authority.size());
    url.host = std::string(authority.substr(0, end));
    port = authority.substr(end);
  }
  if (!port.empty() && port != ":" &&
      (port.front() != ':' || !absl::SimpleAtoi(port.substr(1), &url.port) ||
       url.port < 1 || url.port > 65535)) {
    return absl::InvalidArgumentError("URL has an invalid port");
  }
  if (url.host.empty() && url.scheme != "file") {
    return absl::InvalidArgumentError("URL has no host");
  }
  return url;
}

}  // namespace weir::git
