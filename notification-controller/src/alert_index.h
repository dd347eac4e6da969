// AlertIndex finds the Alerts that may want an event without looking at all.
//
// Touches: nothing.
// Threads: safe to share.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "src/alert.h"
#include "weir/base/mutex.h"
#include "weir/kube/types.h"

namespace weir::notification_controller {

class AlertIndex {
 public:
  void Update(std::shared_ptr<const Alert> alert);
  void Remove(const kube::ObjectKey& key);

  // Those with a source of the object's namespace and kind, by key.
  std::vector<std::shared_ptr<const Alert>> Find(
      const ObjectReference& object) const;

 private:
  using Place = std::pair<std::string, std::string>;  // Namespace, kind.
  void RemoveLocked(const kube::ObjectKey& key)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  mutable Mutex mu_;
  std::map<kube::ObjectKey, std::shared_ptr<const Alert>> alerts_
      ABSL_GUARDED_BY(mu_);
  std::map<Place, std::map<kube::ObjectKey, std::shared_ptr<const Alert>>>
      places_ ABSL_GUARDED_BY(mu_);
};

}  // namespace weir::notification_controller
