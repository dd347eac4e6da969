#include "weir/crypto/digest.h"

// Sha256 needs no provider; EVP loads one, and a configuration.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/evp.h>
#include <openssl/sha.h>

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "src/blake3.h"
#include "weir/base/status.h"

namespace weir::crypto {
namespace {

struct AlgorithmInfo {
  DigestAlgorithm algorithm;
  absl::string_view name;
  size_t bytes;
  const EVP_MD* (*evp)();  // Null: not OpenSSL's.
};

constexpr AlgorithmInfo kAlgorithms[] = {
    {DigestAlgorithm::kSha1, "sha1", 20, EVP_sha1},
    {DigestAlgorithm::kSha256, "sha256", 32, EVP_sha256},
    {DigestAlgorithm::kSha384, "sha384", 48, EVP_sha384},
    {DigestAlgorithm::kSha512, "sha512", 64, EVP_sha512},
    {DigestAlgorithm::kBlake3, "blake3", 32, nullptr},
};

const AlgorithmInfo& InfoOf(DigestAlgorithm algorithm) {
  return kAlgorithms[static_cast<size_t>(algorithm)];
}

}  // namespace

absl::string_view DigestAlgorithmName(DigestAlgorithm algorithm) {
  return InfoOf(algorithm).name;
}

absl::StatusOr<DigestAlgorithm> ParseDigestAlgorithm(absl::string_view name) {
  for (const AlgorithmInfo& info : kAlgorithms) {
    if (info.name == name) return info.algorithm;
  }
  return absl::InvalidArgumentError(
      absl::StrCat("unsupported digest algorithm \"", name, "\""));
}

size_t DigestBytes(DigestAlgorithm algorithm) {
  return InfoOf(algorithm).bytes;
}

std::string Digest::ToString() const {
  return absl::StrCat(DigestAlgorithmName(algorithm), ":", hex);
}

absl::StatusOr<Digest> ParseDigest(absl::string_view text) {
  const size_t colon = text.find(':');
  if (colon == absl::string_view::npos) {
    return absl::InvalidArgumentError(
        absl::StrCat("digest \"", text, "\" has no algorithm"));
  }
  Digest digest;
  WEIR_ASSIGN_OR_RETURN(digest.algorithm,
                        ParseDigestAlgorithm(text.substr(0, colon)));
  digest.hex = std::string(text.substr(colon + 1));
  const bool is_hex =
      digest.hex.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (!is_hex || digest.hex.size() != 2 * DigestBytes(digest.algorithm)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "digest \"", text, "\" is not ", 2 * DigestBytes(digest.algorithm),
        " lower-case hex digits"));
  }
  return digest;
}

struct Hasher::Impl {
  DigestAlgorithm algorithm;
  EVP_MD_CTX* evp = nullptr;
  Blake3 blake3;

  ~Impl() { EVP_MD_CTX_free(evp); }
};

Hasher::Hasher(DigestAlgorithm algorithm) : impl_(std::make_unique<Impl>()) {
  impl_->algorithm = algorithm;
  const AlgorithmInfo& info = InfoOf(algorithm);
  if (info.evp != nullptr) {
    impl_->evp = EVP_MD_CTX_new();
    WEIR_CHECK(impl_->evp != nullptr);
    WEIR_CHECK(EVP_DigestInit_ex(impl_->evp, info.evp(), nullptr) == 1);
  }
}
Hasher::~Hasher() = default;
Hasher::Hasher(Hasher&&) noexcept = default;
Hasher& Hasher::operator=(Hasher&&) noexcept = default;

void Hasher::Update(absl::string_view bytes) {
  if (impl_->evp == nullptr) {
    impl_->blake3.Update(bytes);
  } else {
    EVP_DigestUpdate(impl_->evp, bytes.data(), bytes.size());
  }
}

Digest Hasher::Finish() {
  std::string raw;
  if (impl_->evp == nullptr) {
    raw = impl_->blake3.Finish();
  } else {
    raw.resize(EVP_MAX_MD_SIZE);
    unsigned int size = 0;
    EVP_DigestFinal_ex(impl_->evp, reinterpret_cast<unsigned char*>(raw.data()),
                       &size);
    raw.resize(size);
  }
  return Digest{impl_->algorithm, absl::BytesToHexString(raw)};
}

Digest ComputeDigest(DigestAlgorithm algorithm, absl::string_view bytes) {
  Hasher hasher(algorithm);
  hasher.Update(bytes);
  return hasher.Finish();
}

struct Sha256Sum::Impl {
  SHA256_CTX context;
};

Sha256Sum::Sha256Sum() : impl_(std::make_unique<Impl>()) {
  SHA256_Init(&impl_->context);
}

Sha256Sum::~Sha256Sum() = default;

void Sha256Sum::Update(absl::string_view bytes) {
  SHA256_Update(&impl_->context, bytes.data(), bytes.size());
}

std::string Sha256Sum::Finish() {
  std::string digest(SHA256_DIGEST_LENGTH, '\0');
  SHA256_Final(reinterpret_cast<unsigned char*>(digest.data()),
               &impl_->context);
  return digest;
}

std::string Sha256(absl::string_view bytes) {
  Sha256Sum sum;
  sum.Update(bytes);
  return sum.Finish();
}

std::string Sha256Hex(absl::string_view bytes) {
  return absl::BytesToHexString(Sha256(bytes));
}

}  // namespace weir::crypto
