// JwtSigner makes keys, their JSON Web Keys, and tokens that they sign.
//
// Touches: nothing.
// Threads: immutable; safe to share.
#pragma once

#include <memory>
#include <string>

#include "weir/value/value.h"

namespace weir {

class JwtSigner {
 public:
  // One of 2048 bits, the same in the whole process, as making it takes long.
  static const JwtSigner& Rsa();
  static JwtSigner WeakRsa();                     // Of 1024 bits.
  static JwtSigner Ec(const std::string& curve);  // "P-256"
  static JwtSigner Ed25519();

  // {"kty": ..., "kid": <key_id>, ...}; without an id when it is empty.
  Value Jwk(const std::string& key_id) const;
  std::string PublicPem() const;

  // The compact form, signed as `algorithm` says.
  std::string Sign(const std::string& algorithm, const std::string& key_id,
                   const Value& claims) const;
  // The signature of a text, in the form that tokens have it.
  std::string SignText(const std::string& algorithm,
                       const std::string& text) const;

 private:
  struct Impl;
  explicit JwtSigner(std::shared_ptr<const Impl> impl)
      : impl_(std::move(impl)) {}
  std::shared_ptr<const Impl> impl_;
};

// {"keys": [...]}
std::string MakeJwks(const Value::Array& keys);
// "<header>.<claims>." of these objects, without a signature.
std::string UnsignedJwt(const Value& header, const Value& claims);

}  // namespace weir
