#include "src/helm_readiness.h"

#include <algorithm>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "weir/kube/conditions.h"

namespace weir::helm_controller {
namespace {

bool IsObserved(const Value& object) {
  return object["status"].GetInt("observedGeneration") ==
         object["metadata"].GetInt("generation");
}

// A number, or a percentage of `total`.
int64_t Scaled(const Value& value, int64_t total, bool rounds_up,
               int64_t otherwise) {
  if (value.is_int()) return value.AsInt();
  if (!value.is_string()) return otherwise;
  int64_t percent = 0;
  absl::string_view text = value.AsString();
  if (!absl::ConsumeSuffix(&text, "%") || !absl::SimpleAtoi(text, &percent)) {
    return otherwise;
  }
  return (total * percent + (rounds_up ? 99 : 0)) / 100;
}

absl::StatusOr<bool> IsDeploymentReady(const Value& object) {
  const Value& spec = object["spec"];
  const Value& status = object["status"];
  if (spec.GetBool("paused")) return true;
  if (!IsObserved(object)) return false;
  const int64_t replicas = spec.GetInt("replicas", 1);
  int64_t unavailable = 0;
  if (spec["strategy"].GetString("type") == "RollingUpdate" && replicas > 0) {
    const Value& rolling = spec["strategy"]["rollingUpdate"];
    const int64_t surge =
        Scaled(rolling["maxSurge"], replicas, /*rounds_up=*/true, 0);
    unavailable =
        Scaled(rolling["maxUnavailable"], replicas, /*rounds_up=*/false, 0);
    if (surge == 0 && unavailable == 0) unavailable = 1;
    unavailable = std::min(unavailable, replicas);
  }
  // Pods of older ReplicaSets may be among those that are ready.
  const int64_t updated = status.GetInt("updatedReplicas");
  const int64_t older = status.GetInt("replicas") - updated;
  const int64_t ready =
      std::min(updated, status.GetInt("readyReplicas") - older);
  return std::max<int64_t>(ready, 0) >= replicas - unavailable;
}

absl::StatusOr<bool> IsStatefulSetReady(const Value& object) {
  const Value& spec = object["spec"];
  const Value& status = object["status"];
  if (!IsObserved(object)) return false;
  const Value& strategy = spec["updateStrategy"];
  if (strategy.GetString("type") != "RollingUpdate") return true;
  const int64_t replicas = spec.GetInt("replicas", 1);
  const int64_t partition = strategy["rollingUpdate"].GetInt("partition");
  return status.GetInt("updatedReplicas") >= replicas - partition &&
         status.GetInt("readyReplicas") == replicas &&
         (partition != 0 || status.GetString("currentRevision") ==
                                status.GetString("updateRevision"));
}

absl::StatusOr<bool> IsDaemonSetReady(const Value& object) {
  const Value& status = object["status"];
  if (!IsObserved(object)) return false;
  const Value& strategy = object["spec"]["updateStrategy"];
  if (strategy.GetString("type") != "RollingUpdate") return true;
  const int64_t desired = status.GetInt("desiredNumberScheduled");
  if (status.GetInt("updatedNumberScheduled") != desired) return false;
  const int64_t unavailable =
      Scaled(strategy["rollingUpdate"]["maxUnavailable"], desired,
             /*rounds_up=*/true, desired);
  return status.GetInt("numberReady") >= desired - unavailable;
}

absl::StatusOr<bool> IsServiceReady(const Value& object) {
  const Value& spec = object["spec"];
  const absl::string_view type = spec.GetString("type");
  if (type == "ExternalName") return true;
  if (spec.GetString("clusterIP").empty()) return false;
  return type != "LoadBalancer" || !spec["externalIPs"].empty() ||
         !object["status"]["loadBalancer"]["ingress"].empty();
}

// A conflict of names is no reason to wait for ever.
absl::StatusOr<bool> IsDefinitionReady(const Value& object) {
  if (kube::IsConditionTrue(object, "Established")) return true;
  return kube::FindCondition(object, "NamesAccepted").GetString("status") ==
         "False";
}

absl::StatusOr<bool> IsJobReady(const Value& object) {
  const Value& spec = object["spec"];
  const Value& status = object["status"];
  if (status.GetInt("failed") > spec.GetInt("backoffLimit", 6)) {
    const Value& metadata = object["metadata"];
    return absl::FailedPreconditionError(
        absl::StrCat("job is failed: ", metadata.GetString("namespace"), "/",
                     metadata.GetString("name")));
  }
  return !spec.Has("completions") ||
         status.GetInt("succeeded") >= spec.GetInt("completions");
}

absl::StatusOr<bool> IsPodReady(const Value& object) {
  return kube::IsConditionTrue(object, "Ready");
}

absl::StatusOr<bool> IsClaimReady(const Value& object) {
  return object["status"].GetString("phase") == "Bound";
}

absl::StatusOr<bool> IsReplicaSetReady(const Value& object) {
  const Value& status = object["status"];
  return IsObserved(object) &&
         status.GetInt("readyReplicas") == status.GetInt("replicas");
}

using Rule = absl::StatusOr<bool> (*)(const Value& object);

Rule FindRule(const kube::GroupVersionKind& gvk) {
  struct Entry {
    absl::string_view group, kind;
    Rule rule;
  };
  constexpr Entry kRules[] = {
      {"", "Pod", IsPodReady},
      {"", "PersistentVolumeClaim", IsClaimReady},
      {"", "Service", IsServiceReady},
      {"", "ReplicationController", IsReplicaSetReady},
      {"apps", "Deployment", IsDeploymentReady},
      {"apps", "StatefulSet", IsStatefulSetReady},
      {"apps", "DaemonSet", IsDaemonSetReady},
      {"apps", "ReplicaSet", IsReplicaSetReady},
      {"batch", "Job", IsJobReady},
      {"apiextensions.k8s.io", "CustomResourceDefinition", IsDefinitionReady}};
  if (gvk.version != "v1") return nullptr;
  for (const Entry& entry : kRules) {
    if (entry.group == gvk.group && entry.kind == gvk.kind) return entry.rule;
  }
  return nullptr;
}

}  // namespace

bool CanBeUnready(const kube::GroupVersionKind& gvk) {
  return FindRule(gvk) != nullptr;
}

absl::StatusOr<bool> IsReadyForHelm(const Value& object) {
  const Rule rule = FindRule(kube::GroupVersionKindOf(object));
  if (rule == nullptr) return true;
  return rule(object);
}

}  // namespace weir::helm_controller
