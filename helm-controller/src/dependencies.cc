#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "src/pass.h"

namespace weir::helm_controller {

using consumer::UnmetDependency;

std::optional<UnmetDependency> FindUnmetDependency(
    const Context& ctx, const Environment& environment, const Plan& plan) {
  const bool is_additive = environment.IsEnabled("AdditiveCELDependencyCheck");
  for (size_t i = 0; i < plan.dependencies.size(); ++i) {
    const kube::ObjectKey& key = plan.dependencies[i];
    const absl::StatusOr<Value> object = consumer::ReadDependency(
        ctx, environment.manager, *environment.controller, HelmReleaseKind(),
        "helmreleases", key);
    if (!object.ok()) {
      return UnmetDependency{
          absl::StrCat("unable to get '", key.ToString(),
                       "' dependency: ", object.status().message())};
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
      return UnmetDependency{
          absl::StrCat("dependency '", key.ToString(), "' is not ready")};
    }
  }
  return std::nullopt;
}

}  // namespace weir::helm_controller
