// What a HelmRelease comes to before anything is applied: rendered without a
// cluster, or compared with one. It is the controller's own code that renders
// and compares.
//
// Touches: what it is given to read with; PreviewRelease: network (the API
// server, the chart's artifact), files (the fetched artifact, for a moment).
// Threads: pure functions besides.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "weir/artifact/artifact.h"
#include "weir/base/context.h"
#include "weir/helm/capabilities.h"
#include "weir/helm/chart.h"
#include "weir/helm/release.h"
#include "weir/helm/render.h"
#include "weir/kube/client.h"
#include "weir/kube/types.h"
#include "weir/value/value.h"

namespace weir::helm_controller {

// The chart that a HelmRelease names.
struct ChartRequest {
  artifact::SourceKey source;  // What spec.chart or spec.chartRef refers to.
  // Of spec.chart: a name, or a path in the source. Empty: the artifact of the
  // source is the chart itself.
  std::string chart;
  std::string version;
  std::vector<std::string> values_files;
  bool ignore_missing_values_files = false;
};
// Errors: kInvalidArgument when there is not exactly one of both.
absl::StatusOr<ChartRequest> ChartOf(const Value& helm_release);

// Gives a ConfigMap or Secret. Errors: kNotFound when there is none.
using ReadObject =
    std::function<absl::StatusOr<Value>(const kube::ObjectRef& ref)>;

// An installation, or an upgrade, without a cluster.
struct RenderRequest {
  Value object;  // The HelmRelease, with name and namespace.
  helm::Chart chart;
  ReadObject read;
  Value more_values;  // Laid over all others; null: none.
  helm::Capabilities capabilities;
  helm::RenderOptions options;  // Those of the spec go before.
  bool is_upgrade = false;
};
struct RenderedHelmRelease {
  std::string name, name_space;  // Of the release.
  helm::RenderedRelease release;
};
// Errors: kInvalidArgument when the spec cannot be read; those of values,
// templates and post-renderers.
absl::StatusOr<RenderedHelmRelease> RenderHelmRelease(const Context& ctx,
                                                      RenderRequest request);

// What is compared with the cluster.
struct PreviewRequest {
  Value object;  // The HelmRelease, with name and namespace.
  // It is not the one that the cluster has; that one's status counts.
  bool is_edited = false;
  // Null: what the source in the cluster has published.
  std::optional<helm::Chart> chart;
  // ConfigMaps and Secrets that go before those of the cluster. May be null.
  ReadObject read;
  // "host:port" in place of that of the artifact's URL. Empty: as it is.
  std::string source_controller_localhost;
};
struct ObjectChange {
  enum class Kind { kCreated, kChanged, kDeleted } kind = Kind::kCreated;
  kube::ObjectRef ref;
  // As they are compared: of kChanged both, of kCreated the second. Values of
  // Secrets are masked: they differ where the Secret does.
  Value before, after;
};
struct Preview {
  enum class Action {
    kNone,     // The release is as it should be; its objects may not be.
    kInstall,  // Also in another place than the old release, which goes.
    kUpgrade,
  } action = Action::kNone;
  std::string release;        // "<namespace>/<name>"
  std::string chart;          // "<name>@<version>"
  std::string target_change;  // "release name" and the like; mostly empty.
  // In the order of the changes.
  std::vector<ObjectChange> changes;
  // Hooks that run before and after: "Job/apps/migrate (pre-upgrade)".
  std::vector<std::string> hooks;
  // Why objects could not be compared, or what the server has against them.
  std::vector<std::string> problems;
};
// Compares what an upgrade (or installation) would apply with what is there, by
// dry runs of server-side apply; of a release that is as it should be, what it
// has stored. `client` acts as who asks, not as spec.serviceAccountName.
// Errors: kFailedPrecondition when the chart is not published yet;
// kUnimplemented when the release is in another cluster; those of the server,
// of fetching, and of RenderHelmRelease.
absl::StatusOr<Preview> PreviewRelease(const Context& ctx,
                                       const kube::Client& client,
                                       PreviewRequest request);

}  // namespace weir::helm_controller
