#include <algorithm>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "src/pass.h"
#include "weir/kube/conditions.h"
#include "weir/reconcile/status_writer.h"

namespace weir::kustomize_controller {
namespace {

bool IsReady(const Value& object) {
  return object["status"].GetInt("observedGeneration", -1) ==
             reconcile::GenerationOf(object) &&
         kube::IsConditionTrue(object, reconcile::kReady);
}

// The dependency, from the controller's cache where that sees it.
absl::StatusOr<Value> ReadDependency(const Context& ctx,
                                     const Environment& environment,
                                     const kube::ObjectKey& key) {
  const Value cached = environment.controller->Get(key);
  if (!cached.is_null()) return cached;
  const reconcile::ManagerOptions& options = environment.manager.options();
  const bool sees_all =
      options.label_selector.empty() &&
      (options.name_space.empty() || options.name_space == key.name_space);
  if (!sees_all) {
    return environment.manager.client().Get(ctx, {KustomizationKind(), key});
  }
  return absl::NotFoundError(
      absl::StrCat("kustomizations.", kGroup, " \"", key.name, "\" not found"));
}

}  // namespace

std::optional<std::string> FindUnmetDependency(const Context& ctx,
                                               const Environment& environment,
                                               const Plan& plan,
                                               const std::string& revision) {
  for (const kube::ObjectKey& key : plan.dependencies) {
    const std::string name =
        absl::StrCat("dependency '", key.name_space, "/", key.name, "'");
    const absl::StatusOr<Value> object = ReadDependency(ctx, environment, key);
    if (!object.ok()) {
      return absl::StrCat(name, " not found: ", object.status().message());
    }
    if (!IsReady(*object)) return absl::StrCat(name, " is not ready");
    if (ReferencesOf(*object).source == plan.source &&
        (*object)["status"].GetString("lastAppliedRevision") != revision) {
      return absl::StrCat(name, " revision is not up to date");
    }
  }
  return std::nullopt;
}

}  // namespace weir::kustomize_controller
