// Pass is one reconciliation of one HelmRelease, from its chart to its health,
// as a machine of explicit steps. It stops where it would have to wait, and
// goes on when it is called again.
//
// Touches: network, files, clock, through the environment.
// Threads: one thread at a time.
// Source: helm-controller.md, sections 4 and 6.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "src/action_run.h"
#include "src/decision.h"
#include "src/drift.h"
#include "src/environment.h"
#include "src/plan.h"
#include "src/rendering.h"
#include "src/report.h"
#include "src/workbench.h"
#include "weir/artifact/artifact.h"
#include "weir/base/context.h"
#include "weir/base/log.h"
#include "weir/consumer/dependency.h"
#include "weir/helm/chart.h"
#include "weir/helm/stored_release.h"
#include "weir/reconcile/outcome.h"
#include "weir/reconcile/reconciler.h"

namespace weir::helm_controller {

// What a pass that succeeded leaves behind, so that the next one can tell that
// there is nothing to do.
struct Settled {
  int64_t generation = 0;
  std::string artifact_digest;
  std::string config_digest;
  int version = 0;  // The newest revision, and its Secret's resourceVersion.
  std::string resource_version;
  size_t tracked = 0;
};

class Pass {
 public:
  // `target`: where the pass before released; it becomes where this one does,
  // and must outlive it.
  Pass(Environment& environment, Plan plan, StatusDraft draft,
       const reconcile::Request& request, Target* target);

  // Does all that can be done now. The pass is over unless the outcome is
  // Await.
  reconcile::Outcome Advance(const Context& ctx,
                             const reconcile::Request& request);

  const Plan& plan() const { return plan_; }
  const artifact::Artifact& artifact() const { return artifact_; }
  // Set after a success.
  const std::optional<Settled>& settled() const { return settled_; }

 private:
  enum class Step {
    kChartTemplate,
    kDependencies,
    kSource,
    kValues,
    kChart,
    kCluster,
    kTarget,
    kUninstallOld,
    kPrepare,
    kDecide,
    kAct,
  };
  // Of which a pass does at most one each.
  enum class ActionType { kRelease, kRemediate, kTest, kUnlock, kDrift };
  // Nothing: go on with step_.
  using Result = std::optional<reconcile::Outcome>;

  // pass.cc: what a release needs.
  Result RunStep(const Context& ctx);
  Result ReconcileChart(const Context& ctx);
  Result ApplyChart(const Context& ctx);
  Result CheckDependencies(const Context& ctx);
  Result FindSource(const Context& ctx);
  Result ReadValues(const Context& ctx);
  Result LoadChart(const Context& ctx);
  absl::Status TrackDigest();
  Result FindCluster(const Context& ctx);
  Result CheckTarget(const Context& ctx);
  Result UninstallOld(const Context& ctx);
  Result Prepare(const Context& ctx);

  // pass_release.cc: the release.
  Result Decide(const Context& ctx);
  absl::StatusOr<bool> LookForDrift(const Context& ctx);
  Result OnDone(const Context& ctx, const StateResult& state);
  Result Begin(const Context& ctx, ActionKind kind);
  bool IsAnnouncementNeeded(ActionKind kind) const;
  absl::StatusOr<std::unique_ptr<ActionRun>> MakeRun(const Context& ctx,
                                                     ActionKind kind);
  absl::StatusOr<std::unique_ptr<ActionRun>> MakeReleaseRun(const Context& ctx,
                                                            ActionKind kind);
  // What the spec says of installing or upgrading.
  ReleaseSettings SettingsOf(ActionKind kind, RenderInput* input) const;
  // Whether a release of the name may be installed.
  absl::Status CheckName();
  absl::StatusOr<std::vector<ReleaseObject>> FindCrds(
      const RenderInput& input) const;
  absl::StatusOr<std::unique_ptr<ActionRun>> MakeRollback();
  // For Helm's log.
  Value LogOfName() const;
  Result Unlock(const Context& ctx);
  // A process that ended may have stored revisions that the status does not
  // know: they are taken up, so that what was before stays the one to go back
  // to.
  void AdoptLostRevisions(const Context& ctx);
  Result Correct(const Context& ctx);
  Result Act(const Context& ctx);
  // What cancels the wait for health, "Kind/ns/name"; nothing when nothing
  // does.
  std::optional<std::string> FindCanceller(const Context& ctx) const;
  Result Cancel(const Context& ctx, const std::string& canceller);

  // pass_outcome.cc: what became of it.
  Result OnActionEnded(const Context& ctx, const absl::Status& status);
  void RecordRelease(const Context& ctx, const absl::Status& status);
  void RecordTest(const absl::Status& status);
  void RecordRemediation(const Context& ctx, const absl::Status& status);
  void RecordInventory(const Context& ctx);
  Result OnActionFailed(const Context& ctx, const absl::Status& error);
  Result OnRemediated(const Context& ctx);
  Result RetryLater(const Context& ctx, absl::Duration interval);
  // Brings revisions_ up to what the action wrote.
  void TakeWritten();
  Snapshot Wanted() const;

  // Ends the pass.
  reconcile::Outcome NotReady(const Context& ctx, absl::string_view reason,
                              const std::string& message,
                              reconcile::Outcome outcome);
  reconcile::Outcome Stall(const Context& ctx, absl::string_view reason,
                           const std::string& message,
                           const std::string& event);
  reconcile::Outcome End(const Context& ctx, reconcile::Outcome outcome,
                         bool is_observed);
  reconcile::Outcome AwaitUntil(const Context& ctx, absl::Time deadline);
  // Ready no longer tells of what an earlier step had against it.
  void Clear(std::initializer_list<absl::string_view> reasons);
  // Whether the annotation asks for something that was not handled yet; notes
  // it as handled.
  bool TakeRequest(const std::string& value, std::string* handled);
  const kube::Client& client() const { return target_.client(); }
  apply::Tracker& tracker() const { return target_.cluster->tracker; }
  absl::Time Now() const { return environment_.manager.clock().Now(); }

  Environment& environment_;
  const Plan plan_;
  StatusDraft draft_;
  Report report_;
  const reconcile::StatusWriter* const writer_;
  Logger logger_;
  Target& target_;

  Step step_ = Step::kChartTemplate;
  Value applied_chart_;  // The HelmChart, when this pass wrote it.
  artifact::Artifact artifact_;
  Value values_;
  std::string config_digest_;
  std::shared_ptr<const helm::Chart> chart_;
  std::string chart_version_;
  std::string oci_digest_;
  std::unique_ptr<ReleaseStorage> storage_;
  std::unique_ptr<Workbench> bench_;
  std::vector<helm::StoredRelease> revisions_;  // Newest first.
  std::vector<DriftedObject> drift_;
  std::set<ActionType> done_;
  ActionKind action_ = ActionKind::kInstall;
  absl::Time action_started_;
  std::unique_ptr<ActionRun> run_;
  std::optional<Settled> settled_;
};

// Why the dependencies of a plan are not met; nothing when they are.
std::optional<consumer::UnmetDependency> FindUnmetDependency(
    const Context& ctx, const Environment& environment, const Plan& plan);

}  // namespace weir::helm_controller
