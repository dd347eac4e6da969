// Environment is what all passes of a controller share.
//
// Touches: nothing itself.
// Threads: its members are safe to share.
#pragma once

#include <memory>
#include <utility>

#include "absl/strings/string_view.h"
#include "src/chart_store.h"
#include "src/cluster_facts.h"
#include "src/interruptions.h"
#include "src/reference_index.h"
#include "src/storage_watch.h"
#include "weir/apply/drift_damper.h"
#include "weir/apply/tracker.h"
#include "weir/consumer/source_watch.h"
#include "weir/crypto/digest.h"
#include "weir/helm_controller/controller.h"
#include "weir/reconcile/controller.h"
#include "weir/reconcile/manager.h"
#include "weir/reconcile/target_clusters.h"

namespace weir::helm_controller {

// A cluster that releases are on.
struct Cluster {
  // `own`: null for the manager's client.
  Cluster(reconcile::Manager& manager, std::unique_ptr<kube::Client> own,
          apply::TrackerOptions tracker_options,
          apply::Tracker::Listener on_news, StorageWatch::Listener on_storage)
      : own_client(std::move(own)),
        client(own_client == nullptr ? manager.client() : *own_client),
        facts(client),
        tracker(client, manager.tasks(), std::move(tracker_options),
                std::move(on_news)),
        storage(client, manager.tasks(), manager.logger(),
                own_client == nullptr ? manager.options().name_space : "",
                std::move(on_storage)) {}

  const std::unique_ptr<kube::Client> own_client;
  const kube::Client& client;
  ClusterFacts facts;
  apply::Tracker tracker;
  StorageWatch storage;
};
using Target = reconcile::Target<Cluster>;

struct Environment {
  Environment(reconcile::Manager& m, const Options& o)
      : manager(m), options(o) {}

  bool IsEnabled(absl::string_view gate) const {
    return options.common.feature_gates.IsEnabled(gate);
  }

  reconcile::Manager& manager;
  const Options options;
  crypto::DigestAlgorithm digest_algorithm = crypto::DigestAlgorithm::kSha256;
  ReferenceIndex references;
  std::unique_ptr<consumer::SourceWatch> sources;
  std::unique_ptr<ChartStore> charts;
  std::unique_ptr<reconcile::TargetClusters<Cluster>> clusters;
  apply::DriftDamper drift;
  Interruptions interruptions;
  // Set once the manager has made it, before any pass.
  reconcile::Controller* controller = nullptr;
};

}  // namespace weir::helm_controller
