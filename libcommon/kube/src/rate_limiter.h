// RateLimiter is a token bucket for requests: those that must wait are let go
// later, in order.
//
// Touches: clock, process (one thread, once somebody has to wait).
// Threads: safe to share.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "weir/base/context.h"
#include "weir/base/mutex.h"
#include "weir/base/task_queue.h"

namespace weir::kube {

class RateLimiter {
 public:
  // `qps` 0: no limit.
  RateLimiter(double qps, int burst);
  ~RateLimiter();
  RateLimiter(const RateLimiter&) = delete;
  RateLimiter& operator=(const RateLimiter&) = delete;

  // Calls `go` once: on this thread when it is its turn, else later with OK,
  // or with kDeadlineExceeded when its turn comes too late for `ctx`.
  using Go = std::function<void(const absl::Status&)>;
  void Acquire(const Context& ctx, Go go);

  // Those that wait end with kCancelled. Idempotent.
  void Stop();

  // From now on nobody waits.
  void Disable();

 private:
  struct Waiter {
    Context ctx;
    Go go;
  };
  void Release(uint64_t id);

  // Constant after construction.
  const double qps_;
  const double burst_;

  Mutex mu_;
  bool is_enabled_ ABSL_GUARDED_BY(mu_);
  double tokens_ ABSL_GUARDED_BY(mu_);  // Below zero: owed to those waiting.
  absl::Time filled_ ABSL_GUARDED_BY(mu_);
  uint64_t next_id_ ABSL_GUARDED_BY(mu_) = 0;
  std::map<uint64_t, Waiter> waiters_ ABSL_GUARDED_BY(mu_);

  std::unique_ptr<TaskQueue> tasks_ ABSL_GUARDED_BY(mu_);  // Null until used.
};

}  // namespace weir::kube
