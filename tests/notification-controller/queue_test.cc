// Who waits for whom. Tasks end when a test lets them, so no time passes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "src/delivery_queue.h"
#include "src/token_cache.h"
#include "weir/base/thread_group.h"

namespace weir::notification_controller {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// Tasks that note when they start, and wait until they are let go.
class Bench {
 public:
  DeliveryQueue::Task Make(const std::string& receiver,
                           const std::string& subject, const std::string& name,
                           size_t bytes = 0) {
    return {receiver, subject, bytes, [this, name](const Context& ctx) {
              const auto wakes = ctx.OnCancel([this] {
                MutexLock lock(mu_);
                changed_.NotifyAll();
              });
              MutexLock lock(mu_);
              started_.push_back(name);
              changed_.NotifyAll();
              while (!is_open_ && ended_.count(name) == 0 && !ctx.is_done()) {
                changed_.Wait(mu_);
              }
              return failing_.count(name) == 0;
            }};
  }
  void End(const std::string& name, bool is_well = true) {
    MutexLock lock(mu_);
    if (!is_well) failing_.insert(name);
    ended_.insert(name);
    changed_.NotifyAll();
  }
  void EndAll() {
    MutexLock lock(mu_);
    is_open_ = true;
    changed_.NotifyAll();
  }
  // What started, once it is this many; waits at most 10 s.
  std::vector<std::string> Started(size_t count) {
    const absl::Time until = absl::Now() + absl::Seconds(10);
    MutexLock lock(mu_);
    while (started_.size() < count && changed_.WaitUntil(mu_, until)) {
    }
    return started_;
  }

 private:
  Mutex mu_;
  CondVar changed_;
  std::vector<std::string> started_ ABSL_GUARDED_BY(mu_);
  std::set<std::string> ended_ ABSL_GUARDED_BY(mu_);
  std::set<std::string> failing_ ABSL_GUARDED_BY(mu_);
  bool is_open_ ABSL_GUARDED_BY(mu_) = false;
};

constexpr absl::Duration kPatience = absl::Seconds(10);

TEST(DeliveryQueueTest, ADeadReceiverDelaysNobodyElse) {
  Bench bench;
  DeliveryQueueOptions options;
  options.max_threads = 8;
  DeliveryQueue queue(options);
  for (int i = 0; i < 300; ++i) {
    const std::string name = absl::StrCat("dead", i);
    ASSERT_TRUE(queue.Push(bench.Make("dead", name, name)));
  }
  ASSERT_EQ(bench.Started(4).size(), 4) << "as many as may run at a time";
  ASSERT_TRUE(queue.Push(bench.Make("well", "s", "well")));
  EXPECT_THAT(bench.Started(5), testing::Contains("well"));
  EXPECT_EQ(bench.Started(5).size(), 5);
  bench.EndAll();
  EXPECT_TRUE(queue.Drain(kPatience));
  EXPECT_EQ(bench.Started(301).size(), 301);
}

// One at a time while it fails, and several again once it is well.
TEST(DeliveryQueueTest, AFailingReceiverGetsOneAtATime) {
  Bench bench;
  DeliveryQueue queue;
  for (const char* name : {"0", "1", "2", "3", "4", "5", "6"}) {
    ASSERT_TRUE(queue.Push(bench.Make("r", name, name)));
  }
  ASSERT_EQ(bench.Started(4).size(), 4);
  bench.End("0", false);
  bench.End("1", false);
  bench.End("2", false);
  bench.End("3", false);
  EXPECT_THAT(bench.Started(5), testing::SizeIs(5));
  // "5" may not start beside it: another receiver's task comes first.
  ASSERT_TRUE(queue.Push(bench.Make("other", "s", "other")));
  EXPECT_EQ(bench.Started(6).back(), "other");
  bench.End("4", true);
  EXPECT_EQ(bench.Started(8).size(), 8) << "both of the rest run now";
  bench.EndAll();
}

TEST(DeliveryQueueTest, OfOneObjectAllArriveInOrder) {
  Bench bench;
  DeliveryQueue queue;
  std::vector<std::string> names;
  for (int i = 0; i < 50; ++i) {
    for (const char* subject : {"a", "b", "c"}) {
      const std::string name = absl::StrCat(subject, ":", i);
      names.push_back(name);
      ASSERT_TRUE(queue.Push(bench.Make("r", subject, name)));
    }
  }
  EXPECT_EQ(bench.Started(3).size(), 3);
  bench.EndAll();
  ASSERT_TRUE(queue.Drain(kPatience));
  std::map<std::string, int> next;
  for (const std::string& name : bench.Started(names.size())) {
    const std::string subject = name.substr(0, 1);
    EXPECT_EQ(name, absl::StrCat(subject, ":", next[subject]++));
  }
  EXPECT_EQ(next["a"] + next["b"] + next["c"], 150);
}

TEST(DeliveryQueueTest, OneObjectIsNotDeliveredTwiceAtATime) {
  Bench bench;
  DeliveryQueue queue;
  for (const char* name : {"1", "2"}) {
    ASSERT_TRUE(queue.Push(bench.Make("r", "s", name)));
  }
  ASSERT_TRUE(queue.Push(bench.Make("r", "t", "other")));
  EXPECT_THAT(bench.Started(2), ElementsAre("1", "other"));
  bench.End("1");
  EXPECT_THAT(bench.Started(3), ElementsAre("1", "other", "2"));
  bench.EndAll();
}

TEST(DeliveryQueueTest, ReceiversTakeTurns) {
  Bench bench;
  DeliveryQueueOptions options;
  options.max_threads = 1;
  options.max_parallel = 1;
  DeliveryQueue queue(options);
  for (const char* name : {"a1", "a2", "a3", "b1", "b2", "c1"}) {
    ASSERT_TRUE(queue.Push(bench.Make(std::string(name, 1), name, name)));
  }
  bench.EndAll();
  ASSERT_TRUE(queue.Drain(kPatience));
  EXPECT_THAT(bench.Started(6),
              ElementsAre("a1", "b1", "c1", "a2", "b2", "a3"));
}

TEST(DeliveryQueueTest, HoldsNoMoreThanItMay) {
  Bench bench;
  DeliveryQueueOptions options;
  options.max_parallel = 1;
  options.max_waiting = 2;
  options.max_bytes = 100;
  DeliveryQueue queue(options);
  ASSERT_TRUE(queue.Push(bench.Make("r", "s", "runs", 90)));
  ASSERT_EQ(bench.Started(1).size(), 1);
  EXPECT_TRUE(queue.Push(bench.Make("r", "s", "waits", 60)));
  EXPECT_FALSE(queue.Push(bench.Make("other", "s", "too large", 41)));
  EXPECT_TRUE(queue.Push(bench.Make("r", "t", "waits too", 40)));
  EXPECT_FALSE(queue.Push(bench.Make("r", "u", "too many", 0)));
  EXPECT_EQ(queue.size(), 3);
  bench.EndAll();
  ASSERT_TRUE(queue.Drain(kPatience));
  EXPECT_EQ(queue.size(), 0);
  EXPECT_THAT(bench.Started(3), ElementsAre("runs", "waits too", "waits"))
      << "the same object is not in a hurry";
}

TEST(DeliveryQueueTest, AfterDrainNothingIsTaken) {
  Bench bench;
  DeliveryQueue queue;
  EXPECT_TRUE(queue.Drain(absl::ZeroDuration()));
  EXPECT_FALSE(queue.Push(bench.Make("r", "s", "late")));
}

TEST(DeliveryQueueTest, StopEndsWhatRunsAndDropsTheRest) {
  Bench bench;
  DeliveryQueueOptions options;
  options.max_threads = 2;
  DeliveryQueue queue(options);
  for (int i = 0; i < 100; ++i) {
    const std::string name = absl::StrCat(i);
    ASSERT_TRUE(queue.Push(bench.Make("r", name, name)));
  }
  ASSERT_EQ(bench.Started(2).size(), 2);
  EXPECT_FALSE(queue.Drain(absl::ZeroDuration()));
  queue.Stop();
  EXPECT_EQ(bench.Started(2).size(), 2);
  EXPECT_FALSE(queue.Push(bench.Make("r", "s", "late")));
}

// What the tests above do not see: races, for the sanitizers.
TEST(DeliveryQueueTest, ManyPushAtATime) {
  DeliveryQueue queue;
  std::atomic<int> ran = 0;
  {
    ThreadGroup threads;
    for (int t = 0; t < 4; ++t) {
      threads.Start("push", [&queue, &ran, t](const Context&) {
        for (int i = 0; i < 250; ++i) {
          EXPECT_TRUE(
              queue.Push({absl::StrCat("r", i % 7), absl::StrCat(t, i % 3), 10,
                          [&ran](const Context&) {
                            ++ran;
                            return ran % 5 != 0;
                          }}));
        }
        return absl::OkStatus();
      });
    }
    EXPECT_TRUE(threads.Join().ok());
  }
  EXPECT_TRUE(queue.Drain(kPatience));
  EXPECT_EQ(ran, 1000);
}

// --- Tokens -----------------------------------------------------------------

class SetClock : public Clock {
 public:
  absl::Time Now() const override { return now; }
  absl::Time now = absl::FromUnixSeconds(1'700'000'000);
};

std::string TokenOf(TokenCache& cache, const std::string& owner,
                    const std::string& key) {
  const auto found = cache.Find(owner, key);
  return found.has_value() ? found->RevealForUse() : "none";
}

TEST(TokenCacheTest, KeepsTokensForFourFifthsOfTheirTime) {
  SetClock clock;
  TokenCache cache(10, absl::Hours(1), &clock);
  cache.Store("o", "k", Secret("t"), clock.now + absl::Seconds(100));
  cache.Store("o", "long", Secret("t"), clock.now + absl::Hours(10));
  cache.Store("o", "late", Secret("t"), clock.now - absl::Seconds(1));
  EXPECT_EQ(TokenOf(cache, "o", "late"), "none");
  clock.now += absl::Seconds(79);
  EXPECT_EQ(TokenOf(cache, "o", "k"), "t");
  clock.now += absl::Seconds(1);
  EXPECT_EQ(TokenOf(cache, "o", "k"), "none");
  clock.now += absl::Minutes(58);
  EXPECT_EQ(TokenOf(cache, "o", "long"), "t");
  clock.now += absl::Minutes(1);
  EXPECT_EQ(TokenOf(cache, "o", "long"), "none") << "older than the limit";
}

TEST(TokenCacheTest, IsOfItsOwnerAndGoesWithHim) {
  TokenCache cache(10, absl::Hours(1));
  const absl::Time later = absl::Now() + absl::Hours(1);
  cache.Store("Provider/a/p", "k", Secret("1"), later);
  cache.Store("Provider/a/p", "l", Secret("2"), later);
  cache.Store("Provider/a/p2", "k", Secret("3"), later);
  cache.Evict("Provider/a/p");
  EXPECT_EQ(TokenOf(cache, "Provider/a/p", "k"), "none");
  EXPECT_EQ(TokenOf(cache, "Provider/a/p", "l"), "none");
  EXPECT_EQ(TokenOf(cache, "Provider/a/p2", "k"), "3");
}

TEST(TokenCacheTest, TheLeastUsedGivesWay) {
  SetClock clock;
  TokenCache cache(2, absl::Hours(1), &clock);
  const absl::Time later = clock.now + absl::Hours(1);
  for (const char* key : {"a", "b"}) {
    cache.Store("o", key, Secret(key), later);
    clock.now += absl::Seconds(1);
  }
  EXPECT_EQ(TokenOf(cache, "o", "a"), "a");
  clock.now += absl::Seconds(1);
  cache.Store("o", "c", Secret("c"), later);
  EXPECT_EQ(TokenOf(cache, "o", "b"), "none");
  EXPECT_EQ(TokenOf(cache, "o", "a"), "a");
  EXPECT_EQ(cache.counts().items, 2);
  EXPECT_EQ(cache.counts().evictions, 1);
}

TEST(TokenCacheTest, OfSizeZeroKeepsNothing) {
  TokenCache cache(0, absl::Hours(1));
  cache.Store("o", "k", Secret("t"), absl::Now() + absl::Hours(1));
  EXPECT_EQ(TokenOf(cache, "o", "k"), "none");
}

}  // namespace
}  // namespace weir::notification_controller
