// TargetStore knows the objects that webhooks may be for: their metadata, by a
// watch of each kind that a Receiver names.
//
// Touches: network, through the client.
// Threads: safe to share.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "src/receivers/receiver_plan.h"
#include "weir/base/context.h"
#include "weir/base/mutex.h"
#include "weir/kube/informer.h"
#include "weir/kube/types.h"
#include "weir/reconcile/manager.h"
#include "weir/value/value.h"

namespace weir::notification_controller {

class TargetStore {
 public:
  // `manager` must outlive it.
  explicit TargetStore(reconcile::Manager& manager) : manager_(manager) {}

  // Watches the kind from now on. Of at most 64 kinds: what is not watched is
  // asked for when it is needed.
  void Watch(const kube::GroupVersionKind& gvk);

  // The objects of a target: apiVersion, kind, metadata.
  // Errors: kNotFound for one that is not there; those of the client.
  absl::StatusOr<std::vector<Value>> Find(const Context& ctx,
                                          const Target& target) const;

 private:
  // The cache that has all of a target, or null.
  std::shared_ptr<const kube::Informer> FindCache(const Target& target) const;
  absl::StatusOr<std::vector<Value>> FindOne(const Context& ctx,
                                             const Target& target,
                                             const kube::Informer* cache) const;
  absl::StatusOr<std::vector<Value>> FindMany(
      const Context& ctx, const Target& target,
      const kube::Informer* cache) const;

  reconcile::Manager& manager_;
  mutable Mutex mu_;
  std::map<kube::GroupVersionKind, std::shared_ptr<kube::Informer>> caches_
      ABSL_GUARDED_BY(mu_);
};

}  // namespace weir::notification_controller
