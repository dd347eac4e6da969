// ObjectLabels tells the labels of objects that events are about, from watches
// that begin with the first object of a kind that is there.
//
// Touches: network (API server).
// Threads: safe to share.
#pragma once

#include <map>
#include <memory>

#include "absl/status/statusor.h"
#include "src/event.h"
#include "weir/base/context.h"
#include "weir/base/mutex.h"
#include "weir/kube/informer.h"
#include "weir/reconcile/manager.h"
#include "weir/value/value.h"

namespace weir::notification_controller {

class ObjectLabels {
 public:
  // `manager` must outlive it.
  explicit ObjectLabels(reconcile::Manager& manager) : manager_(manager) {}

  // Errors: the client's.
  absl::StatusOr<Value> Get(const Context& ctx, const ObjectReference& object);

 private:
  // Null for kinds that are not watched.
  std::shared_ptr<kube::Informer> FindWatch(const kube::GroupVersionKind& gvk);
  void Watch(const kube::GroupVersionKind& gvk);

  reconcile::Manager& manager_;
  Mutex mu_;
  std::map<kube::GroupVersionKind, std::shared_ptr<kube::Informer>> watches_
      ABSL_GUARDED_BY(mu_);
};

}  // namespace weir::notification_controller
