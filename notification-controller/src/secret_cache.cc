#include "src/secret_cache.h"

#include <optional>
#include <utility>

#include "weir/base/status.h"

namespace weir::notification_controller {
namespace {

const kube::GroupVersionKind& SecretKind() {
  static const auto* const kind =
      new kube::GroupVersionKind{"", "v1", "Secret"};
  return *kind;
}

std::string VersionOf(const Value& object) {
  return std::string(object["metadata"].GetString("resourceVersion"));
}

// What tells a Secret and its state.
Value KeepIdentity(const Value& object) {
  const Value& metadata = object["metadata"];
  return Value::MakeObject(
      {{"metadata", Value::MakeObject(
                        {{"name", metadata["name"]},
                         {"namespace", metadata["namespace"]},
                         {"resourceVersion", metadata["resourceVersion"]}})}});
}

}  // namespace

SecretCache::SecretCache(reconcile::Manager& manager) : manager_(manager) {}

SecretCache::~SecretCache() = default;

std::shared_ptr<kube::Informer> SecretCache::WatchOf(
    const std::string& name_space) {
  std::shared_ptr<kube::Informer>& watch = watches_[name_space];
  if (watch != nullptr) return watch;
  kube::InformerOptions options;
  options.gvk = SecretKind();
  options.name_space = name_space;
  options.metadata_only = true;
  options.transform = KeepIdentity;
  watch =
      std::make_shared<kube::Informer>(manager_.client(), manager_.tasks(),
                                       std::move(options), manager_.logger());
  return watch;
}

void SecretCache::Forget(const std::string& name_space) {
  std::shared_ptr<kube::Informer> watch;  // Ends without the lock.
  MutexLock lock(mu_);
  const auto known = watches_.find(name_space);
  if (known == watches_.end()) return;
  watch = std::move(known->second);
  watches_.erase(known);
  auto entry = entries_.lower_bound({name_space, ""});
  while (entry != entries_.end() && entry->first.name_space == name_space) {
    entry = entries_.erase(entry);
  }
}

absl::StatusOr<std::shared_ptr<const kube::SecretData>> SecretCache::Get(
    const Context& ctx, const kube::ObjectKey& key) {
  std::shared_ptr<kube::Informer> watch;
  {
    MutexLock lock(mu_);
    watch = WatchOf(key.name_space);
    const auto entry = entries_.find(key);
    if (entry != entries_.end() && watch->health().ok()) {
      const std::optional<Value> known = watch->Get(key);
      if (known.has_value() && VersionOf(*known) == entry->second.version) {
        return entry->second.data;
      }
    }
  }
  absl::StatusOr<Value> object =
      manager_.client().Get(ctx, {SecretKind(), key});
  if (!object.ok()) {
    MutexLock lock(mu_);
    entries_.erase(key);
    return object.status();
  }
  WEIR_ASSIGN_OR_RETURN(kube::SecretData data, kube::ReadSecretData(*object));
  auto shared = std::make_shared<const kube::SecretData>(std::move(data));
  MutexLock lock(mu_);
  entries_.insert_or_assign(key, Entry{VersionOf(*object), shared});
  return shared;
}

}  // namespace weir::notification_controller
