// PackageChart writes a chart as an archive, as `helm package` does.
//
// Touches: nothing.
// Threads: pure functions.
// Source: Helm v4.2.4, pkg/chart/v2/util.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "weir/archive/stream.h"
#include "weir/helm/chart.h"

namespace weir::helm {

// Writes a .tgz whose one folder is the chart's name. The tar within has
// Helm's entries, in its order, with its modes and times; the compression is
// ours. A chart must have been loaded with LoadOptions::keep_values_text.
// Errors: kInvalidArgument; the sink's.
absl::Status PackageChart(const Chart& chart, absl::Time modified,
                          const archive::Sink& sink);

// "name-version.tgz"
std::string PackageName(const Chart& chart);

// Chart.yaml and Chart.lock as Helm writes them.
std::string FormatMetadata(const Metadata& metadata);
std::string FormatLock(const Lock& lock);
// What a lock's digest is of.
// Source: Helm's resolver.HashReq.
std::string LockDigest(const std::vector<Dependency>& wanted,
                       const std::vector<Dependency>& locked);

}  // namespace weir::helm
