#include "src/rate_limiter.h"

#include <algorithm>
#include <utility>

namespace weir::kube {

RateLimiter::RateLimiter(double qps, int burst)
    : qps_(qps),
      burst_(std::max(burst, 1)),
      is_enabled_(qps > 0),
      tokens_(burst_),
      filled_(absl::Now()) {}

RateLimiter::~RateLimiter() { Stop(); }

void RateLimiter::Stop() {
  std::unique_ptr<TaskQueue> tasks;
  {
    MutexLock lock(mu_);
    tasks = std::move(tasks_);
  }
  tasks = nullptr;
  std::map<uint64_t, Waiter> waiters;
  {
    MutexLock lock(mu_);
    waiters.swap(waiters_);
  }
  for (const auto& [id, waiter] : waiters) {
    waiter.go(absl::CancelledError("cancelled"));
  }
}

void RateLimiter::Acquire(const Context& ctx, Go go) {
  bool is_late = false;
  {
    MutexLock lock(mu_);
    if (is_enabled_) {
      const absl::Time now = absl::Now();
      tokens_ = std::min(burst_,
                         tokens_ + absl::ToDoubleSeconds(now - filled_) * qps_);
      filled_ = now;
      tokens_ -= 1;
      if (tokens_ < 0) {
        const absl::Duration delay = absl::Seconds(-tokens_ / qps_);
        is_late = now + delay >= ctx.deadline();
        if (!is_late) {
          const uint64_t id = next_id_++;
          waiters_.emplace(id, Waiter{ctx, std::move(go)});
          if (tasks_ == nullptr) {
            tasks_ = std::make_unique<TaskQueue>("kube-rate");
          }
          tasks_->PostAfter(delay, [this, id] { Release(id); });
          return;
        }
        tokens_ += 1;
      }
    }
  }
  if (is_late) {
    return go(absl::DeadlineExceededError(
        "the client's own rate limit would exceed the deadline"));
  }
  go(absl::OkStatus());
}

void RateLimiter::Release(uint64_t id) {
  Waiter waiter;
  {
    MutexLock lock(mu_);
    const auto found = waiters_.find(id);
    if (found == waiters_.end()) return;
    waiter = std::move(found->second);
    waiters_.erase(found);
  }
  waiter.go(waiter.ctx.status());
}

void RateLimiter::Disable() {
  MutexLock lock(mu_);
  is_enabled_ = false;
}

}  // namespace weir::kube
