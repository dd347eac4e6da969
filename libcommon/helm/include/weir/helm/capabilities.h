// Capabilities are what templates may ask of the cluster: `.Capabilities`.
//
// Touches: nothing (pure value types).
// Threads: as values.
// Source: Helm v4.2.4, pkg/chart/common.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace weir::helm {

struct KubeVersion {
  std::string version;     // "v1.33.4-gke.1245000"
  std::string normalized;  // "v1.33.4"; empty: as `version`.
  std::string major;
  std::string minor;
};

// Takes "1.33" and "v1.33.4-gke.1".
// Errors: kInvalidArgument, in the words of Kubernetes' version parser.
absl::StatusOr<KubeVersion> ParseKubeVersion(absl::string_view text);

struct Capabilities {
  KubeVersion kube_version;
  std::vector<std::string> api_versions;  // "apps/v1", "apps/v1/Deployment"
  // Of the Helm that we stand for.
  std::string helm_version;
  std::string git_commit;
  std::string git_tree_state;
  std::string go_version;
  std::string kube_client_version;
};

// Those of Helm v4.2.4 without a cluster.
Capabilities DefaultCapabilities();

}  // namespace weir::helm
