// TaskQueue runs functions one after another on a thread of its own, now or
// at a time.
//
// Touches: clock, process (one thread).
// Threads: Post and PostAt may be called from anywhere, tasks included.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace weir {

class TaskQueue {
 public:
  explicit TaskQueue(const std::string& name);
  // Finishes the running task, drops the rest, joins. Never from a task.
  ~TaskQueue();
  TaskQueue(const TaskQueue&) = delete;
  TaskQueue& operator=(const TaskQueue&) = delete;

  // Tasks must not block for long and must not throw.
  void Post(std::function<void()> task);
  void PostAt(absl::Time when, std::function<void()> task);
  void PostAfter(absl::Duration delay, std::function<void()> task) {
    PostAt(absl::Now() + delay, std::move(task));
  }

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir
