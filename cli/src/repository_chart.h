// The chart that a HelmRelease names, fetched from its HelmRepository by this
// machine, where the cluster has not fetched it.
//
// Touches: network (the API server, the repository), files (for a moment).
// Threads: one thread.
#pragma once

#include <optional>

#include "absl/status/statusor.h"
#include "release_files.h"
#include "weir/base/context.h"
#include "weir/helm/chart.h"
#include "weir/helm_controller/preview.h"
#include "weir/kube/client.h"

namespace weir::cli {

// Nothing when the source is no HelmRepository, or wants more than a user and
// a password. The repository and its Secret are the cluster's, unless `files`
// have them.
// Errors: those of the server and of fetching.
absl::StatusOr<std::optional<helm::Chart>> FetchFromRepository(
    const Context& ctx, const kube::Client& client, const ReleaseFiles& files,
    const helm_controller::ChartRequest& request);

}  // namespace weir::cli
