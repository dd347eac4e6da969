// Report notes in a HelmRelease's status, and tells the world, what became of
// an action.
//
// Touches: what EventRecorder touches; clock.
// Threads: one thread at a time.
// Source: helm-controller.md, sections 6 and 7.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "src/helm_log.h"
#include "src/history.h"
#include "src/plan.h"
#include "weir/reconcile/events.h"
#include "weir/reconcile/status_draft.h"

namespace weir::helm_controller {

using StatusDraft = reconcile::StatusDraft<Status>;

// Types of conditions.
inline constexpr char kReleased[] = "Released";
inline constexpr char kRemediated[] = "Remediated";
inline constexpr char kTestSuccess[] = "TestSuccess";
inline constexpr char kDriftedCondition[] = "Drifted";

// Reasons.
inline constexpr char kArtifactFailed[] = "ArtifactFailed";
inline constexpr char kDependencyNotReady[] = "DependencyNotReady";
inline constexpr char kDriftDetected[] = "DriftDetected";
inline constexpr char kUninstallSucceeded[] = "UninstallSucceeded";
inline constexpr char kUninstallFailed[] = "UninstallFailed";
inline constexpr char kAccessDenied[] = "AccessDenied";
inline constexpr char kInvalidCelExpression[] = "InvalidCELExpression";
inline constexpr char kInProgress[] = "reconciliation in progress";
inline constexpr char kTerminalError[] =
    "Reconciliation failed terminally due to configuration error: ";

class Report {
 public:
  // All must outlive it.
  Report(const Plan& plan, StatusDraft& draft, reconcile::EventRecorder& events)
      : plan_(plan), draft_(draft), events_(events) {}

  // Emits an Event, with the annotations of `snapshot` unless that is null.
  void Emit(reconcile::Severity severity, const std::string& reason,
            const std::string& message, const Snapshot* snapshot = nullptr);

  // The outcome of installing or upgrading. `wanted`: what was tried, as far
  // as it is known before there is a revision of it. Events of failures end
  // with the log.
  void ReleaseSucceeded(ActionKind kind);
  void ReleaseFailed(ActionKind kind, const Snapshot& wanted,
                     const absl::Status& error, const HelmLog& log);
  void TestSucceeded();
  void TestFailed(const absl::Status& error);
  void RollbackSucceeded(const Snapshot& target);
  void RollbackFailed(const Snapshot& target, const absl::Status& error,
                      const HelmLog& log);
  void UninstallEnded(const absl::Status& error, const HelmLog& log);
  void UninstallRemediationEnded(const absl::Status& error, const HelmLog& log);
  void Unlocked(const Snapshot& snapshot, const std::string& status);

  // A condition Remediated that is True becomes the success of an upgrade:
  // what it went back to is what is wanted now.
  void SettleRemediation();
  // Released and Ready no longer tell of a failure that somebody mended.
  void SettleFailure();
  // Sets Ready from the conditions of actions, and the digests of what was
  // observed.
  void Summarize();

 private:
  const Snapshot* latest() const { return Latest(draft_.status()); }
  void CountFailed();
  void Fail(const char* type, const char* reason, const std::string& message,
            const Snapshot* snapshot, const HelmLog& log);

  const Plan& plan_;
  StatusDraft& draft_;
  reconcile::EventRecorder& events_;
};

}  // namespace weir::helm_controller
