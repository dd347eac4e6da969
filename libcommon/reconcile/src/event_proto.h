// Events as messages of weir.event.v1, and back.
//
// Touches: nothing.
// Threads: functions of their arguments.
#pragma once

#include "absl/status/statusor.h"
#include "weir/event/v1/event_service.pb.h"
#include "weir/reconcile/events.h"

namespace weir::reconcile {

void ToProto(const RecordedEvent& from, event::v1::Event* to);

// `sequence` is 0; `time` is the infinite past when there is no timestamp.
// Errors: kInvalidArgument when a part is missing that EventService.Emit
// wants, or for a bad timestamp.
absl::StatusOr<RecordedEvent> FromProto(const event::v1::Event& from);

}  // namespace weir::reconcile
