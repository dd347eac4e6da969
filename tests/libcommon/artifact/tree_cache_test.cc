#include "weir/artifact/tree_cache.h"

#include <unistd.h>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "tests/libcommon/artifact/fixture.h"
#include "weir/base/mutex.h"
#include "weir/base/status.h"
#include "weir/base/thread_group.h"

namespace weir::artifact {
namespace {

// Counts reads, and can hold them up.
class SlowService : public Registry {
 public:
  using Registry::Registry;

  absl::StatusOr<std::string> Read(
      const Context& ctx, const ArtifactFile& file, int64_t offset,
      const std::function<absl::Status(absl::string_view)>& sink) override {
    ++reads;
    while (is_held) WEIR_RETURN_IF_ERROR(ctx.SleepFor(absl::Milliseconds(1)));
    return Registry::Read(ctx, file, offset, sink);
  }

  std::atomic<int> reads{0};
  std::atomic<bool> is_held{false};
};

class TreeCacheTest : public testing::Test {
 protected:
  TreeCacheTest() : service_(std::make_shared<SlowService>(*fixture_.storage)) {
    FetcherOptions options;
    options.service = service_;
    fetcher_ = std::make_shared<const Fetcher>(options);
    cache_ = std::make_unique<TreeCache>(fetcher_, TreeCacheOptions());
  }

  Artifact Publish(const SourceKey& source, const std::string& revision,
                   const std::map<std::string, std::string>& files) {
    fixture_.clock.Advance(absl::Seconds(1));
    const Artifact artifact =
        fixture_.Store(source, revision, MakeTarGz(files));
    service_->Publish(source, artifact);
    return artifact;
  }
  static bool Exists(const std::string& path) {
    return access(path.c_str(), F_OK) == 0;
  }

  const Context ctx_ = Context().WithTimeout(absl::Seconds(20));
  StorageFixture fixture_;
  std::shared_ptr<SlowService> service_;
  std::shared_ptr<const Fetcher> fetcher_;
  std::unique_ptr<TreeCache> cache_;
};

TEST_F(TreeCacheTest, Extracts) {
  const Artifact artifact =
      Publish(kApp, "1", {{"a.yaml", "one"}, {"dir/b.yaml", "two"}});
  const auto tree = cache_->Get(ctx_, artifact);
  ASSERT_TRUE(tree.ok()) << tree.status();
  EXPECT_EQ((*tree)->digest(), artifact.digest);
  EXPECT_EQ(*ReadFile((*tree)->path() + "/a.yaml"), "one");
  EXPECT_EQ(*ReadFile((*tree)->path() + "/dir/b.yaml"), "two");
}

TEST_F(TreeCacheTest, FetchesOnce) {
  const Artifact artifact = Publish(kApp, "1", {{"a", "x"}});
  std::shared_ptr<const Tree> first = *cache_->Get(ctx_, artifact);
  const std::string path = first->path();
  first = nullptr;
  // The newest tree is kept, also while nobody uses it.
  EXPECT_EQ((*cache_->Get(ctx_, artifact))->path(), path);
  EXPECT_EQ(service_->reads, 1);
}

TEST_F(TreeCacheTest, CallersShareOneFetch) {
  const Artifact artifact = Publish(kApp, "1", {{"a", "x"}});
  service_->is_held = true;
  Mutex mu;
  std::vector<std::string> paths;
  ThreadGroup threads;
  for (int i = 0; i < 4; ++i) {
    threads.Start("get", [&](const Context&) {
      const auto tree = cache_->Get(ctx_, artifact);
      MutexLock lock(mu);
      paths.push_back(tree.ok() ? (*tree)->path() : "");
      return tree.status();
    });
  }
  while (service_->reads == 0) {
    ASSERT_TRUE(ctx_.SleepFor(absl::Milliseconds(1)).ok());
  }
  service_->is_held = false;
  ASSERT_TRUE(threads.Join().ok());
  EXPECT_EQ(service_->reads, 1);
  EXPECT_EQ(paths, std::vector<std::string>(4, paths[0]));
}

TEST_F(TreeCacheTest, OneCallersEndIsNotTheOthers) {
  const Artifact artifact = Publish(kApp, "1", {{"a", "x"}});
  service_->is_held = true;
  const Context impatient = ctx_.WithCancel();
  ThreadGroup threads;
  threads.Start("first", [&](const Context&) {
    EXPECT_TRUE(absl::IsCancelled(cache_->Get(impatient, artifact).status()));
    return absl::OkStatus();
  });
  while (service_->reads == 0) {
    ASSERT_TRUE(ctx_.SleepFor(absl::Milliseconds(1)).ok());
  }
  threads.Start("second", [&](const Context&) {
    return cache_->Get(ctx_, artifact).status();
  });
  impatient.Cancel();
  service_->is_held = false;
  const absl::Status status = threads.Join();
  EXPECT_TRUE(status.ok()) << status;
}

TEST_F(TreeCacheTest, OldTreesGoWithTheirLastUser) {
  const Artifact old_artifact = Publish(kApp, "1", {{"a", "old"}});
  const Artifact new_artifact = Publish(kApp, "2", {{"a", "new"}});
  std::shared_ptr<const Tree> old_tree = *cache_->Get(ctx_, old_artifact);
  const std::shared_ptr<const Tree> new_tree = *cache_->Get(ctx_, new_artifact);
  const std::string old_path = old_tree->path();
  EXPECT_NE(old_path, new_tree->path());
  EXPECT_EQ(*ReadFile(old_path + "/a"), "old");
  old_tree = nullptr;
  EXPECT_FALSE(Exists(old_path));

  // A straggler's older tree does not push out the newest.
  ASSERT_TRUE(cache_->Get(ctx_, old_artifact).ok());
  EXPECT_EQ((*cache_->Get(ctx_, new_artifact))->path(), new_tree->path());
}

TEST_F(TreeCacheTest, ForgetsSources) {
  const Artifact artifact = Publish(kApp, "1", {{"a", "x"}});
  std::shared_ptr<const Tree> tree = *cache_->Get(ctx_, artifact);
  const std::string path = tree->path();
  cache_->Forget(artifact.path);
  EXPECT_TRUE(Exists(path));
  tree = nullptr;
  EXPECT_FALSE(Exists(path));
}

TEST_F(TreeCacheTest, TreesOutliveTheCache) {
  const Artifact artifact = Publish(kApp, "1", {{"a", "x"}});
  std::shared_ptr<const Tree> tree = *cache_->Get(ctx_, artifact);
  const std::string path = tree->path();
  cache_ = nullptr;
  EXPECT_EQ(*ReadFile(path + "/a"), "x");
  tree = nullptr;
  EXPECT_FALSE(Exists(path));
}

TEST_F(TreeCacheTest, EmptiesItsFolder) {
  const std::string dir = fixture_.root() + "/trees";
  ASSERT_TRUE(MakeDirectories(dir + "/1").ok());
  ASSERT_TRUE(WriteFileAtomically(dir + "/1/left", "x").ok());
  cache_ = std::make_unique<TreeCache>(fetcher_, TreeCacheOptions{.dir = dir});
  const Artifact artifact = Publish(kApp, "1", {{"a", "x"}});
  const auto tree = cache_->Get(ctx_, artifact);
  ASSERT_TRUE(tree.ok()) << tree.status();
  EXPECT_FALSE(Exists(dir + "/1/left"));
}

TEST_F(TreeCacheTest, RefusesWhatIsNoArchive) {
  const Artifact artifact = fixture_.Store(kApp, "1", "not a tarball");
  service_->Publish(kApp, artifact);
  const auto tree = cache_->Get(ctx_, artifact);
  EXPECT_TRUE(absl::IsFailedPrecondition(tree.status())) << tree.status();
}

TEST_F(TreeCacheTest, RefusesWhatIsTooLarge) {
  cache_ = std::make_unique<TreeCache>(fetcher_,
                                       TreeCacheOptions{.max_bytes = 1000});
  const Artifact artifact = Publish(kApp, "1", {{"a", std::string(2000, 'x')}});
  EXPECT_FALSE(cache_->Get(ctx_, artifact).ok());
  // Nothing of it is kept.
  EXPECT_FALSE(cache_->Get(ctx_, artifact).ok());
  EXPECT_EQ(service_->reads, 2);
}

TEST_F(TreeCacheTest, PassesErrorsOn) {
  Artifact artifact = Publish(kApp, "1", {{"a", "x"}});
  ASSERT_TRUE(fixture_.storage->Remove(artifact).ok());
  EXPECT_TRUE(absl::IsNotFound(cache_->Get(ctx_, artifact).status()));
}

}  // namespace
}  // namespace weir::artifact
