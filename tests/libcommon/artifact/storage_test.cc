#include "weir/artifact/storage.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/libcommon/artifact/fixture.h"
#include "weir/base/thread_group.h"

namespace weir::artifact {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::IsEmpty;
using testing::SizeIs;

class StorageTest : public testing::Test {
 protected:
  std::string PathOf(const Artifact& artifact) const {
    return absl::StrCat(fixture_.root(), "/", artifact.path);
  }
  // Makes a file look as old as this.
  void Age(const std::string& path, absl::Duration age) {
    const timespec then = absl::ToTimespec(fixture_.clock.Now() - age);
    const timespec times[] = {then, then};
    ASSERT_EQ(utimensat(AT_FDCWD, path.c_str(), times, 0), 0) << path;
  }
  static bool Exists(const std::string& path) {
    return access(path.c_str(), F_OK) == 0;
  }
  // A storage with other options, in the same folder.
  std::unique_ptr<Storage> Reopen(StorageOptions options) {
    options.root = fixture_.root();
    options.clock = &fixture_.clock;
    return *Storage::Open(options);
  }

  const Context ctx_ = Context().WithTimeout(absl::Seconds(20));
  StorageFixture fixture_;
};

TEST_F(StorageTest, NeedsAFolder) {
  EXPECT_TRUE(absl::IsInvalidArgument(
      Storage::Open({.root = fixture_.root() + "/no"}).status()));
}

TEST_F(StorageTest, WritesFiles) {
  const Artifact artifact = fixture_.Store(kApp, "abc", "hello");
  EXPECT_EQ(artifact.path, "gitrepository/flux-system/app/abc.tar.gz");
  EXPECT_EQ(artifact.url,
            "http://source.example/gitrepository/flux-system/app/abc.tar.gz");
  EXPECT_EQ(artifact.digest,
            "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362"
            "938b9824");
  EXPECT_EQ(artifact.size, 5);
  EXPECT_EQ(artifact.last_update_time, fixture_.clock.Now());
  EXPECT_EQ(*ReadFile(PathOf(artifact)), "hello");
  struct stat info;
  ASSERT_EQ(stat(PathOf(artifact).c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  ASSERT_EQ(stat((fixture_.root() + "/gitrepository").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700u);
  EXPECT_TRUE(Exists(PathOf(artifact) + ".lock"));
  EXPECT_TRUE(fixture_.storage->Verify(ctx_, artifact).ok());
}

TEST_F(StorageTest, UrlsKeepTheScheme) {
  EXPECT_EQ(fixture_.storage->UrlOf("a/b"), "http://source.example/a/b");
  EXPECT_EQ(Reopen({.advertised_host = "https://x:1"})->UrlOf("a/b"),
            "https://x:1/a/b");
}

TEST_F(StorageTest, WritesOtherDigests) {
  const auto storage =
      Reopen({.digest_algorithm = crypto::DigestAlgorithm::kSha512});
  const Artifact artifact = fixture_.Store(kApp, "1", "x", storage.get());
  EXPECT_EQ(artifact.digest.substr(0, 7), "sha512:");
  // What it is verified by is the artifact's own algorithm.
  EXPECT_TRUE(fixture_.storage->Verify(ctx_, artifact).ok());
}

TEST_F(StorageTest, FailedWritesLeaveTheOldFile) {
  const Artifact artifact = fixture_.Store(kApp, "1", "old");
  Artifact again = artifact;
  const absl::Status status = fixture_.storage->Write(
      ctx_,
      [](const archive::Sink& sink) -> absl::Status {
        EXPECT_TRUE(sink("half of it").ok());
        return absl::UnavailableError("connection reset");
      },
      &again);
  EXPECT_EQ(status, absl::UnavailableError("connection reset"));
  EXPECT_EQ(*ReadFile(PathOf(artifact)), "old");
  EXPECT_EQ(again, artifact);
  EXPECT_TRUE(fixture_.storage->CollectGarbage(ctx_, artifact)->empty())
      << "a temporary file is left";
}

TEST_F(StorageTest, CancelledWritesEnd) {
  Artifact artifact = fixture_.storage->MakeArtifact(kApp, "1", "f");
  const Context ctx = Context().WithCancel();
  const absl::Status status = fixture_.storage->Write(
      ctx,
      [&](const archive::Sink& sink) {
        ctx.Cancel();
        return sink("x");
      },
      &artifact);
  EXPECT_TRUE(absl::IsCancelled(status));
  EXPECT_FALSE(Exists(PathOf(artifact)));
}

TEST_F(StorageTest, OneWriterAtATime) {
  const Artifact artifact = fixture_.Store(kApp, "1", "first");
  const absl::Status status = fixture_.storage->Write(
      ctx_,
      [&](const archive::Sink& sink) {
        // The second writer finds the lock taken, and gives up in time.
        Artifact other = artifact;
        const absl::Status locked = fixture_.storage->Write(
            Context().WithTimeout(absl::Milliseconds(30)),
            [](const archive::Sink& s) { return s("second"); }, &other);
        EXPECT_TRUE(absl::IsDeadlineExceeded(locked)) << locked;
        return sink("third");
      },
      const_cast<Artifact*>(&artifact));
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(*ReadFile(PathOf(artifact)), "third");
}

TEST_F(StorageTest, PathsStayInsideTheRoot) {
  const auto path = fixture_.storage->LocalPath("../../etc/passwd");
  if (path.ok()) {
    EXPECT_EQ(path->substr(0, fixture_.root().size() + 1),
              fixture_.root() + "/");
  }
  ASSERT_EQ(symlink("/etc", (fixture_.root() + "/out").c_str()), 0);
  const auto linked = fixture_.storage->LocalPath("out/passwd");
  if (linked.ok()) {
    EXPECT_NE(*linked, "/etc/passwd");
    EXPECT_FALSE(Exists(*linked));
  }
}

TEST_F(StorageTest, VerifyTellsWhatIsWrong) {
  const Artifact artifact = fixture_.Store(kApp, "1", "good");
  Artifact other = artifact;
  other.path += "x";
  EXPECT_TRUE(absl::IsNotFound(fixture_.storage->Verify(ctx_, other)));
  other.path = "";
  EXPECT_TRUE(absl::IsNotFound(fixture_.storage->Verify(ctx_, other)));
  other = artifact;
  other.digest = "";
  EXPECT_TRUE(absl::IsDataLoss(fixture_.storage->Verify(ctx_, other)));
  other.digest = "sha256:xyz";
  EXPECT_TRUE(absl::IsDataLoss(fixture_.storage->Verify(ctx_, other)));
  ASSERT_TRUE(WriteFileAtomically(PathOf(artifact), "evil").ok());
  EXPECT_TRUE(absl::IsDataLoss(fixture_.storage->Verify(ctx_, artifact)));
}

TEST_F(StorageTest, Removes) {
  const Artifact artifact = fixture_.Store(kApp, "1", "x");
  EXPECT_TRUE(fixture_.storage->Remove(artifact).ok());
  EXPECT_FALSE(Exists(PathOf(artifact)));
  EXPECT_FALSE(Exists(PathOf(artifact) + ".lock"));
  EXPECT_TRUE(fixture_.storage->Remove(artifact).ok());

  fixture_.Store(kApp, "2", "x");
  fixture_.Store(kLib, "3", "x");
  EXPECT_EQ(fixture_.storage->RemoveAll(kApp).value(), true);
  EXPECT_EQ(fixture_.storage->RemoveAll(kApp).value(), false);
  EXPECT_FALSE(Exists(fixture_.root() + "/gitrepository/flux-system/app"));
  EXPECT_TRUE(Exists(fixture_.root() + "/gitrepository/flux-system/lib"));
}

TEST_F(StorageTest, CollectsWhatIsOld) {
  const Artifact old = fixture_.Store(kApp, "1", "x");
  const Artifact current = fixture_.Store(kApp, "2", "x");
  Age(PathOf(old), absl::Seconds(61));
  Age(PathOf(current), absl::Hours(9));  // Current files do not age.
  const auto removed = fixture_.storage->CollectGarbage(ctx_, current);
  ASSERT_TRUE(removed.ok()) << removed.status();
  EXPECT_THAT(*removed, ElementsAre(EndsWith("/app/1.tar.gz")));
  EXPECT_FALSE(Exists(PathOf(old)));
  EXPECT_FALSE(Exists(PathOf(old) + ".lock"));
  EXPECT_TRUE(Exists(PathOf(current)));
}

TEST_F(StorageTest, CollectsWhatIsTooMuch) {
  std::vector<Artifact> all;
  for (int i = 0; i < 5; ++i) {
    all.push_back(fixture_.Store(kApp, absl::StrCat(i), "x"));
    Age(PathOf(all.back()), absl::Seconds(20 - i));
  }
  // The current one need not be the newest; it counts among the two.
  auto removed = fixture_.storage->CollectGarbage(ctx_, all[2]);
  ASSERT_TRUE(removed.ok()) << removed.status();
  EXPECT_THAT(*removed,
              ElementsAre(EndsWith("/0.tar.gz"), EndsWith("/1.tar.gz"),
                          EndsWith("/3.tar.gz")));
  removed = Reopen({.retention_records = 1})->CollectGarbage(ctx_, all[2]);
  EXPECT_THAT(*removed, SizeIs(1));
  EXPECT_TRUE(Exists(PathOf(all[2])));
}

// Two files of one moment are two files.
TEST_F(StorageTest, CollectsFilesOfTheSameTime) {
  std::vector<Artifact> all;
  for (int i = 0; i < 4; ++i) {
    all.push_back(fixture_.Store(kApp, absl::StrCat(i), "x"));
    Age(PathOf(all.back()), absl::Seconds(5));
  }
  EXPECT_THAT(*fixture_.storage->CollectGarbage(ctx_, all[3]), SizeIs(2));
}

TEST_F(StorageTest, LeavesLinksAndWritesUnderWayAlone) {
  const Artifact current = fixture_.Store(kApp, "1", "x");
  const std::string dir = fixture_.root() + "/gitrepository/flux-system/app/";
  ASSERT_EQ(symlink(PathOf(current).c_str(), (dir + "latest").c_str()), 0);
  for (const char* name : {"2.tar.gz.aa.tmp", "3.tar.gz.bb.tmp"}) {
    ASSERT_TRUE(WriteFileAtomically(dir + name, "half").ok());
  }
  Age(dir + "2.tar.gz.aa.tmp", absl::Minutes(10));
  Age(dir + "3.tar.gz.bb.tmp", absl::Hours(2));  // Its writer is dead.
  const auto removed = fixture_.storage->CollectGarbage(ctx_, current);
  ASSERT_TRUE(removed.ok()) << removed.status();
  EXPECT_THAT(*removed, ElementsAre(EndsWith("3.tar.gz.bb.tmp")));
  EXPECT_TRUE(Exists(dir + "latest"));
}

TEST_F(StorageTest, CollectsNothingOfAnUnknownFolder) {
  const Artifact artifact = fixture_.storage->MakeArtifact(kLib, "1", "f");
  EXPECT_THAT(*fixture_.storage->CollectGarbage(ctx_, artifact), IsEmpty());
}

}  // namespace
}  // namespace weir::artifact
