#include "tests/support/jwt_signer.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "weir/base/status.h"
#include "weir/value/json.h"

namespace weir {
namespace {

std::string Encode(const std::string& bytes) {
  return absl::WebSafeBase64Escape(bytes);
}

std::string ToBytes(const BIGNUM* number, size_t size = 0) {
  if (size == 0) size = static_cast<size_t>(BN_num_bytes(number));
  std::string bytes(size, '\0');
  BN_bn2binpad(number, reinterpret_cast<unsigned char*>(bytes.data()),
               static_cast<int>(size));
  return bytes;
}

std::string Number(const EVP_PKEY* key, const char* name, size_t size = 0) {
  BIGNUM* number = nullptr;
  WEIR_CHECK(EVP_PKEY_get_bn_param(key, name, &number) == 1);
  std::string bytes = ToBytes(number, size);
  BN_free(number);
  return bytes;
}

const EVP_MD* DigestOf(const std::string& algorithm) {
  if (algorithm == "EdDSA") return nullptr;
  if (absl::EndsWith(algorithm, "384")) return EVP_sha384();
  return absl::EndsWith(algorithm, "512") ? EVP_sha512() : EVP_sha256();
}

}  // namespace

struct JwtSigner::Impl {
  Impl(EVP_PKEY* k, std::string c, size_t n)
      : key(k), curve(std::move(c)), coordinate(n) {}
  ~Impl() { EVP_PKEY_free(key); }
  EVP_PKEY* const key;
  const std::string curve;
  const size_t coordinate;  // Bytes; 0 for keys without a curve.
};

const JwtSigner& JwtSigner::Rsa() {
  static const JwtSigner* const kKey =
      new JwtSigner(std::make_shared<const Impl>(EVP_RSA_gen(2048), "", 0));
  return *kKey;
}

JwtSigner JwtSigner::WeakRsa() {
  return JwtSigner(std::make_shared<const Impl>(EVP_RSA_gen(1024), "", 0));
}

JwtSigner JwtSigner::Ec(const std::string& curve) {
  const size_t size = curve == "P-256" ? 32 : curve == "P-384" ? 48 : 66;
  return JwtSigner(
      std::make_shared<const Impl>(EVP_EC_gen(curve.c_str()), curve, size));
}

JwtSigner JwtSigner::Ed25519() {
  return JwtSigner(std::make_shared<const Impl>(
      EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"), "Ed25519", 0));
}

Value JwtSigner::Jwk(const std::string& key_id) const {
  Value jwk = Value::MakeObject();
  if (!key_id.empty()) jwk.Set("kid", key_id);
  if (impl_->curve.empty()) {
    jwk.Set("kty", "RSA");
    jwk.Set("n", Encode(Number(impl_->key, OSSL_PKEY_PARAM_RSA_N)));
    jwk.Set("e", Encode(Number(impl_->key, OSSL_PKEY_PARAM_RSA_E)));
    return jwk;
  }
  jwk.Set("crv", impl_->curve);
  if (impl_->coordinate == 0) {
    std::string bytes(32, '\0');
    size_t size = bytes.size();
    WEIR_CHECK(EVP_PKEY_get_raw_public_key(
                   impl_->key, reinterpret_cast<unsigned char*>(bytes.data()),
                   &size) == 1);
    jwk.Set("kty", "OKP");
    jwk.Set("x", Encode(bytes));
    return jwk;
  }
  jwk.Set("kty", "EC");
  jwk.Set("x", Encode(Number(impl_->key, OSSL_PKEY_PARAM_EC_PUB_X,
                             impl_->coordinate)));
  jwk.Set("y", Encode(Number(impl_->key, OSSL_PKEY_PARAM_EC_PUB_Y,
                             impl_->coordinate)));
  return jwk;
}

std::string JwtSigner::PublicPem() const {
  BIO* const bio = BIO_new(BIO_s_mem());
  PEM_write_bio_PUBKEY(bio, impl_->key);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  std::string pem(data, static_cast<size_t>(size));
  BIO_free(bio);
  return pem;
}

std::string JwtSigner::SignText(const std::string& algorithm,
                                const std::string& text) const {
  EVP_MD_CTX* const context = EVP_MD_CTX_new();
  EVP_PKEY_CTX* key_context = nullptr;
  WEIR_CHECK(EVP_DigestSignInit(context, &key_context, DigestOf(algorithm),
                                nullptr, impl_->key) == 1);
  if (absl::StartsWith(algorithm, "PS")) {
    EVP_PKEY_CTX_set_rsa_padding(key_context, RSA_PKCS1_PSS_PADDING);
    EVP_PKEY_CTX_set_rsa_pss_saltlen(key_context, RSA_PSS_SALTLEN_DIGEST);
  }
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  size_t size = 0;
  WEIR_CHECK(EVP_DigestSign(context, nullptr, &size, bytes, text.size()) == 1);
  std::string signature(size, '\0');
  auto* out = reinterpret_cast<unsigned char*>(signature.data());
  WEIR_CHECK(EVP_DigestSign(context, out, &size, bytes, text.size()) == 1);
  EVP_MD_CTX_free(context);
  signature.resize(size);
  if (impl_->coordinate == 0) return signature;
  const auto* der = reinterpret_cast<const unsigned char*>(signature.data());
  ECDSA_SIG* const pair =
      d2i_ECDSA_SIG(nullptr, &der, static_cast<long>(signature.size()));
  std::string raw =
      absl::StrCat(ToBytes(ECDSA_SIG_get0_r(pair), impl_->coordinate),
                   ToBytes(ECDSA_SIG_get0_s(pair), impl_->coordinate));
  ECDSA_SIG_free(pair);
  return raw;
}

std::string JwtSigner::Sign(const std::string& algorithm,
                            const std::string& key_id,
                            const Value& claims) const {
  Value header = Value::MakeObject({{"alg", algorithm}, {"typ", "JWT"}});
  if (!key_id.empty()) header.Set("kid", key_id);
  const std::string token = UnsignedJwt(header, claims);
  return token + Encode(SignText(algorithm, token.substr(0, token.size() - 1)));
}

std::string MakeJwks(const Value::Array& keys) {
  return FormatJson(Value::MakeObject({{"keys", Value(keys)}}));
}

std::string UnsignedJwt(const Value& header, const Value& claims) {
  return absl::StrCat(Encode(FormatJson(header)), ".",
                      Encode(FormatJson(claims)), ".");
}

}  // namespace weir
