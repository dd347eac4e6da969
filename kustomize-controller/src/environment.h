// Environment is what all passes of a controller share.
//
// Touches: nothing itself.
// Threads: its members are safe to share.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <utility>

#include "src/reference_index.h"
#include "weir/apply/tracker.h"
#include "weir/artifact/tree_cache.h"
#include "weir/consumer/source_watch.h"
#include "weir/kube/client.h"
#include "weir/kube/types.h"
#include "weir/kustomize/parse_cache.h"
#include "weir/kustomize_controller/controller.h"
#include "weir/reconcile/controller.h"
#include "weir/reconcile/manager.h"
#include "weir/reconcile/target_clusters.h"
#include "weir/remote/network_source.h"

namespace weir::kustomize_controller {

// A cluster that Kustomizations are applied to.
struct Cluster {
  // `own`: null for the manager's client.
  Cluster(reconcile::Manager& manager, std::unique_ptr<kube::Client> own,
          apply::TrackerOptions options, apply::Tracker::Listener listener)
      : own_client(std::move(own)),
        client(own_client == nullptr ? manager.client() : *own_client),
        tracker(client, manager.tasks(), std::move(options),
                std::move(listener)) {}

  const std::unique_ptr<kube::Client> own_client;
  const kube::Client& client;
  apply::Tracker tracker;
};
using Target = reconcile::Target<Cluster>;

struct Environment {
  Environment(reconcile::Manager& m, const Options& o)
      : manager(m), options(o), remote({.proxies = o.proxies}) {}

  bool IsEnabled(absl::string_view gate) const {
    return options.common.feature_gates.IsEnabled(gate);
  }

  reconcile::Manager& manager;
  const Options options;
  std::set<kube::GroupKind> custom_stage_kinds;
  ReferenceIndex references;
  std::unique_ptr<consumer::SourceWatch> sources;
  std::unique_ptr<artifact::TreeCache> trees;
  std::unique_ptr<reconcile::TargetClusters<Cluster>> clusters;
  // Of all artifacts: a manifest is parsed once until it changes.
  weir::kustomize::ParseCache parsed{size_t{16} << 20};
  remote::NetworkSource remote;
  // Set once the manager has made it, before any pass.
  reconcile::Controller* controller = nullptr;
};

}  // namespace weir::kustomize_controller
