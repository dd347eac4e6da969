#include "weir/apply/health_check.h"

#include <algorithm>
#include <array>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "weir/apply/inventory.h"

namespace weir::apply {
namespace {

// `is_seen`: a watch has the object, whether its health can be told or not.
Health HealthNow(const HealthTarget& target, const Tracker& tracker,
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
  return absl::StrCat(Subject(target.ref), " status: '",
                      HealthStatusName(status), "'");
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

HealthVerdict JudgeHealth(const std::vector<HealthTarget>& targets,
                          const Tracker& tracker, absl::Time now,
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
      unseen = absl::StrCat("can't determine status for ", Subject(target.ref));
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

std::vector<Tracker::Awaited> AwaitedOf(
    const std::vector<HealthTarget>& targets) {
  std::vector<Tracker::Awaited> awaited;
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

}  // namespace weir::apply
