#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "src/pass.h"
#include "weir/cel/cel.h"
#include "weir/kube/conditions.h"
#include "weir/reconcile/status_writer.h"

namespace weir::helm_controller {
namespace {

bool IsReady(const Value& object) {
  return object["status"].GetInt("observedGeneration") ==
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
    return environment.manager.client().Get(ctx, {HelmReleaseKind(), key});
  }
  return absl::NotFoundError(
      absl::StrCat("helmreleases.", kGroup, " \"", key.name, "\" not found"));
}

// What a readyExpr has against a dependency.
std::optional<UnmetDependency> EvaluateReady(const std::string& expression,
                                             const Plan& plan,
                                             const kube::ObjectKey& key,
                                             const Value& dependency) {
  cel::Options options;
  options.is_checked = true;
  options.variables = {"self", "dep"};
  options.output_type = "bool";
  const auto program = cel::Program::Compile(expression, options);
  if (!program.ok()) {
    return UnmetDependency{
        absl::StrCat("terminal error: failed to evaluate dependency ", key.name,
                     ": ", program.status().message()),
        /*is_terminal=*/true};
  }
  const absl::StatusOr<bool> is_ready = (*program)->EvaluateBool(
      Value::MakeObject({{"self", plan.object}, {"dep", dependency}}));
  if (!is_ready.ok()) {
    return UnmetDependency{std::string(is_ready.status().message())};
  }
  if (*is_ready) return std::nullopt;
  return UnmetDependency{
      absl::StrCat("dependency '", key.ToString(),
                   "' is not ready according to readyExpr eval")};
}

}  // namespace

std::optional<UnmetDependency> FindUnmetDependency(
    const Context& ctx, const Environment& environment, const Plan& plan) {
  const bool is_additive = environment.IsEnabled("AdditiveCELDependencyCheck");
  for (size_t i = 0; i < plan.dependencies.size(); ++i) {
    const kube::ObjectKey& key = plan.dependencies[i];
    const absl::StatusOr<Value> object = ReadDependency(ctx, environment, key);
    if (!object.ok()) {
      return UnmetDependency{
          absl::StrCat("unable to get '", key.ToString(),
                       "' dependency: ", object.status().message())};
    }
    const std::string& ready_expr =
        plan.spec.depends_on(static_cast<int>(i)).ready_expr();
    if (!ready_expr.empty()) {
      auto unmet = EvaluateReady(ready_expr, plan, key, *object);
      if (unmet.has_value()) return unmet;
      if (!is_additive) continue;
    }
    if (!IsReady(*object)) {
      return UnmetDependency{
          absl::StrCat("dependency '", key.ToString(), "' is not ready")};
    }
  }
  return std::nullopt;
}

}  // namespace weir::helm_controller
