// EventHub is a bounded list of events, numbered from 1, that any number of
// readers follow, each at its own pace.
//
// Touches: clock, process (a thread, once somebody subscribed).
// Threads: safe to share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

#include "absl/status/statusor.h"
#include "weir/base/context.h"
#include "weir/reconcile/events.h"

namespace weir::reconcile {

class EventHub {
 public:
  // Keeps at most `max_events`, and `max_bytes` of their texts.
  EventHub(size_t max_events, size_t max_bytes);
  ~EventHub();
  EventHub(const EventHub&) = delete;
  EventHub& operator=(const EventHub&) = delete;

  // Numbers the event, keeps it and tells whoever subscribed. Returns the
  // number.
  uint64_t Append(RecordedEvent event);

  struct Next {
    std::shared_ptr<const RecordedEvent> event;  // Null: none yet.
    uint64_t missed = 0;  // Those before it that are no longer here.
  };
  // The first event after number `after`.
  Next After(uint64_t after) const;
  // The same, waiting for one. Errors: the context's.
  absl::StatusOr<Next> WaitAfter(const Context& ctx, uint64_t after) const;

  // Calls `callback` for each event after number `after` that is still here,
  // then for each new one, in order, until the handle goes. Calls come from a
  // thread of the hub and must not block. When the handle's destructor returns
  // no call is running or will come. The hub must outlive the handle.
  [[nodiscard]] std::shared_ptr<void> Subscribe(
      uint64_t after, std::function<void(const RecordedEvent&)> callback);
  // The number of the newest event; 0 before the first.
  uint64_t last_sequence() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir::reconcile
