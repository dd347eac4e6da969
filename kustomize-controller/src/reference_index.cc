#include "src/reference_index.h"

#include <algorithm>
#include <deque>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"

namespace weir::kustomize_controller {
namespace {

std::string DependencyTarget(const kube::ObjectKey& key) {
  return absl::StrCat("Kustomization/", key.name_space, "/", key.name);
}
std::string VariablesTarget(const std::string& kind,
                            const kube::ObjectKey& key) {
  return absl::StrCat(kind, "/", key.name_space, "/", key.name);
}

}  // namespace

void ReferenceIndex::Update(const kube::ObjectKey& referrer,
                            const References& references) {
  std::vector<std::string> targets;
  if (!references.source.name.empty()) {
    targets.push_back(FormatSource(references.source));
  }
  for (const kube::ObjectKey& key : references.dependencies) {
    targets.push_back(DependencyTarget(key));
  }
  for (const kube::ObjectRef& ref : references.variables) {
    targets.push_back(VariablesTarget(ref.gvk.kind, ref.key));
  }
  MutexLock lock(mu_);
  for (const std::string& target : targets_[referrer]) {
    const auto found = referrers_.find(target);
    if (found == referrers_.end()) continue;
    found->second.erase(referrer);
    if (found->second.empty()) referrers_.erase(found);
  }
  for (const std::string& target : targets) {
    referrers_[target].insert(referrer);
  }
  if (references.dependencies.empty()) {
    dependencies_.erase(referrer);
  } else {
    dependencies_[referrer] = references.dependencies;
  }
  if (targets.empty()) {
    targets_.erase(referrer);
  } else {
    targets_[referrer] = std::move(targets);
  }
}

std::vector<kube::ObjectKey> ReferenceIndex::Find(
    const std::string& target) const {
  MutexLock lock(mu_);
  const auto found = referrers_.find(target);
  if (found == referrers_.end()) return {};
  return {found->second.begin(), found->second.end()};
}

std::vector<kube::ObjectKey> ReferenceIndex::FindBySource(
    const artifact::SourceKey& source) const {
  return Find(FormatSource(source));
}

std::vector<kube::ObjectKey> ReferenceIndex::FindByDependency(
    const kube::ObjectKey& dependency) const {
  return Find(DependencyTarget(dependency));
}

std::vector<kube::ObjectKey> ReferenceIndex::FindByVariables(
    const std::string& kind, const kube::ObjectKey& key) const {
  return Find(VariablesTarget(kind, key));
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
