// ClusterFacts is what templates may ask of the cluster: its version, the APIs
// it serves, and its objects.
//
// Touches: network, through the client.
// Threads: safe to share.
#pragma once

#include <memory>
#include <optional>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "weir/base/context.h"
#include "weir/base/mutex.h"
#include "weir/helm/capabilities.h"
#include "weir/kube/client.h"
#include "weir/value/value.h"

namespace weir::helm_controller {

class ClusterFacts {
 public:
  // The client must outlive it.
  explicit ClusterFacts(const kube::Client& client);

  // Kept until the discovered APIs change.
  absl::StatusOr<helm::Capabilities> Get(const Context& ctx);

 private:
  const kube::Client& client_;
  Mutex mu_;
  std::optional<helm::Capabilities> known_ ABSL_GUARDED_BY(mu_);
  const std::shared_ptr<void> invalidation_;  // Last: its callback uses these.
};

// What `lookup` finds: an object, or a list of them when `name` is empty; an
// empty object when there is none.
absl::StatusOr<Value> LookUp(const Context& ctx, const kube::Client& client,
                             absl::string_view api_version,
                             absl::string_view kind,
                             absl::string_view name_space,
                             absl::string_view name);

}  // namespace weir::helm_controller
