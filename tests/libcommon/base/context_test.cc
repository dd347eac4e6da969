#include "weir/base/context.h"

#include <gtest/gtest.h>

#include <atomic>
#include <optional>

#include "weir/base/thread_group.h"

namespace weir {
namespace {

using enum absl::StatusCode;

TEST(ContextTest, IsOpenWithoutADeadline) {
  const Context ctx;
  EXPECT_TRUE(ctx.status().ok());
  EXPECT_EQ(ctx.deadline(), absl::InfiniteFuture());
  EXPECT_EQ(ctx.remaining(), absl::InfiniteDuration());
}

TEST(ContextTest, ACancellationReachesChildrenAndNotParents) {
  const Context root;
  const Context parent = root.WithCancel();
  const Context child = parent.WithTimeout(absl::Hours(1));
  const Context copy = child;
  parent.Cancel();
  parent.Cancel();
  EXPECT_EQ(child.status().code(), kCancelled);
  EXPECT_EQ(copy.status().code(), kCancelled);
  EXPECT_TRUE(root.status().ok());
  EXPECT_EQ(parent.WithCancel().status().code(), kCancelled);
}

TEST(ContextTest, TheEarlierDeadlineHolds) {
  const absl::Time soon = absl::Now() + absl::Minutes(1);
  const Context parent = Context().WithDeadline(soon);
  EXPECT_EQ(parent.WithTimeout(absl::Hours(1)).deadline(), soon);
  EXPECT_LT(parent.WithTimeout(absl::Seconds(1)).deadline(), soon);
  EXPECT_GT(parent.remaining(), absl::Seconds(50));
}

TEST(ContextTest, AnOldDeadlineIsExceeded) {
  const Context ctx = Context().WithTimeout(-absl::Seconds(1));
  EXPECT_EQ(ctx.status().code(), kDeadlineExceeded);
  EXPECT_EQ(ctx.remaining(), absl::ZeroDuration());
  EXPECT_EQ(ctx.SleepFor(absl::Hours(1)).code(), kDeadlineExceeded);
}

TEST(ContextTest, SleepsUntilItsTimeOrItsEnd) {
  EXPECT_TRUE(Context().SleepFor(absl::Milliseconds(1)).ok());
  EXPECT_EQ(Context()
                .WithTimeout(absl::Milliseconds(5))
                .SleepFor(absl::Hours(1))
                .code(),
            kDeadlineExceeded);
  const Context ctx = Context().WithCancel();
  ThreadGroup threads;
  threads.Start("canceller", [&](const Context&) {
    ctx.Cancel();
    return absl::OkStatus();
  });
  EXPECT_EQ(ctx.SleepFor(absl::Hours(1)).code(), kCancelled);
}

TEST(ContextTest, ACallbackRunsOnceAndOnlyWhileRegistered) {
  const Context ctx = Context().WithCancel();
  int calls = 0;
  int dropped = 0;
  const auto kept = ctx.OnCancel([&] { ++calls; });
  {
    const auto gone = ctx.OnCancel([&] { ++dropped; });
  }
  ctx.Cancel();
  ctx.Cancel();
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(dropped, 0);
  const auto late = ctx.OnCancel([&] { ++calls; });
  EXPECT_EQ(calls, 2);
}

TEST(ContextTest, ACallbackOfAChildHearsTheParent) {
  const Context parent = Context().WithCancel();
  const Context child = parent.WithCancel();
  bool called = false;
  const auto registration = child.OnCancel([&] { called = true; });
  parent.Cancel();
  EXPECT_TRUE(called);
}

TEST(ContextTest, ACallbackMayDropItsOwnRegistration) {
  const Context ctx = Context().WithCancel();
  std::optional<Context::Registration> registration;
  bool called = false;
  registration.emplace(ctx.OnCancel([&] {
    registration.reset();
    called = true;
  }));
  ctx.Cancel();
  EXPECT_TRUE(called);
}

TEST(ContextTest, TheEndOfARegistrationWaitsForItsCallback) {
  for (int i = 0; i < 50; ++i) {
    const Context ctx = Context().WithCancel();
    std::atomic<bool> is_running = false;
    ThreadGroup threads;  // Joined last.
    {
      const auto registration = ctx.OnCancel([&] {
        is_running = true;
        Context().SleepFor(absl::Microseconds(100)).IgnoreError();
        is_running = false;
      });
      threads.Start("canceller", [&](const Context&) {
        ctx.Cancel();
        return absl::OkStatus();
      });
      // Often enough the callback runs at the end of the block.
      Context().SleepFor(absl::Microseconds(i)).IgnoreError();
    }
    EXPECT_FALSE(is_running);
  }
}

}  // namespace
}  // namespace weir
