#include "src/object_labels.h"

#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "weir/base/status.h"

namespace weir::notification_controller {
namespace {

// Anybody may send an event that names any kind.
constexpr size_t kMaxWatches = 32;

Value KeepLabels(const Value& object) {
  const Value& metadata = object["metadata"];
  return Value::MakeObject(
      {{"metadata",
        Value::MakeObject({{"name", metadata["name"]},
                           {"namespace", metadata["namespace"]},
                           {"resourceVersion", metadata["resourceVersion"]},
                           {"labels", metadata["labels"]}})}});
}

}  // namespace

std::shared_ptr<kube::Informer> ObjectLabels::FindWatch(
    const kube::GroupVersionKind& gvk) {
  MutexLock lock(mu_);
  const auto known = watches_.find(gvk);
  return known == watches_.end() ? nullptr : known->second;
}

void ObjectLabels::Watch(const kube::GroupVersionKind& gvk) {
  MutexLock lock(mu_);
  if (!absl::EndsWith(gvk.group, ".fluxcd.io") ||
      watches_.size() == kMaxWatches || watches_.count(gvk) > 0) {
    return;
  }
  kube::InformerOptions options;
  options.gvk = gvk;
  options.name_space = manager_.options().name_space;
  options.metadata_only = true;
  options.transform = KeepLabels;
  watches_.emplace(gvk, std::make_shared<kube::Informer>(
                            manager_.client(), manager_.tasks(),
                            std::move(options), manager_.logger()));
}

absl::StatusOr<Value> ObjectLabels::Get(const Context& ctx,
                                        const ObjectReference& object) {
  const std::string group = object.Group();
  const std::string version = group.empty()
                                  ? object.api_version
                                  : object.api_version.substr(group.size() + 1);
  const kube::GroupVersionKind gvk{group, version, object.kind};
  const kube::ObjectKey key{object.name_space, object.name};
  const std::shared_ptr<kube::Informer> watch = FindWatch(gvk);
  if (watch != nullptr && watch->HasSynced() && watch->health().ok()) {
    const std::optional<Value> known = watch->Get(key);
    if (known.has_value()) return (*known)["metadata"]["labels"];
  }
  // Perhaps it is newer than the watch knows.
  WEIR_ASSIGN_OR_RETURN(const Value found,
                        manager_.client().Get(ctx, {gvk, key}));
  // Only now it is sure that there is such a kind.
  if (watch == nullptr) Watch(gvk);
  return found["metadata"]["labels"];
}

}  // namespace weir::notification_controller
