// EmbeddedCluster is the embedded API server in memory, with our CRDs and the
// namespace "ns", as a transport that notes the requests it carries.
//
// Touches: process (the server's threads).
// Threads: safe to share.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "weir/apiserver/server.h"
#include "weir/base/mutex.h"
#include "weir/kube/client.h"
#include "weir/kube/transport.h"
#include "weir/kube/types.h"
#include "weir/value/value.h"

namespace weir::test {

class EmbeddedCluster : public kube::Transport {
 public:
  // Failures end the test program.
  EmbeddedCluster();

  void Send(const Context& ctx, kube::Request request, Done done) override;
  std::unique_ptr<kube::WatchStream> Watch(kube::Request request,
                                           kube::WatchHandler handler) override;

  // What a user does; not noted. Put is a server-side apply as "user".
  Value Put(const Value& object);
  void Delete(const kube::ObjectRef& ref);
  Value Patch(const kube::ObjectRef& ref, const Value& merge_patch,
              const std::string& subresource = "");
  std::optional<Value> Find(const kube::ObjectRef& ref) const;

  // Writes so far, and reads of single objects: "PATCH
  // /apis/g/v1/namespaces/a/things/b/status".
  std::vector<std::string> requests() const;

 private:
  std::unique_ptr<apiserver::Server> server_;
  std::shared_ptr<kube::Transport> inner_;
  std::unique_ptr<kube::Client> user_;
  mutable Mutex mu_;
  std::vector<std::string> requests_ ABSL_GUARDED_BY(mu_);
};

}  // namespace weir::test
