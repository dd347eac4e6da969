#include "weir/crypto/digest.h"

// These need no provider; EVP loads one, and a configuration, which takes
// longer than most of what is hashed.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>

#include <utility>
#include <variant>

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
};

constexpr AlgorithmInfo kAlgorithms[] = {
    {DigestAlgorithm::kSha1, "sha1", 20},
    {DigestAlgorithm::kSha256, "sha256", 32},
    {DigestAlgorithm::kSha384, "sha384", 48},
    {DigestAlgorithm::kSha512, "sha512", 64},
    {DigestAlgorithm::kBlake3, "blake3", 32},
};

const AlgorithmInfo& InfoOf(DigestAlgorithm algorithm) {
  return kAlgorithms[static_cast<size_t>(algorithm)];
}

// One of OpenSSL's hashes.
template <typename Context, int (*kInit)(Context*),
          int (*kUpdate)(Context*, const void*, size_t),
          int (*kFinal)(unsigned char*, Context*), size_t kBytes>
class Sha {
 public:
  Sha() { kInit(&context_); }
  void Update(absl::string_view bytes) {
    kUpdate(&context_, bytes.data(), bytes.size());
  }
  std::string Finish() {
    std::string digest(kBytes, '\0');
    kFinal(reinterpret_cast<unsigned char*>(digest.data()), &context_);
    return digest;
  }

 private:
  Context context_;
};
using Sha1 = Sha<SHA_CTX, SHA1_Init, SHA1_Update, SHA1_Final, 20>;
using Sha2of256 = Sha<SHA256_CTX, SHA256_Init, SHA256_Update, SHA256_Final, 32>;
using Sha2of384 = Sha<SHA512_CTX, SHA384_Init, SHA384_Update, SHA384_Final, 48>;
using Sha2of512 = Sha<SHA512_CTX, SHA512_Init, SHA512_Update, SHA512_Final, 64>;
using AnyHash = std::variant<Sha1, Sha2of256, Sha2of384, Sha2of512, Blake3>;

AnyHash HashOf(DigestAlgorithm algorithm) {
  switch (algorithm) {
    case DigestAlgorithm::kSha1:
      return Sha1();
    case DigestAlgorithm::kSha256:
      return Sha2of256();
    case DigestAlgorithm::kSha384:
      return Sha2of384();
    case DigestAlgorithm::kSha512:
      return Sha2of512();
    case DigestAlgorithm::kBlake3:
      break;
  }
  return Blake3();
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
  AnyHash hash;
};

Hasher::Hasher(DigestAlgorithm algorithm)
    : impl_(std::make_unique<Impl>(Impl{algorithm, HashOf(algorithm)})) {}
Hasher::~Hasher() = default;
Hasher::Hasher(Hasher&&) noexcept = default;
Hasher& Hasher::operator=(Hasher&&) noexcept = default;

void Hasher::Update(absl::string_view bytes) {
  std::visit([bytes](auto& hash) { hash.Update(bytes); }, impl_->hash);
}

Digest Hasher::Finish() {
  const std::string raw =
      std::visit([](auto& hash) { return hash.Finish(); }, impl_->hash);
  return Digest{impl_->algorithm, absl::BytesToHexString(raw)};
}

Digest ComputeDigest(DigestAlgorithm algorithm, absl::string_view bytes) {
  Hasher hasher(algorithm);
  hasher.Update(bytes);
  return hasher.Finish();
}

struct Sha256Sum::Impl {
  Sha2of256 hash;
};

Sha256Sum::Sha256Sum() : impl_(std::make_unique<Impl>()) {}

Sha256Sum::~Sha256Sum() = default;

void Sha256Sum::Update(absl::string_view bytes) { impl_->hash.Update(bytes); }

std::string Sha256Sum::Finish() { return impl_->hash.Finish(); }

std::string Sha256(absl::string_view bytes) {
  Sha256Sum sum;
  sum.Update(bytes);
  return sum.Finish();
}

std::string Sha256Hex(absl::string_view bytes) {
  return absl::BytesToHexString(Sha256(bytes));
}

}  // namespace weir::crypto
