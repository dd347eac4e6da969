// What a look at a release's history, its storage and its chart shows.
//
// Touches: nothing.
// Threads: pure functions.
// Source: helm-controller.md, sections 4 and 6.1.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "src/decision.h"
#include "src/history.h"
#include "src/plan.h"
#include "weir/crypto/digest.h"
#include "weir/helm/stored_release.h"

namespace weir::helm_controller {

// A chart as releases count it.
struct TrackedChart {
  std::string version;     // With the artifact's digest, where it is tracked.
  std::string oci_digest;  // "sha256:..."; empty: the artifact has none.
};

// The digest of an OCI artifact becomes part of the chart's version, so that a
// tag that moves is noticed. `revision`: of the artifact; `is_tracked`: that
// is wanted.
// Errors: kInvalidArgument when artifact and chart do not belong together.
absl::StatusOr<TrackedChart> TrackChart(const artifact::SourceKey& source,
                                        const std::string& revision,
                                        const std::string& version,
                                        bool is_tracked);

inline constexpr char kChartName[] = "chart name";
// What of the place of a release has changed since its last revision, so that
// the old one is uninstalled: kChartName, "release name" and the like. Null:
// nothing.
const char* FindTargetChange(const Plan& plan, const Status& status,
                             const std::string& chart_name);

// What is wanted of a release.
struct WantedRelease {
  std::string chart_name, chart_version;
  std::string config_digest;
};
// `revisions`: newest first.
Observation Observe(const Plan& plan, const Status& status,
                    const std::vector<helm::StoredRelease>& revisions,
                    const WantedRelease& wanted,
                    crypto::DigestAlgorithm algorithm);

}  // namespace weir::helm_controller
