#include "src/health_check.h"

#include <algorithm>
#include <array>
#include <optional>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "weir/apply/inventory.h"

namespace weir::kustomize_controller {
namespace {

using apply::Health;
using apply::HealthStatus;

// `is_seen`: a watch has the object, whether its health can be told or not.
Health HealthNow(const HealthTarget& target, const apply::Tracker& tracker,
                 absl::Time now, bool& is_seen) {
  const std::optional<Health> seen =
      tracker.HealthOf(target.ref, now, target.rule.get());
  is_seen = seen.has_value();
  Health health = seen.value_or(target.known);
  if (health.status == HealthStatus::kNotFound && target.has_ttl) {
    return {HealthStatus::kCurrent, "removed after it finished"};
  }
  return health;
}

std::string Describe(const HealthTarget& target, HealthStatus status) {
  return absl::StrCat(apply::Subject(target.ref), " status: '",
                      apply::HealthStatusName(status), "'");
}

}  // namespace

bool CanChangeHealth(const kube::GroupVersionKind& gvk) {
  constexpr std::array<absl::string_view, 6> kCore = {
      "ConfigMap",  "Secret",    "ServiceAccount",
      "LimitRange", "Endpoints", "PodTemplate"};
  constexpr std::array<absl::string_view, 5> kGroups = {
      "rbac.authorization.k8s.io", "storage.k8s.io", "scheduling.k8s.io",
      "admissionregistration.k8s.io", "node.k8s.io"};
  if (gvk.group.empty()) {
    return std::find(kCore.begin(), kCore.end(), gvk.kind) == kCore.end();
  }
  if (gvk.group == "batch") return gvk.kind != "CronJob";
  if (gvk.group == "policy") return gvk.kind != "PodDisruptionBudget";
  return std::find(kGroups.begin(), kGroups.end(), gvk.group) == kGroups.end();
}

std::optional<std::vector<HealthTarget>> HealthTargetsOf(
    const Plan& plan, const std::vector<apply::ApplyRun::Applied>& applied) {
  std::vector<HealthTarget> targets;
  if (plan.spec.wait()) {
    for (const apply::ApplyRun::Applied& one : applied) {
      HealthTarget target{one.ref, true, one.has_ttl, one.health};
      if (target.known.status == HealthStatus::kUnknown &&
          !CanChangeHealth(one.ref.gvk)) {
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

HealthVerdict JudgeHealth(const std::vector<HealthTarget>& targets,
                          const apply::Tracker& tracker, absl::Time now,
                          bool fails_fast, bool is_last_look) {
  std::vector<std::string> failed;
  std::vector<std::string> unhealthy;
  std::string unseen;
  for (const HealthTarget& target : targets) {
    bool is_seen = false;
    const HealthStatus status = HealthNow(target, tracker, now, is_seen).status;
    if (status == HealthStatus::kCurrent) continue;
    if (status == HealthStatus::kFailed) {
      failed.push_back(Describe(target, status));
    }
    if (status == HealthStatus::kUnknown && !is_seen && unseen.empty()) {
      unseen = absl::StrCat("can't determine status for ",
                            apply::Subject(target.ref));
    }
    unhealthy.push_back(Describe(target, status));
  }
  HealthVerdict verdict;
  if (unhealthy.empty()) {
    verdict.kind = HealthVerdict::Kind::kPassed;
  } else if (!failed.empty() &&
             (fails_fast || failed.size() == unhealthy.size())) {
    verdict.kind = HealthVerdict::Kind::kFailed;
    verdict.message = absl::StrCat("failed early due to stalled resources: [",
                                   absl::StrJoin(failed, ", "), "]");
  } else if (is_last_look) {
    verdict.kind = HealthVerdict::Kind::kFailed;
    verdict.message = !unseen.empty()
                          ? unseen
                          : absl::StrCat("timeout waiting for: [",
                                         absl::StrJoin(unhealthy, ", "), "]");
  }
  return verdict;
}

std::vector<apply::Tracker::Awaited> AwaitedOf(
    const std::vector<HealthTarget>& targets) {
  std::vector<apply::Tracker::Awaited> awaited;
  for (const HealthTarget& target : targets) {
    // A self-removing Job that finished is not looked for any more.
    const bool is_settled =
        target.known.status == HealthStatus::kCurrent &&
        (!CanChangeHealth(target.ref.gvk) || target.has_ttl);
    if (is_settled) continue;
    awaited.push_back(
        {target.ref, target.is_ours, /*is_whole=*/target.rule != nullptr});
  }
  return awaited;
}

}  // namespace weir::kustomize_controller
