// PublicKey verifies signatures of JSON Web Tokens.
//
// Touches: nothing.
// Threads: immutable; safe to share.
// Source: RFC 7518, section 3; RFC 8037.
#pragma once

#include <memory>
#include <string>

#include "absl/strings/string_view.h"

namespace weir::crypto {

class PublicKey {
 public:
  // Null when the parts, big-endian numbers, make no key, or one that is too
  // weak (RSA below 2048 bits) or needlessly large (above 8192).
  static std::shared_ptr<const PublicKey> MakeRsa(const std::string& modulus,
                                                  const std::string& exponent);
  // `curve`: "P-256", "P-384" or "P-521".
  static std::shared_ptr<const PublicKey> MakeEc(absl::string_view curve,
                                                 const std::string& x,
                                                 const std::string& y);
  static std::shared_ptr<const PublicKey> MakeEd25519(const std::string& bytes);
  ~PublicKey();

  // Whether this is the name of an algorithm: "ES256".
  static bool Knows(absl::string_view algorithm);
  // False too when the algorithm is for keys of another type or curve.
  bool Verify(absl::string_view algorithm, const std::string& message,
              const std::string& signature) const;

 private:
  struct Impl;
  explicit PublicKey(std::unique_ptr<Impl> impl);
  const std::unique_ptr<Impl> impl_;
};

}  // namespace weir::crypto
