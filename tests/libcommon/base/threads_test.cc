#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <stdexcept>
#include <vector>

#include "weir/base/mutex.h"
#include "weir/base/task_queue.h"
#include "weir/base/thread_group.h"

namespace weir {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using enum absl::StatusCode;

absl::Status WaitForEnd(const Context& ctx) {
  return ctx.SleepFor(absl::Hours(1));
}

// --- ThreadGroup -------------------------------------------------------------

TEST(ThreadGroupTest, JoinsAllAndCancellationIsOk) {
  ThreadGroup threads;
  std::atomic<int> ended = 0;
  for (int i = 0; i < 4; ++i) {
    threads.Start("worker", [&](const Context& ctx) {
      const absl::Status status = WaitForEnd(ctx);
      ++ended;
      return status;
    });
  }
  threads.Stop();
  EXPECT_TRUE(threads.Join().ok());
  EXPECT_EQ(ended, 4);
}

TEST(ThreadGroupTest, TheFirstErrorStopsTheOthers) {
  ThreadGroup threads;
  threads.Start("waits", WaitForEnd);
  threads.Start("fails",
                [](const Context&) { return absl::DataLossError("broken"); });
  EXPECT_EQ(threads.Join(), absl::DataLossError("broken"));
  EXPECT_TRUE(threads.context().is_done());
}

TEST(ThreadGroupTest, AnExceptionIsAnInternalError) {
  ThreadGroup threads;
  threads.Start("throws", [](const Context&) -> absl::Status {
    throw std::runtime_error("oops");
  });
  const absl::Status status = threads.Join();
  EXPECT_EQ(status.code(), kInternal);
  EXPECT_THAT(std::string(status.message()), HasSubstr("oops"));
}

TEST(ThreadGroupTest, AParentEndsIt) {
  const Context parent = Context().WithCancel();
  ThreadGroup threads(parent);
  threads.Start("waits", WaitForEnd);
  parent.Cancel();
  EXPECT_TRUE(threads.Join().ok());
}

TEST(ThreadGroupTest, AThreadMayStartAnother) {
  ThreadGroup threads;
  std::atomic<bool> ran = false;
  threads.Start("first", [&](const Context&) {
    threads.Start("second", [&](const Context&) {
      ran = true;
      return absl::OkStatus();
    });
    return absl::OkStatus();
  });
  EXPECT_TRUE(threads.Join().ok());
  EXPECT_TRUE(ran);
}

TEST(ThreadGroupTest, ItsOwnThreadMayDestroyIt) {
  Mutex mu;
  CondVar changed;
  bool is_gone = false;
  auto threads = std::make_unique<ThreadGroup>();
  ThreadGroup* const raw = threads.get();
  MutexLock lock(mu);
  raw->Start("last", [&](const Context&) {
    MutexLock inner(mu);
    threads = nullptr;
    is_gone = true;
    changed.NotifyAll();
    return absl::OkStatus();
  });
  while (!is_gone) changed.Wait(mu);
  EXPECT_EQ(threads, nullptr);
}

// --- TaskQueue ---------------------------------------------------------------

// Collects numbers, in order.
class Sequence {
 public:
  void Add(int number) {
    MutexLock lock(mu_);
    numbers_.push_back(number);
    changed_.NotifyAll();
  }
  std::vector<int> Wait(size_t count) {
    MutexLock lock(mu_);
    while (numbers_.size() < count) changed_.Wait(mu_);
    return numbers_;
  }

 private:
  Mutex mu_;
  CondVar changed_;
  std::vector<int> numbers_ ABSL_GUARDED_BY(mu_);
};

TEST(TaskQueueTest, RunsTasksInOrder) {
  Sequence sequence;
  TaskQueue tasks("test");
  for (int i = 0; i < 5; ++i) tasks.Post([&, i] { sequence.Add(i); });
  EXPECT_THAT(sequence.Wait(5), ElementsAre(0, 1, 2, 3, 4));
}

TEST(TaskQueueTest, RunsTasksAtTheirTime) {
  Sequence sequence;
  TaskQueue tasks("test");
  const absl::Time now = absl::Now();
  tasks.PostAt(now + absl::Milliseconds(8), [&] { sequence.Add(3); });
  tasks.PostAt(now + absl::Milliseconds(4), [&] { sequence.Add(2); });
  tasks.PostAfter(absl::Hours(1), [&] { sequence.Add(4); });
  tasks.Post([&] { sequence.Add(1); });
  EXPECT_THAT(sequence.Wait(3), ElementsAre(1, 2, 3));
}

TEST(TaskQueueTest, ATaskMayPostAnother) {
  Sequence sequence;
  TaskQueue tasks("test");
  tasks.Post([&] {
    tasks.Post([&] { sequence.Add(2); });
    sequence.Add(1);
  });
  EXPECT_THAT(sequence.Wait(2), ElementsAre(1, 2));
}

TEST(TaskQueueTest, ItsEndDropsWhatWaits) {
  auto token = std::make_shared<int>(7);
  {
    TaskQueue tasks("test");
    tasks.PostAfter(absl::Hours(1), [token] {});
    EXPECT_EQ(token.use_count(), 2);
  }
  EXPECT_EQ(token.use_count(), 1);
}

TEST(TaskQueueTest, ATaskMayDestroyItsQueue) {
  Sequence sequence;
  auto tasks = std::make_unique<TaskQueue>("test");
  TaskQueue* const raw = tasks.get();
  Mutex mu;
  {
    MutexLock lock(mu);  // The task waits until Post has returned.
    raw->Post([&] {
      MutexLock inner(mu);
      tasks = nullptr;
      sequence.Add(1);
    });
  }
  EXPECT_THAT(sequence.Wait(1), ElementsAre(1));
  MutexLock lock(mu);
  EXPECT_EQ(tasks, nullptr);
}

}  // namespace
}  // namespace weir
