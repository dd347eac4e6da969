// Rest does something once nothing has been worked on for a while.
//
// Touches: clock.
// Threads: safe to share.
#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "absl/time/time.h"
#include "weir/base/mutex.h"
#include "weir/base/task_queue.h"

namespace weir::reconcile {

class Rest : public std::enable_shared_from_this<Rest> {
 public:
  // `tasks` runs `at_rest`, `pause` after the last Touch; an infinite one:
  // never. Touch is not called once `tasks` is gone.
  Rest(TaskQueue& tasks, absl::Duration pause, std::function<void()> at_rest)
      : tasks_(tasks), pause_(pause), at_rest_(std::move(at_rest)) {}

  // Something is worked on.
  void Touch();

 private:
  void Look();
  void LookAt(absl::Time when);

  TaskQueue& tasks_;
  const absl::Duration pause_;
  const std::function<void()> at_rest_;
  Mutex mu_;
  absl::Time due_ ABSL_GUARDED_BY(mu_);
  bool is_awaited_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace weir::reconcile
