#include "src/rest.h"

#include "absl/time/clock.h"

namespace weir::reconcile {

void Rest::Touch() {
  if (pause_ == absl::InfiniteDuration()) return;
  absl::Time due;
  {
    MutexLock lock(mu_);
    due_ = due = absl::Now() + pause_;
    if (is_awaited_) return;
    is_awaited_ = true;
  }
  LookAt(due);
}

void Rest::LookAt(absl::Time when) {
  tasks_.PostAt(when, [weak = weak_from_this()] {
    if (const auto alive = weak.lock()) alive->Look();
  });
}

void Rest::Look() {
  absl::Time due;
  bool is_early;
  {
    MutexLock lock(mu_);
    due = due_;
    is_early = is_awaited_ = due > absl::Now();
  }
  if (is_early) {
    LookAt(due);
  } else {
    at_rest_();
  }
}

}  // namespace weir::reconcile
