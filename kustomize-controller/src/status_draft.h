// StatusDraft is a Kustomization's status that a pass works on.
//
// Touches: as reconcile::StatusDraft.
// Threads: one thread at a time.
#pragma once

#include <string>

#include "absl/time/time.h"
#include "weir/kustomize/v1/kustomization.pb.h"
#include "weir/reconcile/status_draft.h"

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

class StatusDraft
    : public reconcile::StatusDraft<weir::kustomize::v1::KustomizationStatus> {
 public:
  using reconcile::StatusDraft<
      weir::kustomize::v1::KustomizationStatus>::StatusDraft;

  // Ready's reason, or `otherwise` when there is no such condition.
  std::string ReadyReason(const std::string& otherwise);

  // The newest entry first; one of the same digest and status is counted up
  // and moved. At most five are kept.
  void AddHistory(const HistoryEntry& entry);

  // What ends each pass: notes the request that was handled, and settles the
  // condition Reconciling and observedGeneration.
  void EndPass(const std::string& requested_at, int64_t generation);
};

}  // namespace weir::kustomize_controller
