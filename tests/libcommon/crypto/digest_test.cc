#include "weir/crypto/digest.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace weir::crypto {
namespace {

struct HashCase {
  const char* name;
  DigestAlgorithm algorithm;
  size_t bytes;  // Input of this many bytes 0, 1, ..., 250, 0, 1, ...
  const char* want;
};

std::string CountingBytes(size_t size) {
  std::string out(size, '\0');
  for (size_t i = 0; i < size; ++i) out[i] = static_cast<char>(i % 251);
  return out;
}

class HasherTest : public testing::TestWithParam<HashCase> {};

TEST_P(HasherTest, GivesTheKnownDigestHoweverTheInputIsCut) {
  const std::string input = CountingBytes(GetParam().bytes);
  for (const size_t step : {1u, 63u, 64u, 65u, 1000u, 1u << 20}) {
    Hasher hasher(GetParam().algorithm);
    for (size_t at = 0; at < input.size(); at += step) {
      hasher.Update(absl::string_view(input).substr(at, step));
    }
    EXPECT_EQ(hasher.Finish().ToString(), GetParam().want) << step;
  }
}

// BLAKE3: the specification's test vectors.
INSTANTIATE_TEST_SUITE_P(
    Table, HasherTest,
    testing::Values(
        HashCase{"Sha1Empty", DigestAlgorithm::kSha1, 0,
                 "sha1:da39a3ee5e6b4b0d3255bfef95601890afd80709"},
        HashCase{"Sha256Empty", DigestAlgorithm::kSha256, 0,
                 "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca4959"
                 "91b7852b855"},
        HashCase{"Sha384Empty", DigestAlgorithm::kSha384, 0,
                 "sha384:38b060a751ac96384cd9327eb1b1e36a21fdb71114be07434c0cc"
                 "7bf63f6e1da274edebfe76f65fbd51ad2f14898b95b"},
        HashCase{"Sha512Empty", DigestAlgorithm::kSha512, 0,
                 "sha512:cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a"
                 "921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a"
                 "538327af927da3e"},
        HashCase{"Blake3Empty", DigestAlgorithm::kBlake3, 0,
                 "blake3:af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a9"
                 "3cae41f3262"},
        HashCase{
            "Blake3OneByte", DigestAlgorithm::kBlake3, 1,
            "blake3:2d3adedff11b61f14c886e35afa036736dcd87a74d27b5c1510225d0"
            "f592e213"},
        HashCase{
            "Blake3OneChunk", DigestAlgorithm::kBlake3, 1024,
            "blake3:42214739f095a406f3fc83deb889744ac00df831c10daa55189b5d12"
            "1c855af7"},
        HashCase{
            "Blake3OneChunkAndAByte", DigestAlgorithm::kBlake3, 1025,
            "blake3:d00278ae47eb27b34faecf67b4fe263f82d5412916c1ffd97c8cb7f"
            "b814b8444"},
        HashCase{
            "Blake3ManyChunks", DigestAlgorithm::kBlake3, 31744,
            "blake3:62b6960e1a44bcc1eb1a611a8d6235b6b4b78f32e7abc4fb4c6cdcc"
            "e94895c47"}),
    [](const auto& p) { return std::string(p.param.name); });

struct ParseCase {
  const char* name;
  const char* text;
  bool ok;
};
class ParseDigestTest : public testing::TestWithParam<ParseCase> {};

TEST_P(ParseDigestTest, TakesOnlyTheCanonicalForm) {
  const absl::StatusOr<Digest> digest = ParseDigest(GetParam().text);
  ASSERT_EQ(digest.ok(), GetParam().ok) << digest.status();
  if (digest.ok()) {
    EXPECT_EQ(digest->ToString(), GetParam().text);
  } else {
    EXPECT_EQ(digest.status().code(), absl::StatusCode::kInvalidArgument);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Table, ParseDigestTest,
    testing::Values(
        ParseCase{"Sha1", "sha1:da39a3ee5e6b4b0d3255bfef95601890afd80709",
                  true},
        ParseCase{"UpperCase", "sha1:DA39a3ee5e6b4b0d3255bfef95601890afd80709",
                  false},
        ParseCase{"TooShort", "sha1:da39", false},
        ParseCase{"NoAlgorithm", "da39a3ee5e6b4b0d3255bfef95601890afd80709",
                  false},
        ParseCase{"UnknownAlgorithm", "md5:d41d8cd98f00b204e9800998ecf8427e",
                  false},
        ParseCase{"Empty", "", false}),
    [](const auto& p) { return std::string(p.param.name); });

}  // namespace
}  // namespace weir::crypto
