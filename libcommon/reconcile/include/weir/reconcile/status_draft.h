// StatusDraft is the status that a pass works on; it reaches the cluster when
// the pass says so, and only what differs.
//
// Touches: clock; network, through the writer.
// Threads: one thread at a time.
#pragma once

#include <utility>

#include "absl/status/status.h"
#include "google/protobuf/message.h"
#include "weir/base/clock.h"
#include "weir/base/context.h"
#include "weir/base/status.h"
#include "weir/reconcile/conditions.h"
#include "weir/reconcile/status_writer.h"
#include "weir/value/value.h"

namespace weir::reconcile {

bool AreSame(const google::protobuf::Message& a,
             const google::protobuf::Message& b);

// `S`: a message of api/ that has `conditions`.
template <typename S>
class StatusDraft {
 public:
  using Status = S;

  StatusDraft(Value object, Status status, const Clock& clock)
      : object_(std::move(object)),
        written_(status),
        status_(std::move(status)),
        clock_(clock) {}

  const Value& object() const { return object_; }
  Status& status() { return status_; }
  const Status& status() const { return status_; }
  const Clock& clock() const { return clock_; }
  Conditions conditions() {
    return Conditions(status_.mutable_conditions(), GenerationOf(object_),
                      clock_);
  }

  // Whether Write would change anything.
  bool HasChanged() {
    RestoreTransitionTimes();
    return !AreSame(status_, written_);
  }
  // Errors: those of StatusWriter::WriteStatus.
  absl::Status Write(const Context& ctx, const StatusWriter& writer) {
    if (!HasChanged()) return absl::OkStatus();
    WEIR_ASSIGN_OR_RETURN(object_, writer.WriteStatus(ctx, object_, status_));
    written_ = status_;
    return absl::OkStatus();
  }
  // Continues with a newer object, whose status is as we wrote it.
  void SetObject(Value object) { object_ = std::move(object); }

 private:
  // A condition that is as it was written keeps its time.
  void RestoreTransitionTimes() {
    for (auto& condition : *status_.mutable_conditions()) {
      for (const auto& before : written_.conditions()) {
        if (before.type() == condition.type() &&
            before.status() == condition.status() &&
            before.reason() == condition.reason() &&
            before.message() == condition.message()) {
          condition.set_last_transition_time(before.last_transition_time());
        }
      }
    }
  }

  Value object_;
  Status written_;
  Status status_;
  const Clock& clock_;
};

}  // namespace weir::reconcile
