// StatusDraft is the status that a pass works on; it reaches the cluster when
// the pass says so, and only what differs.
//
// Touches: clock; network, through the writer.
// Threads: one thread at a time.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "weir/base/clock.h"
#include "weir/base/context.h"
#include "weir/kustomize/v1/kustomization.pb.h"
#include "weir/reconcile/conditions.h"
#include "weir/reconcile/status_writer.h"
#include "weir/value/value.h"

namespace weir::kustomize_controller {

inline constexpr char kHealthy[] = "Healthy";
inline constexpr char kReconciliationSucceeded[] = "ReconciliationSucceeded";
inline constexpr char kReconciliationFailed[] = "ReconciliationFailed";
inline constexpr char kBuildFailed[] = "BuildFailed";
inline constexpr char kArtifactFailed[] = "ArtifactFailed";
inline constexpr char kPruneFailed[] = "PruneFailed";
inline constexpr char kHealthCheckFailed[] = "HealthCheckFailed";
inline constexpr char kHealthCheckCanceled[] = "HealthCheckCanceled";
inline constexpr char kDependencyNotReady[] = "DependencyNotReady";
inline constexpr char kAccessDenied[] = "AccessDenied";
inline constexpr char kInvalidCelExpression[] = "InvalidCELExpression";
// Begins the messages of conditions with that reason.
inline constexpr char kTerminalError[] =
    "Reconciliation failed terminally due to configuration error: ";
inline constexpr char kSucceeded[] = "Succeeded";

// One build and what came of it.
struct HistoryEntry {
  std::string digest;
  std::string status;
  absl::Duration duration;
  std::string revision;
  std::string origin_revision;
};

class StatusDraft {
 public:
  using Status = weir::kustomize::v1::KustomizationStatus;

  StatusDraft(Value object, Status status, const Clock& clock);

  const Value& object() const { return object_; }
  Status& status() { return status_; }
  const Status& status() const { return status_; }
  reconcile::Conditions conditions();

  // Ready's reason, or `otherwise` when there is no such condition.
  std::string ReadyReason(const std::string& otherwise);

  // The newest entry first; one of the same digest and status is counted up
  // and moved. At most five are kept.
  void AddHistory(const HistoryEntry& entry);

  // What ends each pass: notes the request that was handled, and settles the
  // condition Reconciling and observedGeneration.
  void EndPass(const std::string& requested_at, int64_t generation);

  // Whether Write would change anything.
  bool HasChanged();
  absl::Status Write(const Context& ctx, const reconcile::StatusWriter& writer);
  // Continues with a newer object, whose status is as we wrote it.
  void SetObject(Value object) { object_ = std::move(object); }

 private:
  // A condition that is as it was written keeps its time.
  void RestoreTransitionTimes();

  Value object_;
  Status written_;
  Status status_;
  const Clock& clock_;
};

}  // namespace weir::kustomize_controller
