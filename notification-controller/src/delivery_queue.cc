#include "src/delivery_queue.h"

#include <utility>

namespace weir::notification_controller {

DeliveryQueue::DeliveryQueue(const DeliveryQueueOptions& options)
    : options_(options) {}

DeliveryQueue::~DeliveryQueue() { Stop(); }

bool DeliveryQueue::Push(Task task) {
  MutexLock lock(mu_);
  if (is_closed_ || bytes_ + task.bytes > options_.max_bytes) return false;
  const std::string name = task.receiver;
  const auto known = receivers_.find(name);
  const size_t ahead = known == receivers_.end() ? 0 : known->second.waiting;
  if (ahead >= options_.max_waiting) return false;
  Receiver& receiver = receivers_[name];
  ++waiting_;
  ++receiver.waiting;
  bytes_ += task.bytes;
  const auto [subject, is_first] = receiver.subjects.try_emplace(task.subject);
  if (is_first) receiver.ready.push_back(task.subject);
  subject->second.push_back(std::move(task));
  LineUpLocked(name, receiver);
  WakeLocked();
  return true;
}

void DeliveryQueue::WakeLocked() {
  if (turns_.empty()) return;
  if (idle_threads_ > 0) {
    has_turns_.NotifyOne();
  } else if (threads_started_ < options_.max_threads) {
    ++threads_started_;
    threads_.Start("deliver", [this](const Context& ctx) { return Work(ctx); });
  }
}

bool DeliveryQueue::CanRun(const Receiver& receiver) const {
  const int most = receiver.is_failing ? 1 : options_.max_parallel;
  return !receiver.ready.empty() && receiver.running < most;
}

void DeliveryQueue::LineUpLocked(const std::string& name, Receiver& receiver) {
  if (receiver.has_turn || !CanRun(receiver)) return;
  receiver.has_turn = true;
  turns_.push_back(name);
}

bool DeliveryQueue::TakeLocked(Task* task) {
  while (!turns_.empty()) {
    const std::string name = std::move(turns_.front());
    turns_.pop_front();
    Receiver& receiver = receivers_.at(name);
    receiver.has_turn = false;
    if (!CanRun(receiver)) continue;  // It began to fail.
    std::deque<Task>& waiting = receiver.subjects.at(receiver.ready.front());
    receiver.ready.pop_front();
    *task = std::move(waiting.front());
    waiting.pop_front();
    --receiver.waiting;
    ++receiver.running;
    --waiting_;
    bytes_ -= task->bytes;
    ++running_;
    LineUpLocked(name, receiver);
    // Each who takes a turn wakes one for the next: none is left lying.
    WakeLocked();
    return true;
  }
  return false;
}

void DeliveryQueue::FinishLocked(const Task& task, bool is_well) {
  --running_;
  const auto found = receivers_.find(task.receiver);
  Receiver& receiver = found->second;
  --receiver.running;
  receiver.is_failing = !is_well;
  const auto subject = receiver.subjects.find(task.subject);
  if (subject->second.empty()) {
    receiver.subjects.erase(subject);
  } else {
    receiver.ready.push_back(task.subject);
  }
  if (receiver.subjects.empty()) {
    // Without subjects it is not lined up.
    receivers_.erase(found);
  } else {
    LineUpLocked(task.receiver, receiver);
  }
  if (is_closed_) drained_.NotifyAll();
}

absl::Status DeliveryQueue::Work(const Context& ctx) {
  const Context::Registration wakes = ctx.OnCancel([this] {
    MutexLock lock(mu_);
    has_turns_.NotifyAll();
  });
  while (true) {
    Task task;
    {
      MutexLock lock(mu_);
      while (!ctx.is_done() && !TakeLocked(&task)) {
        ++idle_threads_;
        has_turns_.Wait(mu_);
        --idle_threads_;
      }
      if (ctx.is_done()) return absl::OkStatus();
    }
    const bool is_well = task.run(ctx);
    MutexLock lock(mu_);
    FinishLocked(task, is_well);
  }
}

bool DeliveryQueue::Drain(absl::Duration timeout) {
  const absl::Time until = absl::Now() + timeout;
  MutexLock lock(mu_);
  is_closed_ = true;
  while (waiting_ + running_ > 0 && absl::Now() < until) {
    drained_.WaitUntil(mu_, until);
  }
  return waiting_ + running_ == 0;
}

void DeliveryQueue::Stop() {
  {
    MutexLock lock(mu_);
    is_closed_ = true;
  }
  threads_.Stop();
  threads_.Join().IgnoreError();
}

size_t DeliveryQueue::size() const {
  MutexLock lock(mu_);
  return waiting_ + running_;
}

}  // namespace weir::notification_controller
