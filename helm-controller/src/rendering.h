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
#include "weir/helm/capabilities.h"
#include "weir/helm/chart.h"
#include "weir/helm/release.h"
#include "weir/helm/render.h"
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

// The input of the release that follows `revisions`, newest first. The plan
// must outlive it.
RenderInput MakeRenderInput(const Plan& plan, const helm::Chart& chart,
                            const std::string& chart_version, Value values,
                            const std::vector<helm::StoredRelease>& revisions,
                            bool is_upgrade, absl::Time now);

// The definitions in the chart's crds/, those of disabled charts below it left
// out. Other objects there are told of in `ignored`.
absl::StatusOr<std::vector<ReleaseObject>> CrdsOf(
    const RenderInput& input, std::vector<std::string>* ignored);

// Dependencies, values, templates and post-renderers. Of `options` the
// validation of the schema is the input's.
// Errors: as RenderPlan.
absl::StatusOr<helm::RenderedRelease> RenderDocuments(
    const Context& ctx, const helm::Capabilities& capabilities,
    helm::RenderOptions options, RenderInput input);

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
