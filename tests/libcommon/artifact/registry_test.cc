#include "weir/artifact/registry.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/libcommon/artifact/fixture.h"

namespace weir::artifact {
namespace {

using testing::ElementsAre;
using Type = ArtifactChange::Type;

TEST(RegistryTest, TheSameAgainIsNoChange) {
  StorageFixture fixture;
  const Context ctx;
  const Artifact artifact = fixture.Publish(kApp, "1");
  const uint64_t version = fixture.registry->List(ctx, {})->version;
  fixture.registry->Publish(kApp, artifact);
  fixture.registry->Withdraw(kLib);
  EXPECT_EQ(fixture.registry->List(ctx, {})->version, version);
  // Another host in the URL is one.
  Artifact moved = artifact;
  moved.url = "http://elsewhere/" + moved.path;
  fixture.registry->Publish(kApp, moved);
  EXPECT_GT(fixture.registry->List(ctx, {})->version, version);
}

TEST(RegistryTest, VersionsOfAnEarlierProcessAreOld) {
  StorageFixture fixture;
  fixture.Publish(kApp, "1");
  const uint64_t before = fixture.registry->List(Context(), {})->version;
  fixture.clock.Advance(absl::Milliseconds(5));
  Registry reborn(*fixture.storage);
  EXPECT_GT(reborn.List(Context(), {})->version, before);
}

// A watch that is slower than the changes is told the state instead, and does
// not miss what is gone.
TEST(RegistryTest, SlowWatchesAreToldTheState) {
  StorageFixture fixture;
  Registry registry(*fixture.storage, 2);
  const Artifact artifact = fixture.Store(kApp, "1", "bytes");
  registry.Publish(kApp, artifact);
  registry.Publish(kLib, artifact);
  const Context ctx = Context().WithTimeout(absl::Seconds(10));
  std::vector<std::string> seen;
  const absl::Status status =
      registry.Watch(ctx, {}, 0, [&](const ArtifactChange& change) {
        seen.push_back((change.type == Type::kPut       ? "put "
                        : change.type == Type::kRemoved ? "removed "
                                                        : "synced") +
                       change.entry.source.name +
                       change.entry.artifact.revision);
        if (change.type == Type::kSynced) {
          registry.Withdraw(kApp);
          for (const char* revision : {"2", "3", "4"}) {
            Artifact newer = artifact;
            newer.revision = revision;
            registry.Publish(kLib, newer);
          }
        }
        if (change.type == Type::kRemoved) ctx.Cancel();
      });
  EXPECT_TRUE(absl::IsCancelled(status));
  EXPECT_THAT(seen, ElementsAre("put app1", "put lib1", "synced", "put lib4",
                                "removed app"));
}

TEST(RegistryTest, ReadsAnOlderFileThatIsStillStored) {
  StorageFixture fixture;
  const Artifact old = fixture.Publish(kApp, "1", "old");
  fixture.Publish(kApp, "2", "new");
  std::string bytes;
  const auto digest = fixture.registry->Read(
      Context(), {old.digest, old.path}, 0, [&](absl::string_view part) {
        bytes.append(part.data(), part.size());
        return absl::OkStatus();
      });
  ASSERT_TRUE(digest.ok()) << digest.status();
  EXPECT_EQ(*digest, old.digest);
  EXPECT_EQ(bytes, "old");
}

TEST(RegistryTest, ReadStaysInsideTheRoot) {
  StorageFixture fixture;
  fixture.Publish(kApp, "1");
  for (const char* path : {"../../etc/passwd", "/etc/passwd", "..", "."}) {
    const auto digest = fixture.registry->Read(
        Context(), {"", path}, 0,
        [](absl::string_view) { return absl::OkStatus(); });
    EXPECT_FALSE(digest.ok()) << path;
  }
}

TEST(ArtifactFilterTest, EmptyFieldsMatchAll) {
  EXPECT_TRUE(ArtifactFilter{}.Matches(kApp));
  EXPECT_TRUE(
      (ArtifactFilter{"GitRepository", "flux-system", "app"}.Matches(kApp)));
  EXPECT_FALSE((ArtifactFilter{"", "", "lib"}.Matches(kApp)));
  EXPECT_FALSE((ArtifactFilter{"Bucket", "", ""}.Matches(kApp)));
  EXPECT_FALSE((ArtifactFilter{"", "team", ""}.Matches(kApp)));
}

TEST(SourceFolderTest, IsLowerCaseInTheKindOnly) {
  EXPECT_EQ(SourceFolder({"GitRepository", "NS", "Name"}),
            "gitrepository/NS/Name");
}

}  // namespace
}  // namespace weir::artifact
