// ChartRenderer renders the Helm charts that kustomizations name, in
// `helmCharts` and in generators of kind HelmChartInflationGenerator.
//
// Touches: what the implementation touches.
// Threads: builds that run at once may call one renderer at once.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "weir/base/context.h"
#include "weir/kustomize/file_system.h"

namespace weir::kustomize {

// The arguments of `helm template`.
struct ChartRequest {
  std::string folder;               // Of the chart, in the FileSystem.
  std::string release_name;         // Empty: none is given.
  std::string name_template;        // Empty: none.
  std::string name_space;           // Empty: the environment's.
  std::vector<std::string> values;  // The texts of -f, in order.
  std::vector<std::string> api_versions;
  std::string kube_version;
  bool include_crds = false;
  bool skip_tests = false;
  bool skip_hooks = false;
};

// The arguments of `helm pull`.
struct ChartPull {
  std::string name;
  std::string repository;   // A URL.
  std::string version;      // Empty: the latest.
  bool devel = false;       // Versions that are not released yet, too.
  std::string config_home;  // Of helm; empty: none is used.
  // On disk; the chart is to be in its folder `name`.
  std::string into;
};

class ChartRenderer {
 public:
  virtual ~ChartRenderer() = default;
  // The YAML text that the chart renders to.
  virtual absl::StatusOr<std::string> Render(const Context& ctx,
                                             const FileSystem& files,
                                             const ChartRequest& request) = 0;
  virtual absl::Status Pull(const Context& ctx, const ChartPull& pull) = 0;
};

}  // namespace weir::kustomize
