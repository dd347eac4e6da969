#include "weir/base/gate.h"

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <memory>

#include "absl/synchronization/notification.h"
#include "weir/base/thread_group.h"

namespace weir {
namespace {

struct Sum {
  int value = 0;
};

TEST(GateTest, CallbacksReachTheObjectUntilItIsClosed) {
  Sum sum;
  Gate<Sum> gate(sum);
  const std::function<void(int, int)> add =
      gate.Guarded([](Sum& self, int a, int b) { self.value += a * b; });
  add(2, 3);
  EXPECT_EQ(sum.value, 6);
  gate.Close();
  gate.Close();
  add(2, 3);
  EXPECT_EQ(sum.value, 6);
}

TEST(GateTest, CallbacksMayOutliveObjectAndGate) {
  auto sum = std::make_unique<Sum>();
  auto gate = std::make_unique<Gate<Sum>>(*sum);
  const auto kept = std::make_shared<int>(7);
  const std::function<void()> add =
      gate->Guarded([kept](Sum& self) { self.value += *kept; });
  gate.reset();
  sum.reset();
  add();  // Or a sanitizer tells.
  EXPECT_EQ(kept.use_count(), 2);
}

TEST(GateTest, CloseWaitsForTheCallbackUnderWay) {
  Sum sum;
  Gate<Sum> gate(sum);
  absl::Notification has_begun;
  absl::Notification may_end;
  std::atomic<bool> has_ended = false;
  const auto callback = gate.Guarded([&](Sum&) {
    has_begun.Notify();
    may_end.WaitForNotification();
    has_ended = true;
  });
  std::atomic<bool> ended_first = false;
  ThreadGroup threads;
  threads.Start("calls", [&](const Context&) {
    callback();
    return absl::OkStatus();
  });
  has_begun.WaitForNotification();
  threads.Start("closes", [&](const Context&) {
    gate.Close();
    ended_first = has_ended.load();
    return absl::OkStatus();
  });
  may_end.Notify();
  EXPECT_TRUE(threads.Join().ok());
  EXPECT_TRUE(ended_first);
}

TEST(GateTest, CallbacksRunOneAtATime) {
  Sum sum;
  Gate<Sum> gate(sum);
  const auto add = gate.Guarded([](Sum& self) { ++self.value; });
  {
    ThreadGroup threads;
    for (int t = 0; t < 4; ++t) {
      threads.Start("adds", [&add](const Context&) {
        for (int i = 0; i < 1000; ++i) add();
        return absl::OkStatus();
      });
    }
    EXPECT_TRUE(threads.Join().ok());
  }
  EXPECT_EQ(sum.value, 4000);
}

}  // namespace
}  // namespace weir
