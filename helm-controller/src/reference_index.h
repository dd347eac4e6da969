// ReferenceIndex knows which HelmReleases name a source, a dependency, a
// ConfigMap or a Secret.
//
// Touches: nothing.
// Threads: safe to share.
#pragma once

#include <string>
#include <vector>

#include "src/plan.h"
#include "weir/reconcile/reference_map.h"

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
  std::vector<kube::ObjectKey> FindByConfig(const std::string& kind,
                                            const kube::ObjectKey& key) const;

 private:
  reconcile::ReferenceMap map_;
};

}  // namespace weir::helm_controller
