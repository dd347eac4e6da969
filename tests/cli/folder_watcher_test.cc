#include "folder_watcher.h"

#include <fstream>

#include "absl/time/clock.h"
#include "weir/base/file.h"
#include "weir/base/mutex.h"

namespace weir::cli {
namespace {

// Counts changes and waits for them.
class Counter {
 public:
  void Add() {
    MutexLock lock(mu_);
    ++count_;
    changed_.NotifyAll();
  }
  int count() {
    MutexLock lock(mu_);
    return count_;
  }
  bool Await(int count) {
    const absl::Time deadline = absl::Now() + absl::Seconds(5);
    MutexLock lock(mu_);
    while (count_ < count) {
      if (!changed_.WaitUntil(mu_, deadline)) return false;
    }
    return true;
  }

 private:
  Mutex mu_;
  CondVar changed_;
  int count_ ABSL_GUARDED_BY(mu_) = 0;
};

class FolderWatcherTest : public testing::Test {
 protected:
  void SetUp() override {
    auto dir = TempDir::Create("watch");
    ASSERT_TRUE(dir.ok()) << dir.status();
    dir_.emplace(*std::move(dir));
    auto watcher = FolderWatcher::Start(
        {.root = dir_->path(),
         .is_skipped = [](absl::string_view name) { return name == ".git"; },
         .quiet = absl::Milliseconds(5)},
        [this] { counter_.Add(); });
    ASSERT_TRUE(watcher.ok()) << watcher.status();
    watcher_ = *std::move(watcher);
  }
  void Write(const std::string& name, const std::string& text) {
    std::ofstream(dir_->path() + "/" + name) << text;
  }

  std::optional<TempDir> dir_;
  Counter counter_;
  std::unique_ptr<FolderWatcher> watcher_;
};

TEST_F(FolderWatcherTest, SeesFilesAndNewFolders) {
  Write("a.yaml", "a");
  ASSERT_TRUE(counter_.Await(1));
  ASSERT_TRUE(MakeDirectories(dir_->path() + "/sub").ok());
  ASSERT_TRUE(counter_.Await(2));
  Write("sub/b.yaml", "b");
  EXPECT_TRUE(counter_.Await(3));
}

TEST_F(FolderWatcherTest, ManyWritesAreFewChanges) {
  for (int i = 0; i < 20; ++i) Write("a.yaml", std::to_string(i));
  ASSERT_TRUE(counter_.Await(1));
  watcher_.reset();
  EXPECT_LT(counter_.count(), 20);
}

TEST_F(FolderWatcherTest, DoesNotLookIntoSkippedFolders) {
  ASSERT_TRUE(MakeDirectories(dir_->path() + "/.git").ok());
  Write(".git/index", "x");
  Write("a.yaml", "a");
  ASSERT_TRUE(counter_.Await(1));
}

TEST(FolderWatcherStartTest, NeedsAFolder) {
  EXPECT_EQ(
      FolderWatcher::Start({.root = "/nonexistent"}, [] {}).status().code(),
      absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace weir::cli
