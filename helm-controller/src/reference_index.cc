#include "src/reference_index.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace weir::helm_controller {
namespace {

using reconcile::ReferenceMap;

std::string SourceTarget(const artifact::SourceKey& source) {
  return ReferenceMap::Target(absl::StrCat("source/", source.kind),
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
    targets.push_back(ReferenceMap::Target("dependency", key));
  }
  for (const kube::ObjectRef& ref : references.configs) {
    targets.push_back(ReferenceMap::Target(ref.gvk.kind, ref.key));
  }
  if (!references.storage.name.empty()) {
    targets.push_back(ReferenceMap::Target("storage", references.storage));
  }
  map_.Update(referrer, std::move(targets));
}

std::vector<kube::ObjectKey> ReferenceIndex::FindBySource(
    const artifact::SourceKey& source) const {
  return map_.Find(SourceTarget(source));
}

std::vector<kube::ObjectKey> ReferenceIndex::FindByDependency(
    const kube::ObjectKey& dependency) const {
  return map_.Find(ReferenceMap::Target("dependency", dependency));
}

std::vector<kube::ObjectKey> ReferenceIndex::FindByStorage(
    const kube::ObjectKey& release) const {
  return map_.Find(ReferenceMap::Target("storage", release));
}

std::vector<kube::ObjectKey> ReferenceIndex::FindByConfig(
    const std::string& kind, const kube::ObjectKey& key) const {
  return map_.Find(ReferenceMap::Target(kind, key));
}

}  // namespace weir::helm_controller
