#include "weir/crypto/ed25519.h"

#include <gtest/gtest.h>

#include "absl/strings/escaping.h"

namespace weir::crypto {
namespace {

// Source: RFC 8032, 7.1, tests 1 and 2.
struct Vector {
  const char* seed;
  const char* public_key;
  const char* message;
  const char* signature;
};

constexpr Vector kVectors[] = {
    {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb882"
     "1590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"},
    {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1"
     "e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"},
};

TEST(Ed25519Test, SignsAsTheRfcDoes) {
  for (const Vector& one : kVectors) {
    const Secret seed(absl::HexStringToBytes(one.seed));
    EXPECT_EQ(absl::BytesToHexString(Ed25519PublicKey(seed).value_or("")),
              one.public_key);
    EXPECT_EQ(absl::BytesToHexString(
                  Ed25519Sign(seed, absl::HexStringToBytes(one.message))
                      .value_or("")),
              one.signature);
  }
}

TEST(Ed25519Test, RefusesOtherSizes) {
  for (const size_t size : {0, 31, 33, 64}) {
    const Secret seed(std::string(size, 'a'));
    EXPECT_EQ(Ed25519PublicKey(seed).status().code(),
              absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(Ed25519Sign(seed, "x").status().code(),
              absl::StatusCode::kInvalidArgument);
  }
}

}  // namespace
}  // namespace weir::crypto
