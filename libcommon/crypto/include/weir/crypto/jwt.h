// JSON Web Tokens that somebody else signs, and the keys to verify them with.
//
// Only signatures by a private key are known: RS256/384/512, PS256/384/512,
// ES256/384/512 and EdDSA (Ed25519). "none" and those by a shared secret are
// not, so that no public key can be mistaken for one.
//
// Touches: nothing.
// Threads: immutable; safe to share.
// Source: RFC 7515, 7517, 7518, 7519, 8037.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "weir/value/value.h"

namespace weir::crypto {

// A token as it came: nothing of it is to be believed before it is verified.
struct Jwt {
  std::string algorithm;  // "RS256"
  std::string key_id;     // Empty when it names none.
  Value claims;           // An object; all numbers are doubles.
  std::string signed_text;
  std::string signature;  // Raw bytes.
};

// Reads the compact form, "<header>.<claims>.<signature>", of at most 64 KiB.
// Errors: kInvalidArgument, without a word of the token, when it is malformed
// or asks for extensions ("crit").
absl::StatusOr<Jwt> ParseJwt(absl::string_view text);

class KeySet {
 public:
  // Reads a JSON Web Key Set of at most 1 MiB and 100 keys. Keys that are not
  // for signatures, or that we cannot use, are left out.
  // Errors: kInvalidArgument when it is no key set.
  static absl::StatusOr<KeySet> Parse(absl::string_view json);

  // Whether a key that fits the token's key id, all when it has none, has
  // made its signature by one of these algorithms.
  // Errors: kUnauthenticated; kNotFound when no key fits.
  absl::Status Verify(const Jwt& token,
                      absl::Span<const std::string> algorithms) const;

  size_t size() const { return keys_.size(); }

 private:
  struct Key;
  std::vector<std::shared_ptr<const Key>> keys_;
};

// Whether a token may have this algorithm at all.
bool IsSignatureAlgorithm(absl::string_view name);

// Who must have issued a token, for whom, and what time it is.
struct ClaimRules {
  std::string issuer;
  std::string audience;
  absl::Time now;
};

// Checks iss, aud, exp (which must be there) and nbf, which may be 5 minutes
// ahead of our clock.
// Errors: kUnauthenticated that says which. Source: go-oidc.
absl::Status CheckClaims(const Value& claims, const ClaimRules& rules);

}  // namespace weir::crypto
