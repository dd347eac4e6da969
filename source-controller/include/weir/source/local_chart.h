// BuildLocalChart makes of folders on this machine the chart that a HelmChart
// would make of its source, by the same code.
//
// Touches: files, as the caller names them.
// Threads: pure functions besides.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "weir/base/context.h"

namespace weir::source {

struct LocalChartOrder {
  // The folder that stands for the source.
  std::string root;
  // It holds charts by name, in folders and archives, as a HelmRepository
  // does, or is such a chart itself. Otherwise it holds the files of a Git
  // repository or a bucket.
  bool is_repository = false;
  // As a HelmChart's spec has them. Empty version: the latest.
  std::string chart;
  std::string version;
  std::vector<std::string> values_files;
  bool ignore_missing_values_files = false;
  // Folders that stand for repositories of dependencies, by URL.
  std::map<std::string, std::string> repositories;
};

// Returns the path of the chart's archive: in `folder`, which must be empty, or
// in the source's.
// Errors: kNotFound when there is no such chart or version; those that users
// of HelmCharts know.
absl::StatusOr<std::string> BuildLocalChart(const Context& ctx,
                                            const LocalChartOrder& order,
                                            const std::string& folder);

}  // namespace weir::source
