// ReferenceIndex knows which Kustomizations name a source, a dependency, a
// ConfigMap or a Secret.
//
// Touches: nothing.
// Threads: safe to share.
#pragma once

#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "src/plan.h"
#include "weir/artifact/artifact.h"
#include "weir/base/mutex.h"
#include "weir/kube/types.h"
#include "weir/reconcile/reference_map.h"

namespace weir::kustomize_controller {

class ReferenceIndex {
 public:
  // Replaces what was known of `referrer`; default References: forgets it.
  void Update(const kube::ObjectKey& referrer, const References& references);

  // By key.
  std::vector<kube::ObjectKey> FindBySource(
      const artifact::SourceKey& source) const;
  std::vector<kube::ObjectKey> FindByDependency(
      const kube::ObjectKey& dependency) const;
  // By kind ("ConfigMap") and key.
  std::vector<kube::ObjectKey> FindByConfig(const std::string& kind,
                                            const kube::ObjectKey& key) const;

  // The keys so that each comes after those of them it depends on, otherwise
  // as they were. Members of a cycle come last.
  std::vector<kube::ObjectKey> Order(
      const std::vector<kube::ObjectKey>& keys) const;

 private:
  reconcile::ReferenceMap map_;
  mutable Mutex mu_;
  absl::flat_hash_map<kube::ObjectKey, std::vector<kube::ObjectKey>>
      dependencies_ ABSL_GUARDED_BY(mu_);
};

}  // namespace weir::kustomize_controller
