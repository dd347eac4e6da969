#include "weir/oci/reference.h"

#include <gtest/gtest.h>

#include <string>

namespace weir::oci {
namespace {

constexpr char kDigest[] =
    "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

struct Case {
  const char* name;
  std::string text;
  const char* registry;
  const char* repository;
  const char* tag;
  std::string digest;
};

class ReferenceTest : public testing::TestWithParam<Case> {};

TEST_P(ReferenceTest, IsTakenApart) {
  const auto parsed = ParseReference(GetParam().text);
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(parsed->registry, GetParam().registry);
  EXPECT_EQ(parsed->repository, GetParam().repository);
  EXPECT_EQ(parsed->tag, GetParam().tag);
  EXPECT_EQ(parsed->digest, GetParam().digest);
}

INSTANTIATE_TEST_SUITE_P(
    Table, ReferenceTest,
    testing::Values(
        Case{"Plain", "ghcr.io/org/app", "ghcr.io", "org/app", "", ""},
        Case{"Tag", "oci://localhost:5000/a/b__c-d.e:1.0_x", "localhost:5000",
             "a/b__c-d.e", "1.0_x", ""},
        Case{"Digest", std::string("h/a@") + kDigest, "h", "a", "", kDigest},
        Case{"TagAndDigest", std::string("h/a:1@") + kDigest, "h", "a", "1",
             kDigest},
        Case{"AddressOfSix", "[::1]:5000/a:t", "[::1]:5000", "a", "t", ""}),
    [](const auto& info) { return std::string(info.param.name); });

class BadReferenceTest : public testing::TestWithParam<std::string> {};

TEST_P(BadReferenceTest, IsRefused) {
  const auto parsed = ParseReference(GetParam());
  ASSERT_FALSE(parsed.ok()) << parsed->ToString();
  EXPECT_EQ(parsed.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(std::string(parsed.status().message()).find("invalid reference"),
            0u);
}

INSTANTIATE_TEST_SUITE_P(Table, BadReferenceTest,
                         testing::Values("host", "/a", "h/", "h/A", "h/a b",
                                         "h/a:b:c", "h/a:-t", "h/a___b",
                                         "h/a..b", "h/-a", "h/a@sha256:12",
                                         "user@h/a", "h:x/a", "h/../a"));

TEST(ReferenceTextTest, NamesTheHubsHost) {
  const auto parsed = ParseReference("docker.io/library/nginx:1");
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(parsed->host(), "registry-1.docker.io");
  EXPECT_EQ(parsed->ToString(), "docker.io/library/nginx:1");
}

}  // namespace
}  // namespace weir::oci
