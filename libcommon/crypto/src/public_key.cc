#include "src/public_key.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include <algorithm>
#include <utility>

namespace weir::crypto {
namespace {

template <auto Free>
struct Freer {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};
using KeyPtr = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Freer<EVP_PKEY_CTX_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, Freer<EVP_MD_CTX_free>>;
using Number = std::unique_ptr<BIGNUM, Freer<BN_free>>;
using Builder = std::unique_ptr<OSSL_PARAM_BLD, Freer<OSSL_PARAM_BLD_free>>;
using Parameters = std::unique_ptr<OSSL_PARAM, Freer<OSSL_PARAM_free>>;
using EcSignature = std::unique_ptr<ECDSA_SIG, Freer<ECDSA_SIG_free>>;

constexpr int kMinRsaBits = 2048;
constexpr int kMaxRsaBits = 8192;
constexpr size_t kMaxExponent = 4;  // Bytes.

enum class Type { kRsa, kEc, kEd25519 };

struct Curve {
  const char* name;
  const char* openssl_name;
  const char* algorithm;  // The only one that goes with it.
  size_t bytes;           // Of a coordinate.
};
constexpr Curve kCurves[] = {{"P-256", "prime256v1", "ES256", 32},
                             {"P-384", "secp384r1", "ES384", 48},
                             {"P-521", "secp521r1", "ES512", 66}};

struct Algorithm {
  const char* name;
  Type type;
  const EVP_MD* (*digest)();
  bool is_pss;
};
constexpr Algorithm kAlgorithms[] = {
    {"RS256", Type::kRsa, EVP_sha256, false},
    {"RS384", Type::kRsa, EVP_sha384, false},
    {"RS512", Type::kRsa, EVP_sha512, false},
    {"PS256", Type::kRsa, EVP_sha256, true},
    {"PS384", Type::kRsa, EVP_sha384, true},
    {"PS512", Type::kRsa, EVP_sha512, true},
    {"ES256", Type::kEc, EVP_sha256, false},
    {"ES384", Type::kEc, EVP_sha384, false},
    {"ES512", Type::kEc, EVP_sha512, false},
    {"EdDSA", Type::kEd25519, nullptr, false},
};

const Algorithm* FindAlgorithm(absl::string_view name) {
  const auto* found =
      std::find_if(std::begin(kAlgorithms), std::end(kAlgorithms),
                   [name](const Algorithm& one) { return one.name == name; });
  return found == std::end(kAlgorithms) ? nullptr : found;
}

const unsigned char* Bytes(absl::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

Number ReadNumber(absl::string_view bytes) {
  return Number(
      BN_bin2bn(Bytes(bytes), static_cast<int>(bytes.size()), nullptr));
}

KeyPtr Build(const char* type, OSSL_PARAM_BLD* builder) {
  const Parameters parameters(OSSL_PARAM_BLD_to_param(builder));
  const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* key = nullptr;
  if (parameters == nullptr || context == nullptr ||
      EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY,
                        parameters.get()) != 1) {
    return nullptr;
  }
  return KeyPtr(key);
}

// The two numbers side by side, as OpenSSL has a signature.
std::string ToDer(absl::string_view signature) {
  const size_t half = signature.size() / 2;
  Number r = ReadNumber(signature.substr(0, half));
  Number s = ReadNumber(signature.substr(half));
  const EcSignature pair(ECDSA_SIG_new());
  if (r == nullptr || s == nullptr || pair == nullptr ||
      ECDSA_SIG_set0(pair.get(), r.get(), s.get()) != 1) {
    return "";
  }
  (void)r.release();  // The pair's now.
  (void)s.release();
  unsigned char* out = nullptr;
  const int size = i2d_ECDSA_SIG(pair.get(), &out);
  if (size <= 0) return "";
  std::string der(reinterpret_cast<const char*>(out),
                  static_cast<size_t>(size));
  OPENSSL_free(out);
  return der;
}

}  // namespace

struct PublicKey::Impl {
  Type type;
  KeyPtr key;
  const Curve* curve = nullptr;
};

PublicKey::PublicKey(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
PublicKey::~PublicKey() = default;

std::shared_ptr<const PublicKey> PublicKey::MakeRsa(
    const std::string& modulus, const std::string& exponent) {
  if (modulus.size() > kMaxRsaBits / 8 + 1 || exponent.empty() ||
      exponent.size() > kMaxExponent) {
    return nullptr;
  }
  const Number n = ReadNumber(modulus);
  const Number e = ReadNumber(exponent);
  const Builder builder(OSSL_PARAM_BLD_new());
  if (n == nullptr || e == nullptr || builder == nullptr ||
      BN_num_bits(n.get()) < kMinRsaBits ||
      BN_num_bits(n.get()) > kMaxRsaBits || !BN_is_odd(n.get()) ||
      !BN_is_odd(e.get()) || BN_is_one(e.get()) ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) !=
          1 ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) !=
          1) {
    return nullptr;
  }
  KeyPtr key = Build("RSA", builder.get());
  if (key == nullptr) return nullptr;
  return std::shared_ptr<const PublicKey>(
      new PublicKey(std::make_unique<Impl>(Impl{Type::kRsa, std::move(key)})));
}

std::shared_ptr<const PublicKey> PublicKey::MakeEc(absl::string_view curve,
                                                   const std::string& x,
                                                   const std::string& y) {
  const auto* found =
      std::find_if(std::begin(kCurves), std::end(kCurves),
                   [curve](const Curve& one) { return one.name == curve; });
  if (found == std::end(kCurves) || x.size() != found->bytes ||
      y.size() != found->bytes) {
    return nullptr;
  }
  const std::string point = "\x04" + x + y;
  const Builder builder(OSSL_PARAM_BLD_new());
  if (builder == nullptr ||
      OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME,
                                      found->openssl_name, 0) != 1 ||
      OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY,
                                       point.data(), point.size()) != 1) {
    return nullptr;
  }
  KeyPtr key = Build("EC", builder.get());
  if (key == nullptr) return nullptr;
  return std::shared_ptr<const PublicKey>(new PublicKey(
      std::make_unique<Impl>(Impl{Type::kEc, std::move(key), found})));
}

std::shared_ptr<const PublicKey> PublicKey::MakeEd25519(
    const std::string& bytes) {
  KeyPtr key(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr,
                                         Bytes(bytes), bytes.size()));
  if (key == nullptr) return nullptr;
  return std::shared_ptr<const PublicKey>(new PublicKey(
      std::make_unique<Impl>(Impl{Type::kEd25519, std::move(key)})));
}

bool PublicKey::Knows(absl::string_view algorithm) {
  return FindAlgorithm(algorithm) != nullptr;
}

bool PublicKey::Verify(absl::string_view algorithm, const std::string& message,
                       const std::string& signature) const {
  const Algorithm* const used = FindAlgorithm(algorithm);
  if (used == nullptr || used->type != impl_->type) return false;
  std::string raw = signature;
  if (impl_->curve != nullptr) {
    if (impl_->curve->algorithm != algorithm ||
        signature.size() != 2 * impl_->curve->bytes) {
      return false;
    }
    raw = ToDer(signature);
  }
  const DigestContext context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* key_context = nullptr;  // The digest's own.
  if (context == nullptr ||
      EVP_DigestVerifyInit(context.get(), &key_context,
                           used->digest == nullptr ? nullptr : used->digest(),
                           nullptr, impl_->key.get()) != 1) {
    return false;
  }
  if (used->is_pss &&
      (EVP_PKEY_CTX_set_rsa_padding(key_context, RSA_PKCS1_PSS_PADDING) != 1 ||
       EVP_PKEY_CTX_set_rsa_pss_saltlen(key_context, RSA_PSS_SALTLEN_DIGEST) !=
           1)) {
    return false;
  }
  return EVP_DigestVerify(context.get(), Bytes(raw), raw.size(), Bytes(message),
                          message.size()) == 1;
}

}  // namespace weir::crypto
