// Deletion uninstalls the release of a HelmRelease that is being deleted, and
// then lets it go.
//
// Touches: network, clock, through the environment.
// Threads: one thread at a time.
// Source: helm-controller.md, section 4.
#pragma once

#include <memory>
#include <vector>

#include "src/action_run.h"
#include "src/environment.h"
#include "src/plan.h"
#include "src/report.h"
#include "src/workbench.h"
#include "weir/base/context.h"
#include "weir/reconcile/outcome.h"
#include "weir/reconcile/reconciler.h"

namespace weir::helm_controller {

class Deletion {
 public:
  // `plan`: as far as the spec can be read. `target`: where the last pass
  // released; it must outlive this.
  Deletion(Environment& environment, Plan plan, StatusDraft draft,
           const reconcile::Request& request, Target* target);

  // Continues after Await; the object is gone, or free, at any other outcome
  // but an error.
  reconcile::Outcome Advance(const Context& ctx,
                             const reconcile::Request& request);

 private:
  // Whether the release is left as it is: there is none, or nobody to act as.
  // Else finds out where it is. Errors have been noted on Ready.
  absl::StatusOr<bool> IsLeft(const Context& ctx);
  absl::Status Start(const Context& ctx);
  void OnUninstalled(const absl::Status& status);
  reconcile::Outcome Retry(const Context& ctx, const absl::Status& error);
  reconcile::Outcome Release(const Context& ctx);

  Environment& environment_;
  const Plan plan_;
  StatusDraft draft_;
  Report report_;
  const reconcile::StatusWriter* const writer_;
  Target& target_;
  std::unique_ptr<ReleaseStorage> storage_;
  std::unique_ptr<Workbench> bench_;
  std::unique_ptr<ActionRun> run_;
  bool is_started_ = false;
};

}  // namespace weir::helm_controller
