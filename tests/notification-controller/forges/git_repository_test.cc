#include "src/providers/git_repository.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/notification-controller/fake_sender.h"

namespace weir::notification_controller {
namespace {

using testing::HasSubstr;
using testing::Not;

struct AddressCase {
  const char* name;
  std::string address;
  std::string host;  // Empty: refused.
  std::string id;
};

class ParseGitAddressTest : public testing::TestWithParam<AddressCase> {};

TEST_P(ParseGitAddressTest, FindsHostAndRepository) {
  const absl::StatusOr<GitAddress> address =
      ParseGitAddress(GetParam().address);
  ASSERT_EQ(address.ok(), !GetParam().host.empty()) << address.status();
  if (!address.ok()) return;
  EXPECT_EQ(address->host, GetParam().host);
  EXPECT_EQ(address->id, GetParam().id);
}

INSTANTIATE_TEST_SUITE_P(
    Table, ParseGitAddressTest,
    testing::Values(
        AddressCase{"Https", "https://git.example/org/repo",
                    "https://git.example", "org/repo"},
        AddressCase{"DotGit", "https://git.example/org/repo.git",
                    "https://git.example", "org/repo"},
        AddressCase{"HttpWithPort", "http://git.example:3000/org/repo",
                    "http://git.example:3000", "org/repo"},
        AddressCase{"LosesLogin", "https://user:pass@git.example/org/repo",
                    "https://git.example", "org/repo"},
        AddressCase{"LosesQuery", "https://git.example/org/repo.git?ref=main",
                    "https://git.example", "org/repo"},
        AddressCase{"SshBecomesHttps", "ssh://git@git.example/org/repo.git",
                    "https://git.example", "org/repo"},
        AddressCase{"SshKeepsItsPort", "ssh://git@git.example:2222/org/repo",
                    "https://git.example:2222", "org/repo"},
        AddressCase{"Scp", "git@git.example:org/repo.git",
                    "https://git.example", "org/repo"},
        AddressCase{"ScpWithoutUser", "git.example:org/repo",
                    "https://git.example", "org/repo"},
        AddressCase{"ScpWithSlash", "git@git.example:/org/repo",
                    "https://git.example", "org/repo"},
        AddressCase{"ScpWithQuery", "git@git.example:org/repo?ref=main",
                    "https://git.example", "org/repo"},
        AddressCase{"Subgroups", "https://git.example/a/b/c.git",
                    "https://git.example", "a/b/c"},
        AddressCase{"RefusesFiles", "file:///org/repo", "", ""},
        AddressCase{"RefusesPaths", "/org/repo", "", ""},
        AddressCase{"RefusesOtherSchemes", "ftp://git.example/org/repo", "",
                    ""},
        AddressCase{"RefusesNoHost", "https:///org/repo", "", ""},
        AddressCase{"RefusesNothing", "", "", ""},
        AddressCase{"RefusesSpaces", "git.example:org/my repo", "", ""},
        AddressCase{"RefusesLongOnes",
                    "https://git.example/" + std::string(2048, 'a'), "", ""}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(ParseGitAddressTest, ErrorsDoNotShowTheAddress) {
  const absl::StatusOr<GitAddress> address =
      ParseGitAddress("https://user:t0ken@git.example:port/org/repo");
  ASSERT_FALSE(address.ok());
  EXPECT_THAT(std::string(address.status().message()), Not(HasSubstr("t0ken")));
}

TEST(SplitRepositoryIdTest, WantsTheNumberOfParts) {
  EXPECT_TRUE(SplitRepositoryId("org/repo", 2).ok());
  EXPECT_TRUE(SplitRepositoryId("a/b/c", 0).ok());
  EXPECT_EQ(SplitRepositoryId("repo", 2).status().message(),
            "invalid repository id \"repo\"");
  EXPECT_FALSE(SplitRepositoryId("a/b/c", 2).ok());
  EXPECT_FALSE(SplitRepositoryId("", 0).ok());
}

TEST(SplitRepositoryIdTest, StopsTraversal) {
  for (const char* id : {"org/..", "../repo", "./repo", "/repo", "org/",
                         "a/../c", "org/re\npo"}) {
    EXPECT_FALSE(SplitRepositoryId(id, 0).ok()) << id;
  }
}

TEST(EscapeSegmentTest, StopsTraversalByEscapes) {
  EXPECT_EQ(EscapeSegment("..%2f..?x#y/z"), "..%252f..%3Fx%23y%2Fz");
}

struct HashCase {
  const char* name;
  std::string revision;
  std::string hash;  // Empty: refused.
};

class CommitHashTest : public testing::TestWithParam<HashCase> {};

TEST_P(CommitHashTest, IsAtTheEnd) {
  Event event = SampleEvent();
  event.metadata = {{"revision", GetParam().revision}};
  const absl::StatusOr<std::string> hash = CommitHash(event);
  ASSERT_EQ(hash.ok(), !GetParam().hash.empty()) << hash.status();
  if (hash.ok()) {
    EXPECT_EQ(*hash, GetParam().hash);
  } else {
    EXPECT_EQ(hash.status().message(), "failed to extract commit hash from '" +
                                           GetParam().revision + "' revision");
  }
}

const std::string& Sha1() {
  static const std::string hash(40, 'a');
  return hash;
}
const std::string& Sha256() {
  static const std::string hash(64, 'b');
  return hash;
}

INSTANTIATE_TEST_SUITE_P(
    Table, CommitHashTest,
    testing::Values(
        HashCase{"BranchAndDigest", "main@sha1:" + Sha1(), Sha1()},
        HashCase{"NestedBranch", "feature/x@sha1:" + Sha1(), Sha1()},
        HashCase{"Sha256", "main@sha256:" + Sha256(), Sha256()},
        HashCase{"DigestAlone", "sha1:" + Sha1(), Sha1()},
        HashCase{"LegacyBranch", "main/" + Sha1(), Sha1()},
        HashCase{"LegacyNestedBranch", "feature/x/" + Sha1(), Sha1()},
        HashCase{"HashAlone", Sha1(), Sha1()},
        HashCase{"RefusesBranch", "main", ""},
        HashCase{"RefusesShortHash", "main@sha1:abc", ""},
        HashCase{"StopsTraversal",
                 "main@sha1:../../../../../../../../../../../aaaaaaa", ""},
        HashCase{"StopsOtherCharacters",
                 "sha1:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa?x", ""},
        HashCase{"RefusesNothing", "", ""}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(CommitHashTest, CommitOutranksOriginOutranksRevision) {
  Event event = SampleEvent();
  event.metadata = {{"commit", std::string(40, '1')},
                    {"originRevision", std::string(40, '2')},
                    {"revision", std::string(40, '3')}};
  EXPECT_EQ(CommitHash(event).value_or(""), std::string(40, '1'));
  event.metadata.erase("commit");
  EXPECT_EQ(CommitHash(event).value_or(""), std::string(40, '2'));
  event.metadata.erase("originRevision");
  EXPECT_EQ(CommitHash(event).value_or(""), std::string(40, '3'));
  event.metadata.erase("revision");
  EXPECT_EQ(CommitHash(event).status().message(), "missing revision metadata");
}

}  // namespace
}  // namespace weir::notification_controller
