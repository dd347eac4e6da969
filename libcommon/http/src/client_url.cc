#include "src/client_url.h"

#include <curl/curl.h>

#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace weir::http {
namespace {

struct FreeUrl {
  void operator()(CURLU* url) const noexcept { curl_url_cleanup(url); }
};
using UrlPtr = std::unique_ptr<CURLU, FreeUrl>;

// "" when the part is absent.
std::string PartOf(CURLU* url, CURLUPart part, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, flags) != CURLUE_OK) return "";
  std::string out(text);
  curl_free(text);
  return out;
}

// A URL that may be broken, fit for a message.
std::string Redacted(absl::string_view text) {
  if (absl::StrContains(text, "://")) return RedactUrl(text);
  const size_t at = text.rfind('@');
  if (at == absl::string_view::npos) return std::string(text);
  return absl::StrCat("*****", text.substr(at));
}

bool HasControlOrSpace(absl::string_view text) {
  for (char c : text) {
    if (static_cast<unsigned char>(c) <= ' ' || c == 0x7f) return true;
  }
  return false;
}

}  // namespace

std::string Target::Authority() const {
  return has_default_port ? host : absl::StrCat(host, ":", port);
}

absl::StatusOr<Target> ParseTarget(absl::string_view url) {
  const std::string text(url);
  const UrlPtr parsed(curl_url());
  const CURLUcode code = HasControlOrSpace(text)
                             ? CURLUE_MALFORMED_INPUT
                             : curl_url_set(parsed.get(), CURLUPART_URL,
                                            text.c_str(), CURLU_PATH_AS_IS);
  if (code != CURLUE_OK) {
    return absl::InvalidArgumentError(
        absl::StrCat("bad URL \"", Redacted(text), "\""));
  }
  Target target;
  target.scheme = PartOf(parsed.get(), CURLUPART_SCHEME);
  if (target.scheme != "http" && target.scheme != "https") {
    return absl::InvalidArgumentError(absl::StrCat(
        "bad URL \"", Redacted(text), "\": unsupported protocol scheme \"",
        target.scheme, "\""));
  }
  target.host = absl::AsciiStrToLower(PartOf(parsed.get(), CURLUPART_HOST));
  target.port = PartOf(parsed.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT);
  target.has_default_port =
      target.port == (target.scheme == "https" ? "443" : "80");
  target.username = PartOf(parsed.get(), CURLUPART_USER, CURLU_URLDECODE);
  target.password =
      Secret(PartOf(parsed.get(), CURLUPART_PASSWORD, CURLU_URLDECODE));
  target.has_credentials = !target.username.empty() || !target.password.empty();
  curl_url_set(parsed.get(), CURLUPART_USER, nullptr, 0);
  curl_url_set(parsed.get(), CURLUPART_PASSWORD, nullptr, 0);
  curl_url_set(parsed.get(), CURLUPART_FRAGMENT, nullptr, 0);
  target.url = PartOf(parsed.get(), CURLUPART_URL);
  return target;
}

absl::StatusOr<std::string> ResolveRedirect(const std::string& base,
                                            const std::string& location) {
  const UrlPtr parsed(curl_url());
  CURLUcode code = curl_url_set(parsed.get(), CURLUPART_URL, base.c_str(), 0);
  if (code == CURLUE_OK) {
    code = curl_url_set(parsed.get(), CURLUPART_URL, location.c_str(),
                        CURLU_URLENCODE);
  }
  const std::string scheme = PartOf(parsed.get(), CURLUPART_SCHEME);
  if (code != CURLUE_OK || (scheme != "http" && scheme != "https")) {
    return absl::UnavailableError(absl::StrCat(
        "the server redirects to a bad URL \"", Redacted(location), "\""));
  }
  return PartOf(parsed.get(), CURLUPART_URL);
}

std::string WithHost(const std::string& url, const std::string& host) {
  const UrlPtr parsed(curl_url());
  curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), CURLU_PATH_AS_IS);
  curl_url_set(parsed.get(), CURLUPART_HOST, host.c_str(), 0);
  return PartOf(parsed.get(), CURLUPART_URL);
}

bool MayKeepCredentials(const Target& from, const Target& to) {
  if (from.host != to.host) return false;
  if (from.is_https() && !to.is_https()) return false;
  if (from.port == to.port) return true;
  return from.has_default_port && to.has_default_port;
}

std::string MethodAfterRedirect(int code, const std::string& method) {
  const bool keeps = code == 307 || code == 308;
  return keeps || method == "GET" || method == "HEAD" ? method : "GET";
}

}  // namespace weir::http
