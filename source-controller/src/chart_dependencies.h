// AddDependencies completes a chart from a folder with what it depends on and
// has not in its charts/.
//
// Touches: files below the source's root and in the order's folder; network.
// Threads: pure functions besides.
// Source: source.md, section 10.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "src/chart_build.h"
#include "weir/base/context.h"
#include "weir/helm/chart.h"

namespace weir::source {

// Returns how many were added. Those of a lock file go before those of
// Chart.yaml.
// Errors: in the words that users know.
absl::StatusOr<int> AddDependencies(const Context& ctx, const std::string& root,
                                    const ChartOrder& order,
                                    const RepositoryOf& repository_of,
                                    helm::Chart* chart);

}  // namespace weir::source
