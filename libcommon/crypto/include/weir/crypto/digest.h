// Digests: checksums of streams, written "<algorithm>:<hex>".
//
// Touches: nothing.
// Threads: values and pure functions; a Hasher belongs to one thread.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace weir::crypto {

enum class DigestAlgorithm { kSha1, kSha256, kSha384, kSha512, kBlake3 };

// "sha256"; the lower-case name that digests begin with.
absl::string_view DigestAlgorithmName(DigestAlgorithm algorithm);
// Errors: kInvalidArgument `unsupported digest algorithm "x"`.
absl::StatusOr<DigestAlgorithm> ParseDigestAlgorithm(absl::string_view name);
// Bytes of a digest: 20, 32, 48 or 64.
size_t DigestBytes(DigestAlgorithm algorithm);

struct Digest {
  DigestAlgorithm algorithm = DigestAlgorithm::kSha256;
  std::string hex;  // Lower case, two digits a byte.

  std::string ToString() const;  // "sha256:9c2e..."
  friend bool operator==(const Digest&, const Digest&) = default;
};

// Parses "<algorithm>:<hex>".
//
// Errors: kInvalidArgument when the algorithm is unknown, or the rest is not
// lower-case hex of the algorithm's length.
absl::StatusOr<Digest> ParseDigest(absl::string_view text);

// Computes a digest of bytes that arrive in pieces.
class Hasher {
 public:
  explicit Hasher(DigestAlgorithm algorithm);
  ~Hasher();
  Hasher(Hasher&&) noexcept;
  Hasher& operator=(Hasher&&) noexcept;

  void Update(absl::string_view bytes);
  // The digest of all bytes so far; call it once, last.
  Digest Finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

Digest ComputeDigest(DigestAlgorithm algorithm, absl::string_view bytes);

// SHA-256 of bytes that arrive in pieces; OpenSSL's start-up, which takes
// longer than a small build, is not needed for it.
class Sha256Sum {
 public:
  Sha256Sum();
  ~Sha256Sum();
  void Update(absl::string_view bytes);
  // 32 bytes; call it once, last.
  std::string Finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Of a whole text.
std::string Sha256(absl::string_view bytes);
// The same in lower-case hex.
std::string Sha256Hex(absl::string_view bytes);

}  // namespace weir::crypto
