// KnownHosts answers whether an SSH server's key is the one we expect, from
// the text of an OpenSSH known_hosts file.
//
// Touches: nothing.
// Threads: immutable once parsed; safe to share.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace weir::git {

class KnownHosts {
 public:
  // Comments and blank lines are skipped.
  // Errors: kInvalidArgument with the line's number.
  static absl::StatusOr<KnownHosts> Parse(absl::string_view text);

  // Checks the key, in SSH wire format, of `host`:`port`. "@revoked" lines
  // win. "@cert-authority" lines never match: our SSH library does not
  // negotiate host certificates.
  // Errors: kUnauthenticated: "key is unknown", "key mismatch" or "key is
  // revoked".
  absl::Status Check(absl::string_view host, int port,
                     absl::string_view key_blob) const;

  // The key types on record for the host ("ssh-ed25519", "ssh-rsa"), each
  // once, in the file's order.
  std::vector<std::string> KeyTypes(absl::string_view host, int port) const;

  bool empty() const { return lines_.empty(); }

 private:
  struct Line {
    enum class Marker { kNone, kAuthority, kRevoked } marker = Marker::kNone;
    std::vector<std::string> patterns;  // Or one hashed name, "|1|...".
    std::string key_type;
    std::string key_blob;
  };
  static bool Matches(const Line& line, absl::string_view host, int port);

  std::vector<Line> lines_;
};

// The key's type, the first string of its wire format; "" when malformed.
absl::string_view KeyTypeOf(absl::string_view key_blob);

}  // namespace weir::git
