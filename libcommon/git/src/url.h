// The parts of a repository's URL.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "weir/base/secret.h"

namespace weir::git {

struct Url {
  std::string scheme;    // "http", "https", "ssh" or "file".
  std::string username;  // Percent-decoded.
  Secret password;
  std::string host;  // Without the brackets of an IPv6 address.
  int port = 0;      // 0: not given.
  std::string path;  // With its leading slash, as written; query included.

  // "http://host:port/path", without user and password.
  std::string ToString() const;
  // Scheme, host and port as they are used.
  std::string Origin() const;
};

// Errors: kInvalidArgument.
absl::StatusOr<Url> ParseUrl(absl::string_view text);

}  // namespace weir::git
