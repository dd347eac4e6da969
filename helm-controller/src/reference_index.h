// ReferenceIndex knows which HelmReleases name a source, a dependency, a
// ConfigMap or a Secret.
//
// Touches: nothing.
// Threads: safe to share.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "src/plan.h"
#include "weir/base/mutex.h"

namespace weir::helm_controller {

class ReferenceIndex {
 public:
  // Replaces what was known of `referrer`; default References: forgets it.
  void Update(const kube::ObjectKey& referrer, const References& references);

  std::vector<kube::ObjectKey> FindBySource(
      const artifact::SourceKey& source) const;
  std::vector<kube::ObjectKey> FindByDependency(
      const kube::ObjectKey& dependency) const;
  // By the namespace and the name that the release is kept under.
  std::vector<kube::ObjectKey> FindByStorage(
      const kube::ObjectKey& release) const;
  // By kind ("ConfigMap") and key.
  std::vector<kube::ObjectKey> FindByValues(const std::string& kind,
                                            const kube::ObjectKey& key) const;

 private:
  std::vector<kube::ObjectKey> Find(const std::string& target) const;

  mutable Mutex mu_;
  absl::flat_hash_map<std::string, std::set<kube::ObjectKey>> referrers_
      ABSL_GUARDED_BY(mu_);
  absl::flat_hash_map<kube::ObjectKey, std::vector<std::string>> targets_
      ABSL_GUARDED_BY(mu_);
};

}  // namespace weir::helm_controller
