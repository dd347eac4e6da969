#include "src/receivers/target_store.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "weir/base/status.h"

namespace weir::notification_controller {
namespace {

constexpr size_t kMaxKinds = 64;
constexpr char kLastApplied[] =
    "kubectl.kubernetes.io/last-applied-configuration";

Value WithoutBallast(Value object) {
  Value* metadata = object.FindMutable("metadata");
  if (metadata == nullptr || !metadata->is_object()) return object;
  metadata->Erase("managedFields");
  Value* annotations = metadata->FindMutable("annotations");
  if (annotations != nullptr && annotations->Has(kLastApplied)) {
    annotations->Erase(kLastApplied);
  }
  return object;
}

Value MetadataOf(const kube::GroupVersionKind& gvk, const Value& object) {
  return Value::MakeObject({{"apiVersion", gvk.ApiVersion()},
                            {"kind", gvk.kind},
                            {"metadata", object["metadata"]}});
}

bool HasLabels(const Value& object,
               const std::map<std::string, std::string>& labels) {
  const Value& own = object["metadata"]["labels"];
  return std::all_of(labels.begin(), labels.end(), [&own](const auto& label) {
    const Value* value = own.Find(label.first);
    return value != nullptr && value->is_string() &&
           value->AsString() == label.second;
  });
}

}  // namespace

void TargetStore::Watch(const kube::GroupVersionKind& gvk) {
  MutexLock lock(mu_);
  if (gvk.version.empty() || caches_.size() == kMaxKinds ||
      caches_.find(gvk) != caches_.end()) {
    return;
  }
  kube::InformerOptions options;
  options.gvk = gvk;
  options.name_space = manager_.options().name_space;
  options.metadata_only = true;
  options.transform = WithoutBallast;
  caches_[gvk] =
      std::make_shared<kube::Informer>(manager_.client(), manager_.tasks(),
                                       std::move(options), manager_.logger());
}

std::shared_ptr<const kube::Informer> TargetStore::FindCache(
    const Target& target) const {
  const std::string& seen = manager_.options().name_space;
  if (!seen.empty() && seen != target.key.name_space) return nullptr;
  MutexLock lock(mu_);
  const auto found = caches_.find(target.gvk);
  if (found == caches_.end() || !found->second->HasSynced()) return nullptr;
  return found->second;
}

absl::StatusOr<std::vector<Value>> TargetStore::FindOne(
    const Context& ctx, const Target& target,
    const kube::Informer* cache) const {
  absl::StatusOr<Value> object =
      absl::NotFoundError(absl::StrCat(target.gvk.kind, ".", target.gvk.group,
                                       " \"", target.key.name, "\" not found"));
  if (cache == nullptr) {
    object = manager_.client().Get(ctx, {target.gvk, target.key});
  } else if (const auto cached = cache->Get(target.key)) {
    object = *cached;
  }
  WEIR_RETURN_IF_ERROR(object, "unable to read ", target.gvk.kind, " \"",
                       target.key.ToString(), "\" error");
  return std::vector<Value>{MetadataOf(target.gvk, *object)};
}

absl::StatusOr<std::vector<Value>> TargetStore::FindMany(
    const Context& ctx, const Target& target,
    const kube::Informer* cache) const {
  std::vector<Value> all;
  if (cache != nullptr) {
    all = cache->List();
  } else {
    kube::ListOptions options;
    options.metadata_only = true;
    options.label_selector =
        absl::StrJoin(*target.labels, ",", absl::PairFormatter("="));
    WEIR_ASSIGN_OR_RETURN(
        const Value list,
        manager_.client().List(ctx, target.gvk, target.key.name_space, options),
        "failed listing resources in namespace \"", target.key.name_space,
        "\" by matching labels");
    all = list["items"].array();
  }
  std::vector<Value> out;
  for (const Value& object : all) {
    if (object["metadata"].GetString("namespace") == target.key.name_space &&
        HasLabels(object, *target.labels)) {
      out.push_back(MetadataOf(target.gvk, object));
    }
  }
  return out;
}

absl::StatusOr<std::vector<Value>> TargetStore::Find(
    const Context& ctx, const Target& target) const {
  WEIR_RETURN_IF_ERROR(target.refusal);
  const std::shared_ptr<const kube::Informer> cache = FindCache(target);
  return target.is_many() ? FindMany(ctx, target, cache.get())
                          : FindOne(ctx, target, cache.get());
}

}  // namespace weir::notification_controller
