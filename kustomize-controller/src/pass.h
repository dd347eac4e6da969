// Pass is one reconciliation of one Kustomization, from its source to its
// health, as a machine of explicit steps. It stops where it would have to
// wait, and goes on when it is called again.
//
// Touches: network, files, clock, through the environment.
// Threads: one thread at a time.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "src/builder.h"
#include "src/environment.h"
#include "src/health_check.h"
#include "src/plan.h"
#include "src/status_draft.h"
#include "weir/apply/apply_run.h"
#include "weir/artifact/artifact.h"
#include "weir/base/context.h"
#include "weir/base/log.h"
#include "weir/consumer/dependency.h"
#include "weir/reconcile/events.h"
#include "weir/reconcile/outcome.h"
#include "weir/reconcile/reconciler.h"

namespace weir::kustomize_controller {

// What a pass that succeeded leaves behind, so that the next one can tell that
// there is nothing to do.
struct Settled {
  int64_t generation = 0;
  std::string revision;
  std::string artifact_digest;
  std::string variables_digest;
  size_t tracked = 0;
  std::vector<apply::HealthTarget> health;
};

class Pass {
 public:
  // `target`: where the pass before applied; it becomes where this one does,
  // and must outlive it.
  Pass(Environment& environment, Plan plan, StatusDraft draft,
       const reconcile::Request& request, Target* target);

  // Does all that can be done now. The pass is over unless the outcome is
  // Await.
  reconcile::Outcome Advance(const Context& ctx,
                             const reconcile::Request& request);

  const Plan& plan() const { return plan_; }
  const std::string& revision() const { return artifact_.revision; }
  // Set after a success.
  const std::optional<Settled>& settled() const { return settled_; }

 private:
  enum class Step {
    kFindSource,
    kCheckDependencies,
    kFetch,
    kFindTarget,
    kBuild,
    kApply,
    kPrune,
    kCheckHealth,
    kFinish,
  };
  // Nothing: go on with step_.
  using Result = std::optional<reconcile::Outcome>;

  Result RunStep(const Context& ctx, const reconcile::Request& request);
  Result FindSource(const Context& ctx);
  Result CheckDependencies(const Context& ctx);
  Result Fetch(const Context& ctx);
  Result FindTarget(const Context& ctx);
  Result Build(const Context& ctx);
  Result Apply(const Context& ctx);
  Result OnApplied(const Context& ctx);
  Result Prune(const Context& ctx);
  Result CheckHealth(const Context& ctx, const reconcile::Request& request);
  // Why the account may not see an object whose health is asked for; OK when
  // it may see all.
  absl::Status CheckSight(const Context& ctx) const;
  Result OnHealthy();
  Result Finish(const Context& ctx);

  // The message of the condition Reconciling.
  void Announce(absl::string_view what);
  // Ends the pass with Ready False. Only the Event says `during`, before the
  // error.
  reconcile::Outcome Fail(const Context& ctx, absl::string_view reason,
                          const absl::Status& error,
                          absl::string_view during = "");
  reconcile::Outcome FailHealth(const Context& ctx, const std::string& message);
  // The same for something that is waited for: no error, no event.
  reconcile::Outcome NotYet(const Context& ctx, absl::string_view reason,
                            const std::string& message, absl::Duration retry);
  reconcile::Outcome Stall(const Context& ctx, absl::string_view reason,
                           const std::string& message);
  reconcile::Outcome End(const Context& ctx, reconcile::Outcome outcome);
  apply::Tracker& tracker() { return target_.cluster->tracker; }
  // Stops until something changes, at most until `deadline`.
  reconcile::Outcome AwaitUntil(const Context& ctx, absl::Time deadline);
  // What cancels a health check, "Kind/ns/name"; nothing when nothing does.
  std::optional<std::string> FindCanceller(const Context& ctx,
                                           const reconcile::Request& request);
  void AddHistory(const std::string& status);
  void Emit(reconcile::Severity severity, const std::string& message,
            bool is_commit_status = false);
  absl::Duration elapsed() const;
  absl::Time Now() const { return environment_.manager.clock().Now(); }

  Environment& environment_;
  const Plan plan_;
  const absl::Time started_;
  const std::string healthy_before_;  // The condition's message, if True.
  StatusDraft draft_;
  const reconcile::StatusWriter* const writer_;
  Logger logger_;
  Target& target_;

  Step step_ = Step::kFindSource;
  artifact::Artifact artifact_;
  std::string origin_revision_;
  std::shared_ptr<const artifact::Tree> tree_;
  std::string folder_;
  std::string variables_digest_;
  std::string digest_;
  std::unique_ptr<apply::ApplyRun> run_;
  bool has_changes_ = false;
  std::vector<apply::InventoryEntry> stale_;
  bool is_health_checked_ = false;
  std::vector<apply::HealthTarget> health_;
  bool is_health_announced_ = false;
  absl::Time health_started_;
  std::optional<Settled> settled_;
};

// Why the dependencies of a plan are not met; nothing when they are.
std::optional<consumer::UnmetDependency> FindUnmetDependency(
    const Context& ctx, const Environment& environment, const Plan& plan,
    const std::string& revision);

}  // namespace weir::kustomize_controller
