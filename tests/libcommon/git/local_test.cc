// Repositories, trees and blobs, from local repositories that git made.

#include <sys/stat.h>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/git_servers.h"
#include "weir/base/file.h"
#include "weir/git/remote.h"
#include "weir/git/repository.h"

namespace weir::git {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class GitLocalTest : public testing::Test {
 protected:
  GitLocalTest()
      : dir_(*TempDir::Create("git-test")),
        repo_(dir_.path() + "/app.git"),
        store_(*Repository::OpenOrCreate(dir_.path() + "/store")) {}

  std::unique_ptr<Remote> Connect() {
    RemoteOptions options;
    options.url = "file://" + repo_.path();
    options.allow_local = true;
    auto remote = Remote::Connect(Context(), std::move(options));
    EXPECT_TRUE(remote.ok()) << remote.status();
    return *std::move(remote);
  }

  // Fetches what the reference names; returns the commit.
  Oid Fetch(const std::string& ref) {
    const std::unique_ptr<Remote> remote = Connect();
    const RemoteRef* found = remote->Find(ref);
    EXPECT_NE(found, nullptr);
    EXPECT_TRUE(remote->Fetch(Context(), {found->oid}, 1, store_.get()).ok());
    return found->target();
  }

  std::vector<std::string> Walk(const Oid& commit, WalkOptions options = {}) {
    std::vector<std::string> names;
    const absl::Status status = store_->WalkTree(
        Context(), commit, options, [&](const TreeEntry& entry) {
          const char* kind = "f";
          if (entry.type == TreeEntry::Type::kDirectory) kind = "d";
          if (entry.type == TreeEntry::Type::kSymlink) kind = "l";
          if (entry.type == TreeEntry::Type::kSubmodule) kind = "s";
          names.push_back(absl::StrCat(kind, entry.is_executable ? "x" : "",
                                       " ", entry.path));
          return absl::OkStatus();
        });
    EXPECT_TRUE(status.ok()) << status;
    return names;
  }

  TempDir dir_;
  test::GitRepo repo_;
  std::unique_ptr<Repository> store_;
};

TEST_F(GitLocalTest, ListsReferencesAndPeelsAnnotatedTags) {
  const std::string first = repo_.Commit({.files = {{"a", "1"}}});
  repo_.Tag("light", first);
  repo_.Tag("v1", first, /*is_annotated=*/true);
  const std::unique_ptr<Remote> remote = Connect();
  EXPECT_EQ(remote->head_target(), "refs/heads/main");
  ASSERT_NE(remote->Find("refs/tags/v1"), nullptr);
  EXPECT_NE(remote->Find("refs/tags/v1")->oid.ToHex(), first);
  EXPECT_EQ(remote->Find("refs/tags/v1")->target().ToHex(), first);
  EXPECT_EQ(remote->Find("refs/tags/light")->target().ToHex(), first);
  EXPECT_EQ(remote->Find("refs/heads/none"), nullptr);
}

TEST_F(GitLocalTest, AnEmptyRepositoryHasNoReferences) {
  EXPECT_TRUE(Connect()->refs().empty());
}

TEST_F(GitLocalTest, ReadsCommitsAndTags) {
  const std::string first = repo_.Commit(
      {.files = {{"a", "1"}}, .message = "subject line\n\nbody\n"});
  repo_.Tag("v1", first, true);
  const Oid oid = Fetch("refs/tags/v1");
  const auto commit = store_->ReadCommit(oid);
  ASSERT_TRUE(commit.ok()) << commit.status();
  EXPECT_EQ(commit->subject(), "subject line");
  EXPECT_EQ(commit->author.name, "Fixture");
  EXPECT_EQ(commit->committer.when, absl::FromUnixSeconds(1767225660));
  EXPECT_TRUE(commit->parents.empty());
  const auto tag = store_->ReadTag(*ParseOid(repo_.Git({"rev-parse", "v1"})));
  ASSERT_TRUE(tag.ok()) << tag.status();
  EXPECT_EQ(tag->name, "v1");
  EXPECT_EQ(tag->target.ToHex(), first);
  EXPECT_EQ(store_->PeelToCommit(tag->oid)->ToHex(), first);
  EXPECT_EQ(store_->ReadCommit(*ParseOid(std::string(40, '1'))).status().code(),
            absl::StatusCode::kNotFound);
}

TEST_F(GitLocalTest, WalksInByteOrderOfTheNames) {
  const std::string commit =
      repo_.Commit({.files = {{"sub/x", "1"},
                              {"sub.txt", "1"},
                              {"sub-a", "1"},
                              {"run", test::GitFile("#!", true)},
                              {"link", test::GitFile::Link("sub/x")}},
                    .submodules = {{"module", std::string(40, 'a')}}});
  // Git itself sorts "sub.txt" before the folder "sub".
  EXPECT_THAT(Walk(Fetch("refs/heads/main")),
              ElementsAre("l link", "s module", "fx run", "d sub", "f sub/x",
                          "f sub-a", "f sub.txt"));
}

TEST_F(GitLocalTest, WalksOnlyThePrefixes) {
  repo_.Commit({.files = {{"a/b/c", "1"},
                          {"a/b2/c", "1"},
                          {"a/x", "1"},
                          {"d/e", "1"},
                          {"f", "1"}}});
  EXPECT_THAT(Walk(Fetch("refs/heads/main"), {.prefixes = {"a/b", "f"}}),
              ElementsAre("d a", "d a/b", "f a/b/c", "f f"));
}

TEST_F(GitLocalTest, WalkStopsAtItsLimits) {
  repo_.Commit({.files = {{"a/b/c/d", "1"}, {"e", "1"}}});
  const Oid commit = Fetch("refs/heads/main");
  const auto ignore = [](const TreeEntry&) { return absl::OkStatus(); };
  EXPECT_EQ(
      store_->WalkTree(Context(), commit, {.max_depth = 1}, ignore).code(),
      absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(
      store_->WalkTree(Context(), commit, {.max_entries = 2}, ignore).code(),
      absl::StatusCode::kResourceExhausted);
  const Context done = Context().WithCancel();
  done.Cancel();
  EXPECT_EQ(store_->WalkTree(done, commit, {}, ignore).code(),
            absl::StatusCode::kCancelled);
}

TEST_F(GitLocalTest, RefusesUnsafeNames) {
  const std::string blob = repo_.Git({"hash-object", "-w", "--stdin"}, "pwned");
  for (const std::string name : {"..", ".git", ".GIT", ".", "a/b"}) {
    SCOPED_TRACE(name);
    std::string tree = absl::StrCat("100644 ", name);
    tree.push_back('\0');
    tree += absl::HexStringToBytes(blob);
    const std::string oid = repo_.Git(
        {"hash-object", "-t", "tree", "-w", "--literally", "--stdin"}, tree);
    const std::string commit = repo_.Git(
        {"hash-object", "-t", "commit", "-w", "--literally", "--stdin"},
        absl::StrCat("tree ", oid, "\nauthor A <a@b> 1 +0000\n",
                     "committer A <a@b> 1 +0000\n\nx\n"));
    repo_.Git({"update-ref", "refs/heads/evil", commit});
    const absl::Status status =
        store_->WalkTree(Context(), Fetch("refs/heads/evil"), {},
                         [](const TreeEntry&) { return absl::OkStatus(); });
    EXPECT_FALSE(status.ok());
    EXPECT_THAT(status.message(), HasSubstr("name"));
  }
}

TEST_F(GitLocalTest, FindsEntries) {
  repo_.Commit({.files = {{"a/b", "text"}}});
  const Oid commit = Fetch("refs/heads/main");
  EXPECT_EQ(store_->FindEntry(commit, "a")->type, TreeEntry::Type::kDirectory);
  EXPECT_EQ(store_->FindEntry(commit, "a/b")->type, TreeEntry::Type::kFile);
  EXPECT_EQ(store_->FindEntry(commit, "")->type, TreeEntry::Type::kDirectory);
  EXPECT_EQ(store_->FindEntry(commit, "a/none").status().code(),
            absl::StatusCode::kNotFound);
}

TEST_F(GitLocalTest, ReadsBlobs) {
  repo_.Commit({.files = {{"a", "text"}, {"empty", ""}}});
  const Oid commit = Fetch("refs/heads/main");
  const Oid a = store_->FindEntry(commit, "a")->oid;
  EXPECT_EQ(*store_->ReadSmallBlob(a, 4), "text");
  EXPECT_EQ(store_->ReadSmallBlob(a, 3).status().code(),
            absl::StatusCode::kResourceExhausted);
  const Oid empty = store_->FindEntry(commit, "empty")->oid;
  EXPECT_EQ(*store_->ReadSmallBlob(empty, 0), "");
  EXPECT_FALSE(store_->ReadSmallBlob(commit, 1000).ok());
}

TEST_F(GitLocalTest, AMissingRepositoryIsNotFound) {
  RemoteOptions options;
  options.url = dir_.path() + "/none.git";
  options.allow_local = true;
  const auto remote = Remote::Connect(Context(), std::move(options));
  EXPECT_EQ(remote.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(remote.status().message(), HasSubstr("repository not found"));
}

TEST_F(GitLocalTest, LocalPathsNeedPermission) {
  for (const std::string& url : {"file://" + repo_.path(), repo_.path()}) {
    RemoteOptions options;
    options.url = url;
    EXPECT_EQ(Remote::Connect(Context(), std::move(options)).status().code(),
              absl::StatusCode::kInvalidArgument);
  }
}

TEST_F(GitLocalTest, ADamagedStoreIsMadeAnew) {
  const std::string path = dir_.path() + "/damaged";
  ASSERT_TRUE(MakeDirectories(path).ok());
  ASSERT_TRUE(WriteFileAtomically(path + "/HEAD", "garbage").ok());
  EXPECT_TRUE(Repository::OpenOrCreate(path).ok());
  EXPECT_TRUE(Repository::OpenOrCreate(path).ok());
}

TEST_F(GitLocalTest, RemovesWhatAKilledProcessLeft) {
  const std::string left = store_->path() + "/objects/pack/pack_git2_x";
  ASSERT_TRUE(WriteFileAtomically(left, "half a pack").ok());
  ASSERT_TRUE(Repository::OpenOrCreate(store_->path()).ok());
  EXPECT_FALSE(ReadFile(left).ok());
}

TEST(OidTest, ParsesFortyHexDigits) {
  const std::string hex = "0123456789abcdef0123456789abcdef01234567";
  EXPECT_EQ(ParseOid(hex)->ToHex(), hex);
  EXPECT_FALSE(ParseOid("0123").ok());
  EXPECT_FALSE(ParseOid(std::string(40, 'g')).ok());
}

}  // namespace
}  // namespace weir::git
