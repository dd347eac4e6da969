// EventSink hands events to one receiver outside, by whatever protocol.
//
// Touches: by implementation: network.
// Threads: used by one thread at a time.
#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "weir/base/context.h"
#include "weir/reconcile/events.h"

namespace weir::reconcile {

class EventSink {
 public:
  virtual ~EventSink() = default;
  // In logs and metrics: "http", "grpc".
  virtual absl::string_view name() const = 0;
  // One try. OK also when the receiver refuses the event for good: a further
  // try would change nothing.
  // Errors: any, when the event may be sent again.
  virtual absl::Status Send(const Context& ctx, const RecordedEvent& event) = 0;
};

// POSTs MakePostedEvent to the URL.
std::shared_ptr<EventSink> MakeHttpEventSink(const std::string& url);

}  // namespace weir::reconcile
