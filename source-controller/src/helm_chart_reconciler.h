// HelmChartReconciler reconciles HelmCharts, and wakes those whose source has a
// new artifact.
//
// Touches: as HelmChartPass.
// Threads: Reconcile as reconcile::Reconciler says; Attach once, before.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>

#include "src/helm_chart_pass.h"
#include "weir/base/mutex.h"
#include "weir/kube/informer.h"
#include "weir/reconcile/controller.h"
#include "weir/reconcile/reconciler.h"

namespace weir::source {

class HelmChartReconciler : public reconcile::Reconciler {
 public:
  // All that the environment points to must outlive the object. Attach fills
  // in the rest.
  explicit HelmChartReconciler(HelmChartEnvironment environment)
      : env_(std::move(environment)) {}

  // The controller that this reconciler works for, and those of the sources by
  // kind.
  void Attach(reconcile::Controller& charts,
              std::map<std::string, reconcile::Controller*> sources);

  reconcile::Outcome Reconcile(const Context& ctx,
                               const reconcile::Request& request) override;

 private:
  using SourceRef = std::pair<std::string, kube::ObjectKey>;  // Kind, name.

  void OnChart(const kube::Change& change);
  void OnSource(const std::string& kind, const kube::Change& change);

  HelmChartEnvironment env_;
  reconcile::Controller* controller_ = nullptr;
  Mutex mu_;
  std::map<SourceRef, std::set<kube::ObjectKey>> charts_ ABSL_GUARDED_BY(mu_);
};

}  // namespace weir::source
