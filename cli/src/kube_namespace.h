// The namespace that a kubeconfig's context names, read without all that a
// connection needs.
//
// Touches: files (kubeconfigs, the service account), process (environment).
// Threads: one thread.
#pragma once

#include <string>

namespace weir::cli {

// `kubeconfig`: the flag; empty: KUBECONFIG's files, then ~/.kube/config.
// `context`: empty: the current one. Without a kubeconfig, the Pod's namespace.
// "default" when nothing says another, or a file cannot be read.
std::string KubeNamespace(const std::string& kubeconfig,
                          const std::string& context);

}  // namespace weir::cli
