// EventLog is the bounded list of events that the ways out read, each at its
// own pace.
//
// Touches: nothing.
// Threads: safe to share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "weir/base/context.h"
#include "weir/base/mutex.h"
#include "weir/reconcile/events.h"

namespace weir::reconcile {

class EventLog {
 public:
  // Keeps at most `max_events`, and `max_bytes` of their texts.
  EventLog(size_t max_events, size_t max_bytes)
      : max_events_(max_events), max_bytes_(max_bytes) {}

  // Numbers the event, from 1, and keeps it.
  void Append(RecordedEvent event);

  struct Next {
    std::shared_ptr<const RecordedEvent> event;  // Null: none yet.
    uint64_t missed = 0;  // Those before it that are no longer here.
  };
  // The first event after number `after`.
  Next After(uint64_t after) const;
  // The same, waiting for one. Errors: the context's.
  absl::StatusOr<Next> WaitAfter(const Context& ctx, uint64_t after) const;
  uint64_t last() const;

 private:
  Next AfterLocked(uint64_t after) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const size_t max_events_, max_bytes_;
  mutable Mutex mu_;
  mutable CondVar changed_;
  std::deque<std::shared_ptr<const RecordedEvent>> events_ ABSL_GUARDED_BY(mu_);
  size_t bytes_ ABSL_GUARDED_BY(mu_) = 0;
  uint64_t last_ ABSL_GUARDED_BY(mu_) = 0;
};

}  // namespace weir::reconcile
