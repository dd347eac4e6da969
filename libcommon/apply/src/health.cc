#include "weir/apply/health.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "weir/base/duration.h"
#include "weir/kube/conditions.h"
#include "weir/kube/types.h"

namespace weir::apply {
namespace {

Health Current(std::string message) {
  return {HealthStatus::kCurrent, std::move(message)};
}
Health InProgress(std::string message) {
  return {HealthStatus::kInProgress, std::move(message)};
}
Health Failed(std::string message) {
  return {HealthStatus::kFailed, std::move(message)};
}

bool IsTrue(const Value& condition) {
  return condition.GetString("status") == "True";
}
bool IsFalse(const Value& condition) {
  return condition.GetString("status") == "False";
}

// The rules every kind obeys; kUnknown when none of them decides.
Health GenericHealth(const Value& object) {
  const Value& metadata = object["metadata"];
  if (metadata.Has("deletionTimestamp")) {
    return {HealthStatus::kTerminating, "Resource scheduled for deletion"};
  }
  const Value* observed = object["status"].Find("observedGeneration");
  if (observed != nullptr && observed->is_int() &&
      observed->AsInt() != metadata.GetInt("generation")) {
    return InProgress(absl::StrCat(object.GetString("kind"), " generation is ",
                                   metadata.GetInt("generation"),
                                   ", but latest observed generation is ",
                                   observed->AsInt()));
  }
  for (const Value& condition : object["status"]["conditions"].array()) {
    if (condition.GetString("status") != "True") continue;
    const absl::string_view type = condition.GetString("type");
    if (type == "Reconciling") {
      return InProgress(std::string(condition.GetString("message")));
    }
    if (type == "Stalled") {
      return Failed(std::string(condition.GetString("message")));
    }
  }
  return {HealthStatus::kUnknown, ""};
}

Health DeploymentHealth(const Value& object) {
  const Value& spec = object["spec"];
  const Value& status = object["status"];
  const Value& progressing = kube::FindCondition(object, "Progressing");
  if (progressing.GetString("reason") == "ProgressDeadlineExceeded") {
    return Failed("Progress deadline exceeded");
  }
  const int64_t wanted = spec.GetInt("replicas", 1);
  const int64_t replicas = status.GetInt("replicas");
  const int64_t updated = status.GetInt("updatedReplicas");
  const int64_t available = status.GetInt("availableReplicas");
  const int64_t ready = status.GetInt("readyReplicas");
  if (wanted > replicas) {
    return InProgress(absl::StrCat("replicas: ", replicas, "/", wanted));
  }
  if (wanted > updated) {
    return InProgress(absl::StrCat("Updated: ", updated, "/", wanted));
  }
  if (replicas > wanted) {
    return InProgress(absl::StrCat("Pending termination: ", replicas - wanted));
  }
  if (updated > available) {
    return InProgress(absl::StrCat("Available: ", available, "/", updated));
  }
  if (wanted > ready) {
    return InProgress(absl::StrCat("Ready: ", ready, "/", wanted));
  }
  const bool needs_progressing = spec.Has("progressDeadlineSeconds");
  if (needs_progressing &&
      !(IsTrue(progressing) &&
        progressing.GetString("reason") == "NewReplicaSetAvailable")) {
    return InProgress("ReplicaSet not Available");
  }
  if (!IsTrue(kube::FindCondition(object, "Available"))) {
    return InProgress("Deployment not Available");
  }
  return Current(absl::StrCat("Deployment is available. Replicas: ", replicas));
}

Health StatefulSetHealth(const Value& object) {
  const Value& spec = object["spec"];
  const Value& status = object["status"];
  const Value& strategy = spec["updateStrategy"];
  if (strategy.GetString("type") == "OnDelete") {
    return Current("StatefulSet is using the ondelete update strategy");
  }
  const int64_t wanted = spec.GetInt("replicas", 1);
  const int64_t replicas = status.GetInt("replicas");
  const int64_t ready = status.GetInt("readyReplicas");
  const int64_t current = status.GetInt("currentReplicas");
  const int64_t updated = status.GetInt("updatedReplicas");
  if (wanted > replicas) {
    return InProgress(absl::StrCat("Replicas: ", replicas, "/", wanted));
  }
  if (wanted > ready) {
    return InProgress(absl::StrCat("Ready: ", ready, "/", wanted));
  }
  if (replicas > wanted) {
    return InProgress(absl::StrCat("Pending termination: ", replicas - wanted));
  }
  const Value* partition = strategy["rollingUpdate"].Find("partition");
  if (partition != nullptr && partition->is_int()) {
    if (updated < wanted - partition->AsInt()) {
      return InProgress(
          absl::StrCat("updated: ", updated, "/", wanted - partition->AsInt()));
    }
    return Current(
        absl::StrCat("Partition rollout complete. updated: ", updated));
  }
  if (wanted > current) {
    return InProgress(absl::StrCat("current: ", current, "/", wanted));
  }
  if (status.GetString("currentRevision") !=
      status.GetString("updateRevision")) {
    return InProgress("Waiting for updated revision to match current");
  }
  return Current(
      absl::StrCat("All replicas scheduled as expected. Replicas: ", replicas));
}

Health DaemonSetHealth(const Value& object) {
  const Value& status = object["status"];
  if (!status.Has("observedGeneration") ||
      !object["metadata"].Has("generation")) {
    return InProgress("Missing generation or observedGeneration");
  }
  const int64_t wanted = status.GetInt("desiredNumberScheduled", -1);
  if (wanted < 0) return InProgress("Missing .status.desiredNumberScheduled");
  const std::pair<const char*, const char*> counts[] = {
      {"currentNumberScheduled", "Current"},
      {"updatedNumberScheduled", "Updated"},
      {"numberAvailable", "Available"},
      {"numberReady", "Ready"}};
  for (const auto& [field, name] : counts) {
    const int64_t count = status.GetInt(field);
    if (wanted > count) {
      return InProgress(absl::StrCat(name, ": ", count, "/", wanted));
    }
  }
  return Current(
      absl::StrCat("All replicas scheduled as expected. Replicas: ", wanted));
}

Health ReplicaSetHealth(const Value& object) {
  const Value& status = object["status"];
  const Value& failure = kube::FindCondition(object, "ReplicaFailure");
  if (IsTrue(failure)) {
    return InProgress("Replica Failure condition. Check Pods");
  }
  const int64_t wanted = object["spec"].GetInt("replicas", 1);
  const std::pair<const char*, const char*> counts[] = {
      {"fullyLabeledReplicas", "Labelled"},
      {"availableReplicas", "Available"},
      {"readyReplicas", "Ready"}};
  for (const auto& [field, name] : counts) {
    const int64_t count = status.GetInt(field);
    if (wanted > count) {
      return InProgress(absl::StrCat(name, ": ", count, "/", wanted));
    }
  }
  const int64_t replicas = status.GetInt("replicas");
  if (replicas > wanted) {
    return InProgress(absl::StrCat("Pending termination: ", replicas - wanted));
  }
  return Current(absl::StrCat("ReplicaSet is available. Replicas: ", replicas));
}

// Whether a container waits in CrashLoopBackOff.
bool IsCrashLooping(const Value& pod) {
  for (const char* field : {"initContainerStatuses", "containerStatuses"}) {
    for (const Value& status : pod["status"][field].array()) {
      if (status["state"]["waiting"].GetString("reason") ==
          "CrashLoopBackOff") {
        return true;
      }
    }
  }
  return false;
}

Health PodHealth(const Value& object, absl::Time now) {
  constexpr absl::Duration kSchedulingWindow = absl::Seconds(15);
  const absl::string_view phase = object["status"].GetString("phase");
  if (phase == "Succeeded") return Current("Pod has completed successfully");
  if (phase == "Failed")
    return Current("Pod has completed, but not successfully");
  if (phase == "Running") {
    if (IsTrue(kube::FindCondition(object, "Ready"))) {
      return Current("Pod is Ready");
    }
    if (IsCrashLooping(object)) return Failed("Containers in CrashLoop state");
    return InProgress("Pod is running but is not Ready");
  }
  if (phase == "Pending") {
    const Value& scheduled = kube::FindCondition(object, "PodScheduled");
    if (IsFalse(scheduled) &&
        scheduled.GetString("reason") == "Unschedulable") {
      const auto created =
          ParseKubeTime(object["metadata"].GetString("creationTimestamp"));
      if (created.ok() && now - *created < kSchedulingWindow) {
        return InProgress("Pod has not been scheduled");
      }
      return Failed("Pod could not be scheduled");
    }
    return InProgress("Pod is in the Pending phase");
  }
  return InProgress("Pod phase not available");
}

Health JobHealth(const Value& object) {
  if (object["spec"].GetBool("suspend")) return Current("Job is suspended");
  if (IsTrue(kube::FindCondition(object, "Complete"))) {
    return Current("Job Completed");
  }
  if (const Value& failed = kube::FindCondition(object, "Failed");
      IsTrue(failed)) {
    return Failed(absl::StrCat("Job Failed. failed: ",
                               object["status"].GetInt("failed")));
  }
  return InProgress("Job in progress");
}

Health CrdHealth(const Value& object) {
  const Value& accepted = kube::FindCondition(object, "NamesAccepted");
  if (IsFalse(accepted)) {
    return Failed(std::string(accepted.GetString("message")));
  }
  const Value& established = kube::FindCondition(object, "Established");
  if (IsFalse(established) && established.GetString("reason") != "Installing") {
    return Failed(std::string(established.GetString("message")));
  }
  if (IsTrue(established)) return Current("CRD is established");
  return InProgress("Install in progress");
}

Health ReadyConditionHealth(const Value& object) {
  const Value& ready = kube::FindCondition(object, "Ready");
  if (ready.is_null()) return Current("Resource is current");
  if (IsTrue(ready)) return Current("Resource is Ready");
  return InProgress(std::string(ready.GetString("message")));
}

}  // namespace

const char* HealthStatusName(HealthStatus status) {
  switch (status) {
    case HealthStatus::kCurrent:
      return "Current";
    case HealthStatus::kInProgress:
      return "InProgress";
    case HealthStatus::kFailed:
      return "Failed";
    case HealthStatus::kTerminating:
      return "Terminating";
    case HealthStatus::kNotFound:
      return "NotFound";
    case HealthStatus::kUnknown:
      return "Unknown";
  }
  return "Unknown";
}

Health ComputeHealth(const Value& object, absl::Time now) {
  if (object.is_null()) return {HealthStatus::kNotFound, "Resource not found"};
  Health generic = GenericHealth(object);
  if (generic.status != HealthStatus::kUnknown) return generic;
  const kube::GroupVersionKind gvk = kube::GroupVersionKindOf(object);
  const std::string& kind = gvk.kind;
  if (gvk.group == "apps") {
    if (kind == "Deployment") return DeploymentHealth(object);
    if (kind == "StatefulSet") return StatefulSetHealth(object);
    if (kind == "DaemonSet") return DaemonSetHealth(object);
    if (kind == "ReplicaSet") return ReplicaSetHealth(object);
  } else if (gvk.group == "batch") {
    if (kind == "Job") return JobHealth(object);
    if (kind == "CronJob") return Current("CronJob is current");
  } else if (gvk.group == "policy" && kind == "PodDisruptionBudget") {
    return Current("AllowedDisruptions has been computed.");
  } else if (gvk.group == "apiextensions.k8s.io" &&
             kind == "CustomResourceDefinition") {
    return CrdHealth(object);
  } else if (gvk.group.empty()) {
    if (kind == "Pod") return PodHealth(object, now);
    if (kind == "ConfigMap" || kind == "Secret") {
      return Current("Resource is always ready");
    }
    if (kind == "PersistentVolumeClaim") {
      const absl::string_view phase = object["status"].GetString("phase");
      return phase == "Bound"
                 ? Current("PVC is Bound")
                 : InProgress(absl::StrCat("PVC is not Bound. phase: ", phase));
    }
    if (kind == "Service") {
      const Value& spec = object["spec"];
      if (spec.GetString("type") == "LoadBalancer" &&
          spec.GetString("clusterIP").empty()) {
        return InProgress("ClusterIP not set. Service type: LoadBalancer");
      }
      return Current("Service is ready");
    }
  }
  return ReadyConditionHealth(object);
}

}  // namespace weir::apply
