// RemoteCluster is a cluster beside the one that a controller runs in: the
// embedded API server, reached over HTTP by a kubeconfig.
//
// Touches: process (threads), network (one loopback socket).
// Threads: safe to share.
#pragma once

#include <string>
#include <vector>

#include "tests/support/embedded_cluster.h"
#include "tests/support/transport_server.h"
#include "weir/base/mutex.h"

namespace weir::test {

class RemoteCluster {
 public:
  RemoteCluster();

  // Logs in with a token of this name. The text differs for each.
  std::string Kubeconfig(const std::string& user = "robot") const;
  // A Secret "remote" of the namespace "ns" that holds it under `key`.
  std::string KubeconfigSecret(const std::string& user = "robot",
                               const std::string& key = "value") const;

  EmbeddedCluster& api() { return cluster_; }
  // Refuses whoever acts as this user from now on; "" is nobody.
  void Deny(const std::string& user);
  // Refuses lists and watches of more than one namespace from now on.
  void DenyWide();
  // "token as user" of each who asked so far, without repetitions.
  std::vector<std::string> callers() const;

 private:
  std::optional<http::ServerResponse> Filter(
      const http::ServerRequest& request);

  EmbeddedCluster cluster_;
  mutable Mutex mu_;
  std::string denied_ ABSL_GUARDED_BY(mu_);
  bool denies_wide_ ABSL_GUARDED_BY(mu_) = false;
  std::vector<std::string> callers_ ABSL_GUARDED_BY(mu_);
  TransportServer server_;  // Last: it uses the rest.
};

}  // namespace weir::test
