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
#include <set>
#include <string>

#include "absl/time/time.h"
#include "weir/base/context.h"
#include "weir/base/mutex.h"
#include "weir/base/thread_group.h"

namespace weir::notification_controller {

struct DeliveryQueueOptions {
  int max_threads = 64;
  // Of one receiver at a time.
  int max_parallel = 4;
  // What may wait: of one receiver, and the bytes of all.
  size_t max_waiting = 5'000;
  size_t max_bytes = 24u << 20;
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
  struct Receiver {
    std::deque<Task> waiting;
    std::set<std::string> busy;  // Subjects under way.
    bool is_failing = false;
  };
  using Receivers = std::map<std::string, Receiver>;

  absl::Status Work(const Context& ctx);
  // Starts a thread when a task could run and none is free.
  void GrowLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // The next receiver, in turn, with a task that may run; else the end.
  Receivers::iterator FindReadyLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Its first task that may run; else the end.
  std::deque<Task>::iterator FirstReady(Receiver& receiver) const;
  bool TakeLocked(Task* task) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void FinishLocked(const Task& task, bool is_well)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const DeliveryQueueOptions options_;

  mutable Mutex mu_;
  CondVar changed_;
  Receivers receivers_ ABSL_GUARDED_BY(mu_);
  std::string last_served_ ABSL_GUARDED_BY(mu_);
  size_t waiting_ ABSL_GUARDED_BY(mu_) = 0;
  size_t bytes_ ABSL_GUARDED_BY(mu_) = 0;
  size_t running_ ABSL_GUARDED_BY(mu_) = 0;
  int idle_threads_ ABSL_GUARDED_BY(mu_) = 0;
  int threads_started_ ABSL_GUARDED_BY(mu_) = 0;
  bool is_closed_ ABSL_GUARDED_BY(mu_) = false;

  ThreadGroup threads_;  // Last: they use the rest.
};

}  // namespace weir::notification_controller
