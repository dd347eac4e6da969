// DeliveryQueue runs deliveries so that a slow or dead receiver delays nobody
// else, and those about one object arrive in order.
//
// Each receiver has a queue of its own; several of its deliveries run at a
// time, but one while it fails. Threads are made as they are needed.
//
// Touches: process (threads); what tasks touch.
// Threads: safe to share.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <string>

#include "absl/time/time.h"
#include "weir/base/context.h"
#include "weir/base/mutex.h"
#include "weir/base/thread_group.h"

namespace weir::notification_controller {

struct DeliveryQueueOptions {
  int max_threads = 128;
  // Of one receiver at a time.
  int max_parallel = 4;
  // What may wait: of one receiver, and the bytes of all.
  size_t max_waiting = 5'000;
  size_t max_bytes = 16u << 20;
};

class DeliveryQueue {
 public:
  explicit DeliveryQueue(const DeliveryQueueOptions& options = {});
  // Stop().
  ~DeliveryQueue();
  DeliveryQueue(const DeliveryQueue&) = delete;
  DeliveryQueue& operator=(const DeliveryQueue&) = delete;

  struct Task {
    std::string receiver;
    // Those of one receiver with the same subject run one after another.
    std::string subject;
    size_t bytes = 0;
    // Whether the receiver is well. Bounds its own time.
    std::function<bool(const Context&)> run;
  };

  // False when there is no room, or no more are taken: the task is dropped.
  bool Push(Task task);

  // Takes no more; waits until all is done, or `timeout`. True when all is.
  bool Drain(absl::Duration timeout);
  // Ends those that run, drops the rest.
  void Stop();

  // Deliveries that wait or run.
  size_t size() const;

 private:
  // One with tasks that wait or run.
  struct Receiver {
    // Tasks that wait, by subject; a subject under way is there even when
    // none of its tasks waits.
    std::map<std::string, std::deque<Task>> subjects;
    // Subjects whose first task may run, in turn.
    std::deque<std::string> ready;
    size_t waiting = 0;
    int running = 0;
    bool is_failing = false;
    bool has_turn = false;  // Whether it is in turns_.
  };

  absl::Status Work(const Context& ctx);
  // Wakes a thread when a task could run, or starts one when none is free.
  void WakeLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  bool CanRun(const Receiver& receiver) const;
  // Lines the receiver up when it has a task that may run.
  void LineUpLocked(const std::string& name, Receiver& receiver)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  bool TakeLocked(Task* task) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void FinishLocked(const Task& task, bool is_well)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const DeliveryQueueOptions options_;

  mutable Mutex mu_;
  CondVar has_turns_;
  CondVar drained_;
  std::map<std::string, Receiver> receivers_ ABSL_GUARDED_BY(mu_);
  // Receivers with tasks that may run, or could when they were lined up.
  std::deque<std::string> turns_ ABSL_GUARDED_BY(mu_);
  size_t waiting_ ABSL_GUARDED_BY(mu_) = 0;
  size_t bytes_ ABSL_GUARDED_BY(mu_) = 0;
  size_t running_ ABSL_GUARDED_BY(mu_) = 0;
  int idle_threads_ ABSL_GUARDED_BY(mu_) = 0;
  int threads_started_ ABSL_GUARDED_BY(mu_) = 0;
  bool is_closed_ ABSL_GUARDED_BY(mu_) = false;

  ThreadGroup threads_;  // Last: they use the rest.
};

}  // namespace weir::notification_controller
