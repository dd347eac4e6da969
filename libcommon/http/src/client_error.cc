#include "src/client_error.h"

#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/cord.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "weir/base/file.h"
#include "weir/base/secret.h"
#include "weir/http/client.h"

namespace weir::http {
namespace {

constexpr absl::string_view kNeverSent = "weir.dev/request-never-sent";

// "connection refused", as strerror says it, in lower case.
std::string SystemError(CURL* easy) {
  long error = 0;
  curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &error);
  if (error == 0) return "connection failed";
  const absl::Status status = ErrnoToStatus(static_cast<int>(error), "");
  absl::string_view text = status.message();
  text.remove_prefix(2);  // ": "
  return absl::AsciiStrToLower(text);
}

std::string DescribeConnectError(CURL* easy, const Target& target,
                                 absl::string_view proxy) {
  const std::string peer = proxy.empty()
                               ? absl::StrCat(target.host, ":", target.port)
                               : absl::StrCat("proxy ", RedactUrl(proxy));
  return absl::StrCat("dial tcp ", peer, ": connect: ", SystemError(easy));
}

// What libcurl said, where that stays the same from try to try.
std::string Describe(CURLcode code, absl::string_view detail) {
  if (detail.empty()) return curl_easy_strerror(code);
  return std::string(absl::StripAsciiWhitespace(detail));
}

absl::Status FromCode(CURL* easy, CURLcode code, absl::string_view detail,
                      const Target& target, absl::string_view proxy) {
  switch (code) {
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_URL_MALFORMAT:
      return absl::InvalidArgumentError(
          absl::StrCat("bad URL \"", RedactUrl(target.url), "\""));
    case CURLE_SSL_CERTPROBLEM:
      return absl::InvalidArgumentError(
          absl::StrCat("client certificate or key: ", Describe(code, detail)));
    case CURLE_SSL_CACERT_BADFILE:
      return absl::InvalidArgumentError(
          absl::StrCat("certificate authorities: ", Describe(code, detail)));
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_ISSUER_ERROR:
      return absl::UnauthenticatedError(absl::StrCat(
          "tls: failed to verify certificate: ", Describe(code, detail)));
    case CURLE_COULDNT_RESOLVE_HOST:
      return absl::UnavailableError(
          absl::StrCat("dial tcp: lookup ", target.host, ": no such host"));
    case CURLE_COULDNT_RESOLVE_PROXY:
      return absl::UnavailableError(absl::StrCat(
          "dial tcp: lookup of proxy ", RedactUrl(proxy), ": no such host"));
    case CURLE_COULDNT_CONNECT:
      return absl::UnavailableError(DescribeConnectError(easy, target, proxy));
    case CURLE_OPERATION_TIMEDOUT:
      return absl::UnavailableError(absl::StrCat("dial tcp ", target.host, ":",
                                                 target.port, ": i/o timeout"));
    case CURLE_GOT_NOTHING:
      return absl::UnavailableError(
          "EOF: the server closed the connection without an answer");
    case CURLE_PARTIAL_FILE:
      return absl::UnavailableError(
          "unexpected EOF: the connection broke in the middle of the answer");
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
      return absl::UnavailableError(
          "http2: the connection or the stream was broken off");
    case CURLE_BAD_CONTENT_ENCODING:
      return absl::UnavailableError("the answer's compression is broken");
    default:
      return absl::UnavailableError(Describe(code, detail));
  }
}

}  // namespace

absl::Status MakeTransferError(CURL* easy, CURLcode code,
                               absl::string_view detail, const Target& target,
                               absl::string_view proxy) {
  absl::Status status = FromCode(easy, code, detail, target, proxy);
  curl_off_t sent_after = 0;
  curl_easy_getinfo(easy, CURLINFO_PRETRANSFER_TIME_T, &sent_after);
  if (sent_after == 0) status.SetPayload(kNeverSent, absl::Cord());
  return status;
}

bool WasNeverSent(const absl::Status& status) {
  return status.GetPayload(kNeverSent).has_value();
}

}  // namespace weir::http
