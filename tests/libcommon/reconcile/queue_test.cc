#include "weir/reconcile/queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <string>
#include <vector>

#include "tests/libcommon/reconcile/fixtures.h"
#include "weir/base/mutex.h"
#include "weir/base/thread_group.h"

namespace weir::reconcile {
namespace {

using ::testing::ElementsAre;

class WorkQueueTest : public ::testing::Test {
 protected:
  static QueueOptions Options(const Clock& clock) {
    QueueOptions options;
    options.clock = &clock;
    return options;
  }
  // Takes and finishes what is ready.
  std::vector<std::string> Drain() {
    std::vector<std::string> names;
    while (const auto key = queue_.TryGet()) {
      names.push_back(key->name);
      queue_.Done(*key);
    }
    return names;
  }

  FakeClock clock_;
  WorkQueue queue_{Options(clock_)};
};

TEST_F(WorkQueueTest, HandsOutInOrderAndOnce) {
  queue_.Add(Key("a"));
  queue_.Add(Key("b"));
  queue_.Add(Key("a"));
  EXPECT_THAT(Drain(), ElementsAre("a", "b"));
}

TEST_F(WorkQueueTest, ChangesOvertakeIntervals) {
  queue_.Add(Key("tick"), Priority::kLow);
  queue_.Add(Key("tick2"), Priority::kLow);
  queue_.Add(Key("change"));
  EXPECT_THAT(Drain(), ElementsAre("change", "tick", "tick2"));
}

TEST_F(WorkQueueTest, HighestPriorityHolds) {
  queue_.Add(Key("a"), Priority::kLow);
  queue_.Add(Key("b"), Priority::kLow);
  queue_.Add(Key("b"));
  queue_.Add(Key("b"), Priority::kLow);
  EXPECT_EQ(queue_.depth().normal, 1u);
  EXPECT_EQ(queue_.depth().low, 1u);
  EXPECT_THAT(Drain(), ElementsAre("b", "a"));
}

TEST_F(WorkQueueTest, LowKeysAreNotStarved) {
  queue_.Add(Key("low"), Priority::kLow);
  for (int i = 0; i < 20; ++i) queue_.Add(Key(absl::StrCat("n", i)));
  std::vector<std::string> order = Drain();
  ASSERT_EQ(order.size(), 21u);
  EXPECT_EQ(order[7], "low");
}

TEST_F(WorkQueueTest, KeyUnderWorkIsHandedOutAgainAfterwards) {
  queue_.Add(Key("a"));
  const auto key = queue_.TryGet();
  ASSERT_TRUE(key.has_value());
  queue_.Add(Key("a"));
  EXPECT_EQ(queue_.TryGet(), std::nullopt);
  queue_.Done(*key);
  EXPECT_THAT(Drain(), ElementsAre("a"));
}

TEST_F(WorkQueueTest, EarliestTimeHolds) {
  queue_.AddAfter(Key("a"), absl::Seconds(10));
  queue_.AddAfter(Key("a"), absl::Seconds(5));
  queue_.AddAfter(Key("a"), absl::Seconds(20));
  clock_.Advance(absl::Seconds(4));
  EXPECT_THAT(Drain(), ElementsAre());
  clock_.Advance(absl::Seconds(1));
  EXPECT_THAT(Drain(), ElementsAre("a"));
  clock_.Advance(absl::Seconds(30));
  EXPECT_THAT(Drain(), ElementsAre());
}

TEST_F(WorkQueueTest, ChangeReplacesTheTime) {
  queue_.AddAfter(Key("a"), absl::Seconds(5));
  queue_.Add(Key("a"));
  EXPECT_THAT(Drain(), ElementsAre("a"));
  clock_.Advance(absl::Seconds(30));
  EXPECT_THAT(Drain(), ElementsAre());
}

TEST_F(WorkQueueTest, TimeSetDuringWorkStands) {
  queue_.Add(Key("a"));
  const auto key = queue_.TryGet();
  queue_.AddAfter(*key, absl::Seconds(5));
  queue_.Done(*key);
  EXPECT_EQ(queue_.TryGet(), std::nullopt);
  clock_.Advance(absl::Seconds(5));
  EXPECT_THAT(Drain(), ElementsAre("a"));
}

TEST_F(WorkQueueTest, BackoffDoublesToItsLimitAndIsForgotten) {
  std::vector<absl::Duration> delays;
  for (int i = 0; i < 12; ++i) {
    delays.push_back(queue_.AddRateLimited(Key("a")));
    clock_.Advance(delays.back());
    ASSERT_THAT(Drain(), ElementsAre("a"));
  }
  EXPECT_EQ(delays[0], absl::Milliseconds(750));
  EXPECT_EQ(delays[1], absl::Milliseconds(1500));
  EXPECT_EQ(delays[10], absl::Seconds(768));
  EXPECT_EQ(delays[11], absl::Minutes(15));
  EXPECT_EQ(queue_.Failures(Key("a")), 12);
  queue_.Forget(Key("a"));
  EXPECT_EQ(queue_.AddRateLimited(Key("a")), absl::Milliseconds(750));
}

TEST_F(WorkQueueTest, DepthTellsWhereKeysAre) {
  queue_.Add(Key("active"));
  ASSERT_TRUE(queue_.TryGet().has_value());
  queue_.Add(Key("ready"));
  queue_.Add(Key("low"), Priority::kLow);
  queue_.AddAfter(Key("later"), absl::Seconds(1));
  clock_.Advance(absl::Milliseconds(10));
  const WorkQueue::Depth depth = queue_.depth();
  EXPECT_EQ(depth.active, 1u);
  EXPECT_EQ(depth.normal, 1u);
  EXPECT_EQ(depth.low, 1u);
  EXPECT_EQ(depth.waiting, 1u);
  EXPECT_EQ(depth.longest_active, absl::Milliseconds(10));
}

TEST(WorkQueueThreadsTest, NeverTwoPassesOfOneKey) {
  WorkQueue queue{QueueOptions()};
  constexpr int kKeys = 8;
  constexpr int kRounds = 200;
  Mutex mu;
  std::map<std::string, int> running, passes;
  bool overlapped = false;
  std::atomic<int> left = kKeys * kRounds;
  for (int i = 0; i < kKeys; ++i) queue.Add(Key(absl::StrCat(i)));
  ThreadGroup threads;
  for (int i = 0; i < 4; ++i) {
    threads.Start("worker", [&](const Context&) {
      while (const auto key = queue.Get()) {
        {
          MutexLock lock(mu);
          overlapped |= ++running[key->name] > 1;
        }
        const bool again = left.fetch_sub(1) > 0;
        {
          MutexLock lock(mu);
          --running[key->name];
          ++passes[key->name];
        }
        // Adds itself, and a neighbour, in all the ways there are.
        if (again) {
          queue.Add(*key, Priority::kLow);
          queue.AddAfter(Key("0"), absl::Microseconds(50));
          queue.Add(Key("1"));
        }
        queue.Done(*key);
        if (left.load() <= 0) queue.ShutDown();
      }
      return absl::OkStatus();
    });
  }
  EXPECT_TRUE(threads.Join().ok());
  EXPECT_FALSE(overlapped);
  EXPECT_EQ(passes.size(), static_cast<size_t>(kKeys));
}

TEST(WorkQueueThreadsTest, BusyWorkerDoesNotHoldTheTimer) {
  WorkQueue queue{QueueOptions()};
  ThreadGroup threads;
  std::atomic<int> started = 0;
  const Context release = Context().WithCancel();
  for (int i = 0; i < 2; ++i) {
    threads.Start("worker", [&](const Context&) {
      while (const auto key = queue.Get()) {
        ++started;
        if (key->name == "long") {
          release.SleepFor(absl::Seconds(10)).IgnoreError();
        }
        queue.Done(*key);
      }
      return absl::OkStatus();
    });
  }
  queue.AddAfter(Key("long"), absl::Milliseconds(5));
  queue.AddAfter(Key("short"), absl::Milliseconds(10));
  EXPECT_TRUE(Eventually([&] { return started.load() == 2; }));
  release.Cancel();
  queue.ShutDown();
  EXPECT_TRUE(threads.Join().ok());
}

TEST(WorkQueueThreadsTest, ShutDownWakesWorkers) {
  WorkQueue queue{QueueOptions()};
  ThreadGroup threads;
  threads.Start("worker", [&](const Context&) {
    EXPECT_EQ(queue.Get(), std::nullopt);
    return absl::OkStatus();
  });
  queue.ShutDown();
  EXPECT_TRUE(threads.Join().ok());
  queue.Add(Key("a"));
  EXPECT_EQ(queue.TryGet(), std::nullopt);
}

}  // namespace
}  // namespace weir::reconcile
