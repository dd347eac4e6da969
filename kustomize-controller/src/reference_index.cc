#include "src/reference_index.h"

#include <algorithm>
#include <deque>
#include <utility>

#include "absl/container/flat_hash_set.h"

namespace weir::kustomize_controller {
namespace {

using reconcile::ReferenceMap;

constexpr char kDependency[] = "Kustomization";

}  // namespace

void ReferenceIndex::Update(const kube::ObjectKey& referrer,
                            const References& references) {
  std::vector<std::string> targets;
  if (!references.source.name.empty()) {
    targets.push_back(FormatSource(references.source));
  }
  for (const kube::ObjectKey& key : references.dependencies) {
    targets.push_back(ReferenceMap::Target(kDependency, key));
  }
  for (const kube::ObjectRef& ref : references.configs) {
    targets.push_back(ReferenceMap::Target(ref.gvk.kind, ref.key));
  }
  map_.Update(referrer, std::move(targets));
  MutexLock lock(mu_);
  if (references.dependencies.empty()) {
    dependencies_.erase(referrer);
  } else {
    dependencies_[referrer] = references.dependencies;
  }
}

std::vector<kube::ObjectKey> ReferenceIndex::FindBySource(
    const artifact::SourceKey& source) const {
  return map_.Find(FormatSource(source));
}

std::vector<kube::ObjectKey> ReferenceIndex::FindByDependency(
    const kube::ObjectKey& dependency) const {
  return map_.Find(ReferenceMap::Target(kDependency, dependency));
}

std::vector<kube::ObjectKey> ReferenceIndex::FindByConfig(
    const std::string& kind, const kube::ObjectKey& key) const {
  return map_.Find(ReferenceMap::Target(kind, key));
}

std::vector<kube::ObjectKey> ReferenceIndex::Order(
    const std::vector<kube::ObjectKey>& keys) const {
  absl::flat_hash_set<kube::ObjectKey> members(keys.begin(), keys.end());
  absl::flat_hash_map<kube::ObjectKey, int> open_dependencies;
  absl::flat_hash_map<kube::ObjectKey, std::vector<kube::ObjectKey>> dependents;
  {
    MutexLock lock(mu_);
    for (const kube::ObjectKey& key : keys) {
      const auto found = dependencies_.find(key);
      if (found == dependencies_.end()) continue;
      for (const kube::ObjectKey& dependency : found->second) {
        if (!members.contains(dependency)) continue;
        ++open_dependencies[key];
        dependents[dependency].push_back(key);
      }
    }
  }
  std::vector<kube::ObjectKey> ordered;
  std::deque<kube::ObjectKey> free;
  for (const kube::ObjectKey& key : keys) {
    if (open_dependencies[key] == 0) free.push_back(key);
  }
  while (!free.empty()) {
    const kube::ObjectKey key = free.front();
    free.pop_front();
    ordered.push_back(key);
    members.erase(key);
    for (const kube::ObjectKey& dependent : dependents[key]) {
      if (--open_dependencies[dependent] == 0) free.push_back(dependent);
    }
  }
  for (const kube::ObjectKey& key : keys) {
    if (members.contains(key)) ordered.push_back(key);
  }
  return ordered;
}

}  // namespace weir::kustomize_controller
