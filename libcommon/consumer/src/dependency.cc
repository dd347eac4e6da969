#include "weir/consumer/dependency.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "weir/cel/cel.h"
#include "weir/kube/conditions.h"
#include "weir/reconcile/conditions.h"
#include "weir/reconcile/status_writer.h"

namespace weir::consumer {
namespace {

constexpr absl::Duration kBurst = absl::Milliseconds(200);

}  // namespace

bool IsReadyAndObserved(const Value& object) {
  return object["status"].GetInt("observedGeneration", -1) ==
             reconcile::GenerationOf(object) &&
         kube::IsConditionTrue(object, reconcile::kReady);
}

absl::StatusOr<Value> ReadDependency(const Context& ctx,
                                     reconcile::Manager& manager,
                                     reconcile::Controller& controller,
                                     const kube::GroupVersionKind& gvk,
                                     absl::string_view plural,
                                     const kube::ObjectKey& key) {
  Value cached = controller.Get(key);
  if (!cached.is_null()) return cached;
  const reconcile::ManagerOptions& options = manager.options();
  const bool sees_all =
      options.label_selector.empty() &&
      (options.name_space.empty() || options.name_space == key.name_space);
  if (!sees_all) return manager.client().Get(ctx, {gvk, key});
  return absl::NotFoundError(
      absl::StrCat(plural, ".", gvk.group, " \"", key.name, "\" not found"));
}

std::optional<UnmetDependency> EvaluateReady(const std::string& expression,
                                             const Value& self,
                                             const kube::ObjectKey& key,
                                             const Value& dependency) {
  cel::Options options;
  options.is_checked = true;
  options.variables = {{"self"}, {"dep"}};
  options.output_type = "bool";
  const auto program = cel::Program::Compile(expression, options);
  if (!program.ok()) {
    return UnmetDependency{
        absl::StrCat("terminal error: failed to evaluate dependency ", key.name,
                     ": ", program.status().message()),
        /*is_terminal=*/true};
  }
  const absl::StatusOr<bool> is_ready = (*program)->EvaluateBool(
      Value::MakeObject({{"self", self}, {"dep", dependency}}));
  if (!is_ready.ok()) {
    return UnmetDependency{std::string(is_ready.status().message())};
  }
  if (*is_ready) return std::nullopt;
  return UnmetDependency{
      absl::StrCat("dependency '", key.ToString(),
                   "' is not ready according to readyExpr eval")};
}

bool AwaitsExpression(const Value& object) {
  if (kube::FindCondition(object, reconcile::kReady).GetString("reason") !=
      "DependencyNotReady") {
    return false;
  }
  const Value::Array& all = object["spec"]["dependsOn"].array();
  return std::any_of(all.begin(), all.end(), [](const Value& one) {
    return !one.GetString("readyExpr").empty();
  });
}

void WakeDependents(reconcile::Controller& controller,
                    const std::vector<kube::ObjectKey>& dependents,
                    bool is_good_news) {
  for (const kube::ObjectKey& key : dependents) {
    if (is_good_news) {
      controller.Enqueue(key);
    } else if (AwaitsExpression(controller.Get(key))) {
      controller.EnqueueAfter(key, kBurst);
    }
  }
}

}  // namespace weir::consumer
