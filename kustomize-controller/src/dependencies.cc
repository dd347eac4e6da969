#include <algorithm>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "src/pass.h"

namespace weir::kustomize_controller {

using consumer::UnmetDependency;

std::optional<UnmetDependency> FindUnmetDependency(
    const Context& ctx, const Environment& environment, const Plan& plan,
    const std::string& revision) {
  const bool is_additive = environment.IsEnabled("AdditiveCELDependencyCheck");
  for (size_t i = 0; i < plan.dependencies.size(); ++i) {
    const kube::ObjectKey& key = plan.dependencies[i];
    const std::string name =
        absl::StrCat("dependency '", key.name_space, "/", key.name, "'");
    const absl::StatusOr<Value> object = consumer::ReadDependency(
        ctx, environment.manager, *environment.controller, KustomizationKind(),
        "kustomizations", key);
    if (!object.ok()) {
      return UnmetDependency{
          absl::StrCat(name, " not found: ", object.status().message())};
    }
    const std::string& ready_expr =
        plan.spec.depends_on(static_cast<int>(i)).ready_expr();
    if (!ready_expr.empty()) {
      auto unmet =
          consumer::EvaluateReady(ready_expr, plan.object, key, *object);
      if (unmet.has_value()) return unmet;
      if (!is_additive) continue;
    }
    if (!consumer::IsReadyAndObserved(*object)) {
      return UnmetDependency{absl::StrCat(name, " is not ready")};
    }
    if (ReferencesOf(*object).source == plan.source &&
        (*object)["status"].GetString("lastAppliedRevision") != revision) {
      return UnmetDependency{absl::StrCat(name, " revision is not up to date")};
    }
  }
  return std::nullopt;
}

}  // namespace weir::kustomize_controller
