// ReferenceMap knows which objects of a controller name which targets, such as
// a source or a ConfigMap: who is concerned when one of them changes.
//
// Touches: nothing.
// Threads: safe to share.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "weir/base/mutex.h"
#include "weir/kube/types.h"

namespace weir::reconcile {

class ReferenceMap {
 public:
  // "<role>/<namespace>/<name>": a target. The role tells apart what may have
  // equal names, such as a kind.
  static std::string Target(absl::string_view role, const kube::ObjectKey& key);

  // Replaces what was known of `referrer`; no targets: forgets it.
  void Update(const kube::ObjectKey& referrer,
              std::vector<std::string> targets);

  // By key.
  std::vector<kube::ObjectKey> Find(const std::string& target) const;

 private:
  mutable Mutex mu_;
  absl::flat_hash_map<std::string, std::set<kube::ObjectKey>> referrers_
      ABSL_GUARDED_BY(mu_);
  absl::flat_hash_map<kube::ObjectKey, std::vector<std::string>> targets_
      ABSL_GUARDED_BY(mu_);
};

}  // namespace weir::reconcile
