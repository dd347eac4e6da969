#include "libcommon/reconcile/src/rest.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>

#include "absl/synchronization/notification.h"

namespace weir::reconcile {
namespace {

TEST(RestTest, ComesOnceAfterWork) {
  std::atomic<int> rests = 0;
  TaskQueue tasks("test");
  const auto rest =
      std::make_shared<Rest>(tasks, absl::Milliseconds(50), [&] { ++rests; });
  for (int i = 0; i < 5; ++i) rest->Touch();
  absl::SleepFor(absl::Milliseconds(400));
  EXPECT_EQ(rests, 1);
  absl::SleepFor(absl::Milliseconds(200));
  EXPECT_EQ(rests, 1) << "nothing was worked on since";
  rest->Touch();
  absl::SleepFor(absl::Milliseconds(400));
  EXPECT_EQ(rests, 2);
}

TEST(RestTest, WaitsForTheLastOne) {
  absl::Notification rested;
  absl::Time at;
  TaskQueue tasks("test");
  const auto rest = std::make_shared<Rest>(tasks, absl::Milliseconds(200), [&] {
    at = absl::Now();
    rested.Notify();
  });
  rest->Touch();
  absl::SleepFor(absl::Milliseconds(100));
  const absl::Time last = absl::Now();
  rest->Touch();
  rested.WaitForNotification();
  EXPECT_GE(at - last, absl::Milliseconds(200));
}

TEST(RestTest, MayBeNever) {
  std::atomic<int> rests = 0;
  TaskQueue tasks("test");
  const auto rest =
      std::make_shared<Rest>(tasks, absl::InfiniteDuration(), [&] { ++rests; });
  rest->Touch();
  absl::SleepFor(absl::Milliseconds(50));
  EXPECT_EQ(rests, 0);
}

}  // namespace
}  // namespace weir::reconcile
