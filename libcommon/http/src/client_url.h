// What the client needs to know about URLs: their parts, where a redirect
// leads, and whether credentials may follow it.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "weir/base/secret.h"

namespace weir::http {

struct Target {
  std::string url;     // Without credentials and fragment.
  std::string scheme;  // "http" or "https".
  std::string host;    // Lower case; IPv6 in brackets.
  std::string port;    // Always there: "443".
  bool has_default_port = true;
  bool has_credentials = false;  // Decoded ones follow.
  std::string username;
  Secret password;

  bool is_https() const { return scheme == "https"; }
  // "host", or "host:port" where the port is not the scheme's.
  std::string Authority() const;
};

// Errors: kInvalidArgument; the message never holds the URL's credentials.
absl::StatusOr<Target> ParseTarget(absl::string_view url);

// The absolute URL that `location` means in an answer from `base`.
// Errors: kUnavailable: the server's answer makes no sense.
absl::StatusOr<std::string> ResolveRedirect(const std::string& base,
                                            const std::string& location);

// The same URL with another host.
std::string WithHost(const std::string& url, const std::string& host);

// Whether Authorization, cookies and the client certificate may go along:
// only to the same host and port, never from https to http. The step from
// http to https on the default ports is the same host.
bool MayKeepCredentials(const Target& from, const Target& to);

// The method of the request that follows a redirect. Source: net/http of Go.
std::string MethodAfterRedirect(int code, const std::string& method);

}  // namespace weir::http
