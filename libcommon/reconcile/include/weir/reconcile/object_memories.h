// ObjectMemories keeps what a reconciler remembers of each object between its
// calls, such as a pass that waits.
//
// Touches: nothing.
// Threads: safe to share; what is remembered of one object is guarded by
// whoever works on that object.
#pragma once

#include <memory>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "weir/base/mutex.h"
#include "weir/kube/types.h"

namespace weir::reconcile {

// Memory: what is remembered of one object; made empty when first asked for.
template <typename Memory>
class ObjectMemories {
 public:
  // Never null.
  std::shared_ptr<Memory> Of(const kube::ObjectKey& key) {
    MutexLock lock(mu_);
    std::shared_ptr<Memory>& memory = memories_[key];
    if (memory == nullptr) memory = std::make_shared<Memory>();
    return memory;
  }

  // Null where nothing is remembered.
  std::shared_ptr<Memory> Find(const kube::ObjectKey& key) const {
    MutexLock lock(mu_);
    const auto found = memories_.find(key);
    return found == memories_.end() ? nullptr : found->second;
  }

  // Forgets the object, and gives what was remembered, or null.
  std::shared_ptr<Memory> Take(const kube::ObjectKey& key) {
    MutexLock lock(mu_);
    auto node = memories_.extract(key);
    return node.empty() ? nullptr : std::move(node.mapped());
  }

  void Clear() {
    Map memories;  // Ends without the lock: what ends may ask again.
    MutexLock lock(mu_);
    memories.swap(memories_);
  }

 private:
  using Map = absl::flat_hash_map<kube::ObjectKey, std::shared_ptr<Memory>>;

  mutable Mutex mu_;
  Map memories_ ABSL_GUARDED_BY(mu_);
};

}  // namespace weir::reconcile
