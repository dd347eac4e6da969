#include "src/reference_index.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace weir::helm_controller {
namespace {

std::string Target(absl::string_view role, const kube::ObjectKey& key) {
  return absl::StrCat(role, "/", key.name_space, "/", key.name);
}

std::string SourceTarget(const artifact::SourceKey& source) {
  return Target(absl::StrCat("source/", source.kind),
                {source.name_space, source.name});
}

}  // namespace

void ReferenceIndex::Update(const kube::ObjectKey& referrer,
                            const References& references) {
  std::vector<std::string> targets;
  if (!references.source.name.empty()) {
    targets.push_back(SourceTarget(references.source));
  }
  for (const kube::ObjectKey& key : references.dependencies) {
    targets.push_back(Target("dependency", key));
  }
  for (const kube::ObjectRef& ref : references.values) {
    targets.push_back(Target(ref.gvk.kind, ref.key));
  }
  if (!references.storage.name.empty()) {
    targets.push_back(Target("storage", references.storage));
  }
  MutexLock lock(mu_);
  const auto known = targets_.find(referrer);
  if (known != targets_.end()) {
    for (const std::string& target : known->second) {
      const auto found = referrers_.find(target);
      if (found == referrers_.end()) continue;
      found->second.erase(referrer);
      if (found->second.empty()) referrers_.erase(found);
    }
    targets_.erase(known);
  }
  if (targets.empty()) return;
  for (const std::string& target : targets) referrers_[target].insert(referrer);
  targets_[referrer] = std::move(targets);
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
  return Find(SourceTarget(source));
}

std::vector<kube::ObjectKey> ReferenceIndex::FindByDependency(
    const kube::ObjectKey& dependency) const {
  return Find(Target("dependency", dependency));
}

std::vector<kube::ObjectKey> ReferenceIndex::FindByStorage(
    const kube::ObjectKey& release) const {
  return Find(Target("storage", release));
}

std::vector<kube::ObjectKey> ReferenceIndex::FindByValues(
    const std::string& kind, const kube::ObjectKey& key) const {
  return Find(Target(kind, key));
}

}  // namespace weir::helm_controller
