// The store and its backends: versions, the log, and what a kill leaves.
#include "libcommon/apiserver/src/store.h"

#include <filesystem>
#include <set>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "weir/base/file.h"
#include "weir/base/thread_group.h"

namespace weir::apiserver {
namespace {

constexpr char kMaps[] = "configmaps";

std::unique_ptr<Store> OpenMemory() {
  auto store = Store::Open(MakeMemoryBackend());
  EXPECT_TRUE(store.ok()) << store.status();
  return *std::move(store);
}

std::unique_ptr<Store> OpenIn(const std::string& folder) {
  auto backend = OpenSqliteBackend(folder);
  EXPECT_TRUE(backend.ok()) << backend.status();
  auto store = Store::Open(*std::move(backend));
  EXPECT_TRUE(store.ok()) << store.status();
  return *std::move(store);
}

// Waits for one write.
absl::StatusOr<Value> WriteAndWait(Store& store, const std::string& name,
                                   Decide decide) {
  Mutex mu;
  CondVar done;
  std::optional<absl::StatusOr<Value>> result;
  WriteRequest request;
  request.resource = kMaps;
  request.key = {"ns", name};
  request.decide = std::move(decide);
  store.Write(std::move(request), [&](absl::StatusOr<Value> r) {
    MutexLock lock(mu);
    result = std::move(r);
    done.NotifyAll();
  });
  MutexLock lock(mu);
  while (!result.has_value()) done.Wait(mu);
  return *std::move(result);
}

Decide PutValue(const std::string& name, int number) {
  return [name, number](const Value& current) {
    Decision decision;
    decision.action = Decision::Action::kPut;
    decision.object =
        current.is_null()
            ? Value::MakeObject(
                  {{"metadata",
                    Value::MakeObject(
                        {{"uid", "u"}, {"namespace", "ns"}, {"name", name}})}})
            : current;
    decision.object.Set("number", number);
    return decision;
  };
}

int64_t Put(Store& store, const std::string& name, int number) {
  auto written = WriteAndWait(store, name, PutValue(name, number));
  EXPECT_TRUE(written.ok()) << written.status();
  return written.ok() ? VersionOf(*written) : 0;
}

absl::StatusOr<Value> Remove(Store& store, const std::string& name) {
  return WriteAndWait(store, name, [](const Value& current) {
    Decision decision;
    decision.action = Decision::Action::kRemove;
    decision.object = current;
    return decision;
  });
}

TEST(StoreTest, VersionsGrowByOne) {
  auto store = OpenMemory();
  const int64_t first = Put(*store, "a", 1);
  EXPECT_EQ(Put(*store, "b", 1), first + 1);
  EXPECT_EQ(VersionOf(*Remove(*store, "a")), first + 2);
  EXPECT_EQ(store->rv(), first + 2);
}

TEST(StoreTest, ConcurrentIncrementsAllCount) {
  auto store = OpenMemory();
  constexpr int kThreads = 4, kWrites = 100;
  Put(*store, "a", 0);
  ThreadGroup threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.Start("writer", [&](const Context&) {
      for (int i = 0; i < kWrites; ++i) {
        auto written = WriteAndWait(*store, "a", [](const Value& current) {
          Decision decision;
          decision.action = Decision::Action::kPut;
          decision.object = current;
          decision.object.Set("number", current.GetInt("number") + 1);
          return decision;
        });
        if (!written.ok()) return written.status();
      }
      return absl::OkStatus();
    });
  }
  ASSERT_TRUE(threads.Join().ok());
  EXPECT_EQ(store->Get(kMaps, {"ns", "a"}).GetInt("number"),
            kThreads * kWrites);
}

TEST(StoreTest, PastStatesAreRebuiltFromTheLog) {
  auto store = OpenMemory();
  Put(*store, "a", 1);
  const int64_t then = Put(*store, "b", 2);
  Put(*store, "a", 3);
  ASSERT_TRUE(Remove(*store, "b").ok());
  auto past = store->ListAt(kMaps, "", then);
  ASSERT_TRUE(past.ok());
  ASSERT_EQ(past->size(), 2u);
  EXPECT_EQ((*past)[0].GetInt("number"), 1);
  EXPECT_EQ((*past)[1].GetInt("number"), 2);
}

TEST(StoreTest, CompactedPastIsOutOfRange) {
  auto store = OpenMemory();
  const int64_t then = Put(*store, "a", 1);
  Put(*store, "a", 2);
  ASSERT_TRUE(store->backend().Compact(then + 1).ok());
  EXPECT_EQ(store->ReadLog(kMaps, then, store->rv()).status().code(),
            absl::StatusCode::kOutOfRange);
}

class SqliteStoreTest : public testing::Test {
 protected:
  SqliteStoreTest() : folder_(*TempDir::Create("store-test")) {}
  std::string data() const { return folder_.path() + "/data"; }
  // What a kill at this instant would leave on disk.
  std::string CopyAsKilled(const std::string& name) const {
    const std::string copy = folder_.path() + "/" + name;
    EXPECT_TRUE(MakeDirectories(copy).ok());
    for (const char* file : {"objects.db", "objects.db-wal"}) {
      std::error_code error;
      std::filesystem::copy_file(data() + "/" + file, copy + "/" + file, error);
    }
    return copy;
  }

  TempDir folder_;
};

TEST_F(SqliteStoreTest, ReopenedStoreHasItsObjects) {
  {
    auto store = OpenIn(data());
    Put(*store, "a", 1);
    Put(*store, "b", 2);
    ASSERT_TRUE(Remove(*store, "a").ok());
  }
  auto store = OpenIn(data());
  EXPECT_TRUE(store->Get(kMaps, {"ns", "a"}).is_null());
  EXPECT_EQ(store->Get(kMaps, {"ns", "b"}).GetInt("number"), 2);
}

TEST_F(SqliteStoreTest, AcknowledgedWritesSurviveAKill) {
  auto store = OpenIn(data());
  std::set<int64_t> versions;
  std::string killed;
  for (int i = 0; i < 20; ++i) {
    versions.insert(Put(*store, absl::StrCat("m", i), i));
    if (i == 12) killed = CopyAsKilled("killed");
  }
  auto revived = OpenIn(killed);
  for (int i = 0; i <= 12; ++i) {
    EXPECT_EQ(
        revived->Get(kMaps, {"ns", absl::StrCat("m", i)}).GetInt("number"), i);
  }
  // The revived server does not know how far the killed one got.
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(versions.count(Put(*revived, absl::StrCat("n", i), i)), 0u);
  }
}

TEST_F(SqliteStoreTest, VersionsOfARevivedServerAreNotRepeatedEither) {
  int64_t last = 0;
  for (int start = 0; start < 3; ++start) {
    auto store = OpenIn(data());
    const int64_t rv = store->rv();
    EXPECT_GT(rv, last);
    last = rv;
  }
}

TEST_F(SqliteStoreTest, LogOutlivesARestart) {
  int64_t then = 0;
  {
    auto store = OpenIn(data());
    then = Put(*store, "a", 1);
    Put(*store, "a", 2);
  }
  auto store = OpenIn(data());
  auto log = store->ReadLog(kMaps, then, store->rv());
  ASSERT_TRUE(log.ok()) << log.status();
  ASSERT_EQ(log->size(), 1u);
  EXPECT_EQ((*log)[0].object.GetInt("number"), 2);
  EXPECT_EQ((*log)[0].previous.GetInt("number"), 1);
}

TEST_F(SqliteStoreTest, FolderBelongsToOneServer) {
  auto store = OpenIn(data());
  EXPECT_EQ(OpenSqliteBackend(data()).status().code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST_F(SqliteStoreTest, ForeignDatabaseIsRefused) {
  ASSERT_TRUE(MakeDirectories(data()).ok());
  ASSERT_TRUE(
      WriteFileAtomically(data() + "/objects.db", "this is no database").ok());
  EXPECT_FALSE(OpenSqliteBackend(data()).ok());
}

}  // namespace
}  // namespace weir::apiserver
