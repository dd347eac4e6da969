// Environment is what all passes of a controller share.
//
// Touches: nothing itself.
// Threads: its members are safe to share.
#pragma once

#include <memory>

#include "absl/strings/string_view.h"
#include "src/chart_store.h"
#include "src/cluster_facts.h"
#include "src/reference_index.h"
#include "src/storage_watch.h"
#include "weir/apply/drift_damper.h"
#include "weir/apply/tracker.h"
#include "weir/consumer/source_watch.h"
#include "weir/crypto/digest.h"
#include "weir/helm_controller/controller.h"
#include "weir/reconcile/controller.h"
#include "weir/reconcile/manager.h"

namespace weir::helm_controller {

struct Environment {
  Environment(reconcile::Manager& m, const Options& o)
      : manager(m), options(o), facts(m.client()) {}

  bool IsEnabled(absl::string_view gate) const {
    return options.common.feature_gates.IsEnabled(gate);
  }

  reconcile::Manager& manager;
  const Options options;
  crypto::DigestAlgorithm digest_algorithm = crypto::DigestAlgorithm::kSha256;
  ReferenceIndex references;
  ClusterFacts facts;
  std::unique_ptr<consumer::SourceWatch> sources;
  std::unique_ptr<ChartStore> charts;
  std::unique_ptr<apply::Tracker> tracker;
  apply::DriftDamper drift;
  std::unique_ptr<StorageWatch> storage;
  // Set once the manager has made it, before any pass.
  reconcile::Controller* controller = nullptr;
};

}  // namespace weir::helm_controller
