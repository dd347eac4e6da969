#include "weir/apply/health_rules.h"

#include <cstddef>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "weir/base/status.h"

namespace weir::apply {
namespace {

// "Widget.example.com", "ConfigMap".
std::string NameOf(const kube::GroupKind& kind) {
  return kind.group.empty() ? kind.kind
                            : absl::StrCat(kind.kind, ".", kind.group);
}

absl::Status CompileOne(const std::string& expression, absl::string_view name,
                        std::shared_ptr<const cel::Program>& program) {
  if (expression.empty()) return absl::OkStatus();
  WEIR_ASSIGN_OR_RETURN(program,
                        cel::Program::Compile(expression, cel::Options()),
                        "failed to parse the expression ", name);
  return absl::OkStatus();
}

// Whether the controller of the kind has seen the spec as it is. Unknown when
// the numbers are none.
HealthStatus ObservedStatus(const Value& object) {
  const Value* observed = object["status"].Find("observedGeneration");
  if (observed == nullptr) return HealthStatus::kCurrent;
  if (!observed->is_int()) return HealthStatus::kUnknown;
  const Value* generation = object["metadata"].Find("generation");
  if (generation == nullptr) return HealthStatus::kCurrent;
  if (!generation->is_int()) return HealthStatus::kUnknown;
  return observed->AsInt() == generation->AsInt() ? HealthStatus::kCurrent
                                                  : HealthStatus::kInProgress;
}

}  // namespace

absl::StatusOr<std::shared_ptr<const HealthRule>> HealthRule::Compile(
    const CustomHealthCheck& check) {
  if (check.current.empty()) {
    return absl::InvalidArgumentError("expression Current not specified");
  }
  std::shared_ptr<HealthRule> rule(new HealthRule());
  WEIR_RETURN_IF_ERROR(CompileOne(check.current, "Current", rule->current_));
  WEIR_RETURN_IF_ERROR(CompileOne(check.failed, "Failed", rule->failed_));
  WEIR_RETURN_IF_ERROR(
      CompileOne(check.in_progress, "InProgress", rule->in_progress_));
  return std::shared_ptr<const HealthRule>(std::move(rule));
}

Health HealthRule::Judge(const Value& object) const {
  const HealthStatus observed = ObservedStatus(object);
  if (observed == HealthStatus::kInProgress) {
    return {observed, "the latest generation is not observed"};
  }
  if (observed == HealthStatus::kUnknown) {
    return {observed, "a generation is no integer"};
  }
  const std::pair<const Program*, HealthStatus> steps[] = {
      {&in_progress_, HealthStatus::kInProgress},
      {&failed_, HealthStatus::kFailed},
      {&current_, HealthStatus::kCurrent}};
  for (const auto& [program, status] : steps) {
    if (*program == nullptr) continue;
    const absl::StatusOr<bool> is_so = (*program)->EvaluateBool(object);
    if (!is_so.ok()) {
      return {HealthStatus::kUnknown, std::string(is_so.status().message())};
    }
    if (*is_so) return {status, (*program)->expression()};
  }
  return {HealthStatus::kInProgress, "no expression is true"};
}

absl::StatusOr<HealthRules> HealthRules::Compile(
    const std::vector<CustomHealthCheck>& checks) {
  HealthRules rules;
  for (size_t i = 0; i < checks.size(); ++i) {
    const kube::GroupVersionKind gvk =
        kube::MakeGroupVersionKind(checks[i].api_version, checks[i].kind);
    const kube::GroupKind kind{gvk.group, gvk.kind};
    if (rules.rules_.contains(kind)) {
      return absl::InvalidArgumentError(
          absl::StrCat("duplicate custom health check for GroupKind ",
                       NameOf(kind), " at healthchecks[", i, "]"));
    }
    WEIR_ASSIGN_OR_RETURN(
        rules.rules_[kind], HealthRule::Compile(checks[i]),
        "failed to create custom status evaluator for healthchecks[", i, "]");
  }
  return rules;
}

std::shared_ptr<const HealthRule> HealthRules::Find(
    const kube::GroupVersionKind& gvk) const {
  if (gvk.group == "batch" && gvk.kind == "Job") return nullptr;
  for (const std::string& kind : {gvk.kind, std::string()}) {
    const auto found = rules_.find({gvk.group, kind});
    if (found != rules_.end()) return found->second;
  }
  return nullptr;
}

}  // namespace weir::apply
