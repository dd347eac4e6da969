#include "weir/crypto/hmac.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>

#include "absl/strings/escaping.h"
#include "weir/base/status.h"

namespace weir::crypto {
namespace {

const EVP_MD* MessageDigest(DigestAlgorithm algorithm) {
  switch (algorithm) {
    case DigestAlgorithm::kSha1:
      return EVP_sha1();
    case DigestAlgorithm::kSha256:
      return EVP_sha256();
    case DigestAlgorithm::kSha384:
      return EVP_sha384();
    case DigestAlgorithm::kSha512:
      return EVP_sha512();
    case DigestAlgorithm::kBlake3:
      break;
  }
  return nullptr;
}

}  // namespace

std::string Hmac(DigestAlgorithm algorithm, const Secret& key,
                 absl::string_view message) {
  const EVP_MD* const digest = MessageDigest(algorithm);
  WEIR_CHECK(digest != nullptr);
  std::array<unsigned char, EVP_MAX_MD_SIZE> sum{};
  unsigned int size = 0;
  const std::string& bytes = key.RevealForUse();
  HMAC(digest, bytes.data(), static_cast<int>(bytes.size()),
       reinterpret_cast<const unsigned char*>(message.data()), message.size(),
       sum.data(), &size);
  return std::string(reinterpret_cast<const char*>(sum.data()), size);
}

std::string HmacHex(DigestAlgorithm algorithm, const Secret& key,
                    absl::string_view message) {
  return absl::BytesToHexString(Hmac(algorithm, key, message));
}

bool EqualInConstantTime(absl::string_view a, absl::string_view b) {
  return a.size() == b.size() &&
         CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace weir::crypto
