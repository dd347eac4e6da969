#include "src/delivery_queue.h"

#include <algorithm>
#include <utility>

namespace weir::notification_controller {

DeliveryQueue::DeliveryQueue(const DeliveryQueueOptions& options)
    : options_(options) {}

DeliveryQueue::~DeliveryQueue() { Stop(); }

bool DeliveryQueue::Push(Task task) {
  MutexLock lock(mu_);
  if (is_closed_ || bytes_ + task.bytes > options_.max_bytes) return false;
  Receiver& receiver = receivers_[task.receiver];
  if (receiver.waiting.size() >= options_.max_waiting) return false;
  ++waiting_;
  bytes_ += task.bytes;
  receiver.waiting.push_back(std::move(task));
  if (idle_threads_ > 0) {
    changed_.NotifyAll();
  } else {
    GrowLocked();
  }
  return true;
}

void DeliveryQueue::GrowLocked() {
  if (idle_threads_ > 0 || threads_started_ == options_.max_threads ||
      FindReadyLocked() == receivers_.end()) {
    return;
  }
  ++threads_started_;
  threads_.Start("deliver", [this](const Context& ctx) { return Work(ctx); });
}

std::deque<DeliveryQueue::Task>::iterator DeliveryQueue::FirstReady(
    Receiver& receiver) const {
  const size_t most =
      receiver.is_failing ? 1 : static_cast<size_t>(options_.max_parallel);
  if (receiver.busy.size() >= most) return receiver.waiting.end();
  return std::find_if(receiver.waiting.begin(), receiver.waiting.end(),
                      [&receiver](const Task& one) {
                        return receiver.busy.count(one.subject) == 0;
                      });
}

DeliveryQueue::Receivers::iterator DeliveryQueue::FindReadyLocked() {
  auto receiver = receivers_.upper_bound(last_served_);
  for (size_t i = 0; i < receivers_.size(); ++i, ++receiver) {
    if (receiver == receivers_.end()) receiver = receivers_.begin();
    if (FirstReady(receiver->second) != receiver->second.waiting.end()) {
      return receiver;
    }
  }
  return receivers_.end();
}

bool DeliveryQueue::TakeLocked(Task* task) {
  const auto found = FindReadyLocked();
  if (found == receivers_.end()) return false;
  Receiver& receiver = found->second;
  const auto next = FirstReady(receiver);
  *task = std::move(*next);
  receiver.waiting.erase(next);
  receiver.busy.insert(task->subject);
  last_served_ = found->first;
  --waiting_;
  bytes_ -= task->bytes;
  ++running_;
  GrowLocked();
  return true;
}

void DeliveryQueue::FinishLocked(const Task& task, bool is_well) {
  --running_;
  const auto receiver = receivers_.find(task.receiver);
  receiver->second.busy.erase(task.subject);
  receiver->second.is_failing = !is_well;
  if (receiver->second.waiting.empty() && receiver->second.busy.empty()) {
    receivers_.erase(receiver);
  }
  // Its subject and its receiver may let others run now.
  changed_.NotifyAll();
}

absl::Status DeliveryQueue::Work(const Context& ctx) {
  const Context::Registration wakes = ctx.OnCancel([this] {
    MutexLock lock(mu_);
    changed_.NotifyAll();
  });
  while (true) {
    Task task;
    {
      MutexLock lock(mu_);
      while (!ctx.is_done() && !TakeLocked(&task)) {
        ++idle_threads_;
        changed_.Wait(mu_);
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
    changed_.WaitUntil(mu_, until);
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
