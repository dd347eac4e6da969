// NetworkCharts renders charts, and fetches those that are not there.
//
// Touches: network; files (the folders that it fetches into, helm's caches).
// Threads: as LocalCharts.
#pragma once

#include "chart_renderer.h"

namespace weir::cli {

class NetworkCharts : public LocalCharts {
 public:
  absl::Status Pull(const Context& ctx,
                    const kustomize::ChartPull& pull) override;
  absl::StatusOr<std::string> LoadSchema(const Context& ctx,
                                         const std::string& url) override;
};

}  // namespace weir::cli
