#include "weir/apply/order.h"

#include <array>
#include <tuple>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"

namespace weir::apply {
namespace {

// Facts of the field: fluxcd/pkg ssa, and kubernetes-sigs/cli-utils.
constexpr std::array<absl::string_view, 23> kFirst = {
    "CustomResourceDefinition",
    "Namespace",
    "ClusterRole",
    "ClusterClass",
    "RuntimeClass",
    "PriorityClass",
    "StorageClass",
    "VolumeSnapshotClass",
    "IngressClass",
    "GatewayClass",
    "ClusterRoleBinding",
    "ResourceQuota",
    "ServiceAccount",
    "Role",
    "RoleBinding",
    "ConfigMap",
    "Secret",
    "Service",
    "LimitRange",
    "Deployment",
    "StatefulSet",
    "CronJob",
    "PodDisruptionBudget"};
constexpr std::array<absl::string_view, 2> kLast = {
    "MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"};

}  // namespace

int KindRank(const kube::GroupVersionKind& gvk) {
  for (size_t i = 0; i < kFirst.size(); ++i) {
    if (gvk.kind == kFirst[i]) return static_cast<int>(i);
  }
  for (size_t i = 0; i < kLast.size(); ++i) {
    if (gvk.kind == kLast[i]) return static_cast<int>(kFirst.size() + 1 + i);
  }
  return static_cast<int>(kFirst.size());
}

bool AppliesBefore(const kube::ObjectRef& a, const kube::ObjectRef& b) {
  const auto sort_key = [](const kube::ObjectRef& ref) {
    return std::make_tuple(KindRank(ref.gvk), absl::string_view(ref.gvk.group),
                           absl::string_view(ref.gvk.kind),
                           absl::string_view(ref.key.name_space),
                           absl::string_view(ref.key.name));
  };
  return sort_key(a) < sort_key(b);
}

Stage StageOf(const kube::GroupVersionKind& gvk,
              const std::set<kube::GroupKind>& custom_kinds) {
  if (gvk.kind == "CustomResourceDefinition" || gvk.kind == "Namespace" ||
      gvk.kind == "ClusterRole") {
    return Stage::kDefinitions;
  }
  if (absl::EndsWith(gvk.kind, "Class")) return Stage::kClasses;
  if (custom_kinds.count({gvk.group, gvk.kind}) > 0) return Stage::kCustom;
  return Stage::kRest;
}

}  // namespace weir::apply
