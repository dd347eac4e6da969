#include "src/health_check.h"

#include <algorithm>

namespace weir::kustomize_controller {

using apply::HealthStatus;
using apply::HealthTarget;

std::optional<std::vector<HealthTarget>> HealthTargetsOf(
    const Plan& plan, const std::vector<apply::ApplyRun::Applied>& applied) {
  std::vector<HealthTarget> targets;
  if (plan.spec.wait()) {
    for (const apply::ApplyRun::Applied& one : applied) {
      HealthTarget target{one.ref, true, one.has_ttl, one.health};
      if (target.known.status == HealthStatus::kUnknown &&
          !apply::CanChangeHealth(one.ref.gvk)) {
        target.known = {HealthStatus::kCurrent, "always ready"};
      }
      targets.push_back(std::move(target));
    }
  } else {
    for (const auto& check : plan.spec.health_checks()) {
      HealthTarget target;
      const std::string api_version =
          check.api_version().empty() ? "apps/v1" : check.api_version();
      target.ref.gvk = kube::MakeGroupVersionKind(api_version, check.kind());
      target.ref.key = {check.namespace_(), check.name()};
      const auto same =
          std::find_if(applied.begin(), applied.end(), [&](const auto& one) {
            return one.ref.gvk.group == target.ref.gvk.group &&
                   one.ref.gvk.kind == target.ref.gvk.kind &&
                   one.ref.key == target.ref.key;
          });
      target.is_ours = same != applied.end();
      if (target.is_ours) {
        target.known = same->health;
        target.has_ttl = same->has_ttl;
      }
      targets.push_back(std::move(target));
    }
  }
  if (targets.empty()) return std::nullopt;
  for (HealthTarget& target : targets) {
    target.rule = plan.health_rules.Find(target.ref.gvk);
    // What the server answered was judged by other rules.
    if (target.rule != nullptr) target.known = {};
  }
  // Waiting for itself would never end.
  std::erase_if(targets, [&](const HealthTarget& target) {
    return target.ref.gvk.group == kGroup &&
           target.ref.gvk.kind == "Kustomization" && target.ref.key == plan.key;
  });
  return targets;
}

}  // namespace weir::kustomize_controller
