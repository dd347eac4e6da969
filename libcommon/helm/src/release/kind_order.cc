// The order of kinds, facts of Helm.
#include <vector>

#include "absl/strings/string_view.h"
#include "weir/helm/manifests.h"

namespace weir::helm {

const std::vector<absl::string_view>& InstallOrder() {
  static const auto& order = *new std::vector<absl::string_view>{
      "PriorityClass",
      "Namespace",
      "NetworkPolicy",
      "ResourceQuota",
      "LimitRange",
      "PodSecurityPolicy",
      "PodDisruptionBudget",
      "ServiceAccount",
      "Secret",
      "SecretList",
      "ConfigMap",
      "StorageClass",
      "PersistentVolume",
      "PersistentVolumeClaim",
      "CustomResourceDefinition",
      "ClusterRole",
      "ClusterRoleList",
      "ClusterRoleBinding",
      "ClusterRoleBindingList",
      "Role",
      "RoleList",
      "RoleBinding",
      "RoleBindingList",
      "Service",
      "DaemonSet",
      "Pod",
      "ReplicationController",
      "ReplicaSet",
      "Deployment",
      "HorizontalPodAutoscaler",
      "StatefulSet",
      "Job",
      "CronJob",
      "IngressClass",
      "Ingress",
      "APIService",
      "MutatingWebhookConfiguration",
      "ValidatingWebhookConfiguration",
  };
  return order;
}

const std::vector<absl::string_view>& UninstallOrder() {
  static const auto& order = *new std::vector<absl::string_view>{
      "ValidatingWebhookConfiguration",
      "MutatingWebhookConfiguration",
      "APIService",
      "Ingress",
      "IngressClass",
      "Service",
      "CronJob",
      "Job",
      "StatefulSet",
      "HorizontalPodAutoscaler",
      "Deployment",
      "ReplicaSet",
      "ReplicationController",
      "Pod",
      "DaemonSet",
      "RoleBindingList",
      "RoleBinding",
      "RoleList",
      "Role",
      "ClusterRoleBindingList",
      "ClusterRoleBinding",
      "ClusterRoleList",
      "ClusterRole",
      "CustomResourceDefinition",
      "PersistentVolumeClaim",
      "PersistentVolume",
      "StorageClass",
      "ConfigMap",
      "SecretList",
      "Secret",
      "ServiceAccount",
      "PodDisruptionBudget",
      "PodSecurityPolicy",
      "LimitRange",
      "ResourceQuota",
      "NetworkPolicy",
      "Namespace",
      "PriorityClass",
  };
  return order;
}

}  // namespace weir::helm
