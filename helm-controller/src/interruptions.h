// Interruptions remembers which ConfigMaps and Secrets changed since a
// HelmRelease read its values.
//
// Touches: nothing.
// Threads: safe to share.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "weir/base/mutex.h"
#include "weir/kube/types.h"

namespace weir::helm_controller {

class Interruptions {
 public:
  // `what`: "Secret/ns/name".
  void Note(const kube::ObjectKey& release, std::string what) {
    MutexLock lock(mu_);
    noted_[release] = std::move(what);
  }
  void Clear(const kube::ObjectKey& release) {
    MutexLock lock(mu_);
    noted_.erase(release);
  }
  // The last since Clear.
  std::optional<std::string> Find(const kube::ObjectKey& release) const {
    MutexLock lock(mu_);
    const auto found = noted_.find(release);
    if (found == noted_.end()) return std::nullopt;
    return found->second;
  }

 private:
  mutable Mutex mu_;
  absl::flat_hash_map<kube::ObjectKey, std::string> noted_ ABSL_GUARDED_BY(mu_);
};

}  // namespace weir::helm_controller
