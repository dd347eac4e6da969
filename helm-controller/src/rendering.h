// Rendering turns a plan's chart and values into a new revision of its
// release.
//
// Touches: network, through `lookup` and the cluster's facts.
// Threads: pure functions besides.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "src/cluster_facts.h"
#include "src/plan.h"
#include "src/release_objects.h"
#include "weir/base/context.h"
#include "weir/helm/chart.h"
#include "weir/helm/stored_release.h"
#include "weir/kube/client.h"
#include "weir/value/value.h"

namespace weir::helm_controller {

struct RenderInput {
  const Plan& plan;
  helm::Chart chart;
  Value values;
  int revision = 1;
  bool is_upgrade = false;
  absl::Time first_deployed, now;
  bool validates_schema = true;
  bool is_server_side = true;
  bool resolves_hosts = false;  // Template function getHostByName.
};

// A revision that is pending.
// Errors: Helm's, of charts, values, templates and post-renderers.
absl::StatusOr<helm::StoredRelease> RenderPlan(const Context& ctx,
                                               const kube::Client& client,
                                               ClusterFacts& facts,
                                               RenderInput input);

// What spec.postRenderers, spec.commonMetadata and the labels of origin make of
// a text of YAML documents.
absl::StatusOr<std::string> PostRender(const Context& ctx, const Plan& plan,
                                       const std::string& documents);

}  // namespace weir::helm_controller
