// The builtin field specs of kustomize v5.8.1, as data.

#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "src/refer/transformer_config.h"
#include "weir/base/status.h"

namespace weir::kustomize {
namespace {

struct Row {
  const char* group;
  const char* version;
  const char* kind;
  const char* path;
  bool create;
};

template <size_t N>
FieldSpecs Specs(const Row (&rows)[N]) {
  FieldSpecs specs;
  specs.reserve(N);
  for (const Row& row : rows) {
    specs.push_back(MakeFieldSpec({row.group, row.version, row.kind}, row.path,
                                  row.create));
  }
  return specs;
}

constexpr Row kName[] = {{"", "", "", "metadata/name", false}};

constexpr Row kNamespaces[] = {
    {"", "", "Namespace", "metadata/name", true},
    {"apiregistration.k8s.io", "", "APIService", "spec/service/namespace",
     true},
    {"apiextensions.k8s.io", "", "CustomResourceDefinition",
     "spec/conversion/webhook/clientConfig/service/namespace", false},
};

constexpr Row kMetadataLabels[] = {
    {"", "", "", "metadata/labels", true},
    {"", "v1", "ReplicationController", "spec/template/metadata/labels", true},
    {"", "", "Deployment", "spec/template/metadata/labels", true},
    {"", "", "ReplicaSet", "spec/template/metadata/labels", true},
    {"", "", "DaemonSet", "spec/template/metadata/labels", true},
    {"apps", "", "StatefulSet", "spec/template/metadata/labels", true},
    {"apps", "", "StatefulSet", "spec/volumeClaimTemplates[]/metadata/labels",
     true},
    {"batch", "", "Job", "spec/template/metadata/labels", true},
    {"batch", "", "CronJob", "spec/jobTemplate/metadata/labels", true},
    {"batch", "", "CronJob", "spec/jobTemplate/spec/template/metadata/labels",
     true},
};

constexpr Row kSelectors[] = {
    {"", "v1", "Service", "spec/selector", true},
    {"", "v1", "ReplicationController", "spec/selector", true},
    {"", "", "Deployment", "spec/selector/matchLabels", true},
    {"", "", "ReplicaSet", "spec/selector/matchLabels", true},
    {"", "", "DaemonSet", "spec/selector/matchLabels", true},
    {"apps", "", "StatefulSet", "spec/selector/matchLabels", true},
    {"batch", "", "Job", "spec/selector/matchLabels", false},
    {"batch", "", "CronJob", "spec/jobTemplate/spec/selector/matchLabels",
     false},
    {"policy", "", "PodDisruptionBudget", "spec/selector/matchLabels", false},
    {"networking.k8s.io", "", "NetworkPolicy", "spec/podSelector/matchLabels",
     false},
    {"networking.k8s.io", "", "NetworkPolicy",
     "spec/ingress/from/podSelector/matchLabels", false},
    {"networking.k8s.io", "", "NetworkPolicy",
     "spec/egress/to/podSelector/matchLabels", false},
};

// Below spec/template/spec of an apps Deployment or StatefulSet.
constexpr const char* kPodSelectors[] = {
    "affinity/podAffinity/preferredDuringSchedulingIgnoredDuringExecution/"
    "podAffinityTerm/labelSelector/matchLabels",
    "affinity/podAffinity/requiredDuringSchedulingIgnoredDuringExecution/"
    "labelSelector/matchLabels",
    "affinity/podAntiAffinity/preferredDuringSchedulingIgnoredDuringExecution/"
    "podAffinityTerm/labelSelector/matchLabels",
    "affinity/podAntiAffinity/requiredDuringSchedulingIgnoredDuringExecution/"
    "labelSelector/matchLabels",
    "topologySpreadConstraints/labelSelector/matchLabels",
};

constexpr Row kAnnotations[] = {
    {"", "", "", "metadata/annotations", true},
    {"", "v1", "ReplicationController", "spec/template/metadata/annotations",
     true},
    {"", "", "Deployment", "spec/template/metadata/annotations", true},
    {"", "", "ReplicaSet", "spec/template/metadata/annotations", true},
    {"", "", "DaemonSet", "spec/template/metadata/annotations", true},
    {"", "", "StatefulSet", "spec/template/metadata/annotations", true},
    {"batch", "", "Job", "spec/template/metadata/annotations", true},
    {"batch", "", "CronJob", "spec/jobTemplate/metadata/annotations", true},
    {"batch", "", "CronJob",
     "spec/jobTemplate/spec/template/metadata/annotations", true},
};

constexpr Row kImages[] = {
    {"", "", "", "spec/containers[]/image", true},
    {"", "", "", "spec/initContainers[]/image", true},
    {"", "", "", "spec/volumes[]/image/reference", true},
    {"", "", "", "spec/template/spec/containers[]/image", true},
    {"", "", "", "spec/template/spec/initContainers[]/image", true},
    {"", "", "", "spec/template/spec/volumes[]/image/reference", true},
};

constexpr Row kReplicas[] = {
    {"", "", "Deployment", "spec/replicas", true},
    {"", "", "ReplicationController", "spec/replicas", true},
    {"", "", "ReplicaSet", "spec/replicas", true},
    {"", "", "StatefulSet", "spec/replicas", true},
};

// Where the kinds keep their pod spec.
struct PodHome {
  const char* kind;
  const char* path;
};
constexpr PodHome kDeployment = {"Deployment", "spec/template/spec/"};
constexpr PodHome kReplicaSet = {"ReplicaSet", "spec/template/spec/"};
constexpr PodHome kDaemonSet = {"DaemonSet", "spec/template/spec/"};
constexpr PodHome kStatefulSet = {"StatefulSet", "spec/template/spec/"};
constexpr PodHome kJob = {"Job", "spec/template/spec/"};
constexpr PodHome kCronJob = {"CronJob",
                              "spec/jobTemplate/spec/template/spec/"};
constexpr PodHome kController = {"ReplicationController",
                                 "spec/template/spec/"};
constexpr PodHome kPod = {"Pod", "spec/"};
constexpr PodHome kPodTemplate = {"PodTemplate", "template/spec/"};

// The kinds whose pods' ConfigMaps and Secrets are followed, those whose
// service accounts, claims and priority classes are, and those with vars.
constexpr PodHome kConfigHomes[] = {kPod,        kPodTemplate, kDeployment,
                                    kReplicaSet, kDaemonSet,   kStatefulSet,
                                    kJob,        kCronJob};
constexpr PodHome kAccountHomes[] = {
    kPod, kStatefulSet, kDeployment, kController, kCronJob, kJob, kDaemonSet};
constexpr PodHome kVarHomes[] = {kCronJob, kDaemonSet,  kDeployment, kJob,
                                 kPod,     kReplicaSet, kStatefulSet};

constexpr const char* kConfigMapInPod[] = {
    "volumes/configMap/name",
    "containers/env/valueFrom/configMapKeyRef/name",
    "initContainers/env/valueFrom/configMapKeyRef/name",
    "containers/envFrom/configMapRef/name",
    "initContainers/envFrom/configMapRef/name",
    "volumes/projected/sources/configMap/name",
};
constexpr const char* kSecretInPod[] = {
    "volumes/secret/secretName",
    "containers/env/valueFrom/secretKeyRef/name",
    "initContainers/env/valueFrom/secretKeyRef/name",
    "containers/envFrom/secretRef/name",
    "initContainers/envFrom/secretRef/name",
    "imagePullSecrets/name",
    "volumes/projected/sources/secret/name",
};

constexpr Row kConfigMapElsewhere[] = {
    {"", "", "Node", "spec/configSource/configMap", false},
    {"", "", "Role", "rules/resourceNames", false},
    {"", "", "ClusterRole", "rules/resourceNames", false},
    {"", "", "Ingress",
     "metadata/annotations/nginx.ingress.kubernetes.io\\/"
     "fastcgi-params-configmap",
     false},
};
constexpr Row kSecretElsewhere[] = {
    {"", "", "Ingress", "spec/tls/secretName", false},
    {"", "", "Ingress",
     "metadata/annotations/ingress.kubernetes.io\\/auth-secret", false},
    {"", "", "Ingress",
     "metadata/annotations/nginx.ingress.kubernetes.io\\/auth-secret", false},
    {"", "", "Ingress",
     "metadata/annotations/nginx.ingress.kubernetes.io\\/auth-tls-secret",
     false},
    {"", "", "ServiceAccount", "imagePullSecrets/name", false},
    {"", "", "StorageClass", "parameters/secretName", false},
    {"", "", "StorageClass", "parameters/adminSecretName", false},
    {"", "", "StorageClass", "parameters/userSecretName", false},
    {"", "", "StorageClass", "parameters/secretRef", false},
    {"", "", "Role", "rules/resourceNames", false},
    {"", "", "ClusterRole", "rules/resourceNames", false},
    {"serving.knative.dev", "v1", "Service",
     "spec/template/spec/containers/env/valueFrom/secretKeyRef/name", false},
    {"", "", "PersistentVolume", "spec/azureFile/secretName", false},
};
constexpr Row kServiceReferrers[] = {
    {"apps", "", "StatefulSet", "spec/serviceName", false},
    {"", "", "Ingress", "spec/rules/http/paths/backend/serviceName", false},
    {"", "", "Ingress", "spec/backend/serviceName", false},
    {"", "", "Ingress", "spec/rules/http/paths/backend/service/name", false},
    {"", "", "Ingress", "spec/defaultBackend/service/name", false},
    {"apiregistration.k8s.io", "", "APIService", "spec/service/name", false},
    {"admissionregistration.k8s.io", "", "ValidatingWebhookConfiguration",
     "webhooks/clientConfig/service", false},
    {"admissionregistration.k8s.io", "", "MutatingWebhookConfiguration",
     "webhooks/clientConfig/service", false},
};
constexpr Row kRoleReferrers[] = {
    {"rbac.authorization.k8s.io", "", "RoleBinding", "roleRef/name", false},
};
constexpr Row kClusterRoleReferrers[] = {
    {"rbac.authorization.k8s.io", "", "RoleBinding", "roleRef/name", false},
    {"rbac.authorization.k8s.io", "", "ClusterRoleBinding", "roleRef/name",
     false},
};
constexpr Row kAccountReferrers[] = {
    {"rbac.authorization.k8s.io", "", "RoleBinding", "subjects", false},
    {"rbac.authorization.k8s.io", "", "ClusterRoleBinding", "subjects", false},
};
constexpr Row kVolumeReferrers[] = {
    {"", "", "PersistentVolumeClaim", "spec/volumeName", false},
    {"", "", "ClusterRole", "rules/resourceNames", false},
};
constexpr Row kStorageClassReferrers[] = {
    {"", "", "PersistentVolume", "spec/storageClassName", false},
    {"", "", "PersistentVolumeClaim", "spec/storageClassName", false},
    {"", "", "StatefulSet", "spec/volumeClaimTemplates/spec/storageClassName",
     false},
};
constexpr Row kIngressClassReferrers[] = {
    {"", "", "Ingress", "spec/ingressClassName", false},
};
constexpr Row kPolicyReferrers[] = {
    {"admissionregistration.k8s.io", "", "ValidatingAdmissionPolicyBinding",
     "spec/policyName", false},
};
constexpr Row kScalerReferrers[] = {
    {"", "", "HorizontalPodAutoscaler", "spec/scaleTargetRef/name", false},
};

constexpr const char* kVarsInPod[] = {
    "containers/args",          "containers/command",
    "containers/env/value",     "containers/volumeMounts/mountPath",
    "initContainers/args",      "initContainers/command",
    "initContainers/env/value", "initContainers/volumeMounts/mountPath",
};
// In upstream's order, which shows where sorting leaves it.
constexpr const char* kVarKinds[] = {
    "CronJob",    "DaemonSet", "Deployment",  "Ingress",          "Job", "Pod",
    "ReplicaSet", "Service",   "StatefulSet", "PersistentVolume", "",
};
constexpr Row kVarsElsewhere[] = {
    {"", "", "CronJob", "spec/jobTemplate/spec/template/volumes/nfs/server",
     false},
    {"", "", "DaemonSet", "spec/template/spec/volumes/nfs/server", false},
    {"", "", "Deployment", "spec/template/spec/volumes/nfs/server", false},
    {"", "", "Deployment", "spec/template/metadata/annotations", false},
    {"", "", "Ingress", "spec/rules/host", false},
    {"", "", "Ingress", "spec/tls/hosts", false},
    {"", "", "Ingress", "spec/tls/secretName", false},
    {"", "", "Job", "spec/template/spec/volumes/nfs/server", false},
    {"", "", "Pod", "spec/volumes/nfs/server", false},
    {"", "", "ReplicaSet", "spec/template/spec/volumes/nfs/server", false},
    {"", "", "Service", "spec/ports/port", false},
    {"", "", "Service", "spec/ports/targetPort", false},
    {"", "", "StatefulSet", "spec/volumeClaimTemplates/spec/nfs/server", false},
    {"", "", "PersistentVolume", "spec/nfs/server", false},
    {"", "", "", "metadata/labels", false},
    {"", "", "", "metadata/annotations", false},
};

template <size_t N, size_t M>
void AddInPods(FieldSpecs* specs, const PodHome (&homes)[N],
               const char* const (&paths)[M], absl::string_view pod_version) {
  specs->reserve(specs->size() + N * M);
  for (const PodHome& home : homes) {
    const bool is_pod = absl::string_view(home.kind) == "Pod";
    for (const char* path : paths) {
      specs->push_back(
          MakeFieldSpec({"", std::string(is_pod ? pod_version : ""), home.kind},
                        absl::StrCat(home.path, path), false));
    }
  }
}

FieldSpecs Concat(FieldSpecs first, FieldSpecs second) {
  first.insert(first.end(), std::make_move_iterator(second.begin()),
               std::make_move_iterator(second.end()));
  return first;
}

FieldSpecs AccountField(const char* field) {
  FieldSpecs specs;
  const char* const fields[] = {field};
  AddInPods(&specs, kAccountHomes, fields, "");
  return specs;
}

std::vector<NameReference> DefaultNameReferences() {
  FieldSpecs config_maps;
  AddInPods(&config_maps, kConfigHomes, kConfigMapInPod, "v1");
  FieldSpecs secrets;
  AddInPods(&secrets, kConfigHomes, kSecretInPod, "v1");
  const char* const rbac = "rbac.authorization.k8s.io";
  std::vector<NameReference> references;
  const auto add = [&](Gvk target, FieldSpecs referrers) {
    references.push_back({std::move(target), std::move(referrers)});
  };
  add({"", "", "Deployment"}, Specs(kScalerReferrers));
  add({"", "", "ReplicationController"}, Specs(kScalerReferrers));
  add({"", "", "ReplicaSet"}, Specs(kScalerReferrers));
  add({"", "", "StatefulSet"}, Specs(kScalerReferrers));
  add({"", "v1", "ConfigMap"},
      Concat(std::move(config_maps), Specs(kConfigMapElsewhere)));
  add({"", "v1", "Secret"},
      Concat(std::move(secrets), Specs(kSecretElsewhere)));
  add({"", "v1", "Service"}, Specs(kServiceReferrers));
  add({rbac, "", "Role"}, Specs(kRoleReferrers));
  add({rbac, "", "ClusterRole"}, Specs(kClusterRoleReferrers));
  add({"", "v1", "ServiceAccount"},
      Concat(Specs(kAccountReferrers), AccountField("serviceAccountName")));
  add({"", "v1", "PersistentVolumeClaim"},
      AccountField("volumes/persistentVolumeClaim/claimName"));
  add({"", "v1", "PersistentVolume"}, Specs(kVolumeReferrers));
  add({"storage.k8s.io", "v1", "StorageClass"}, Specs(kStorageClassReferrers));
  add({"scheduling.k8s.io", "v1", "PriorityClass"},
      AccountField("priorityClassName"));
  // The group holds a version by mistake, so it never matches; upstream's
  // behaviour is that IngressClass names are not followed.
  add({"networking.k8s.io/v1", "v1", "IngressClass"},
      Specs(kIngressClassReferrers));
  add({"admissionregistration.k8s.io", "", "ValidatingAdmissionPolicy"},
      Specs(kPolicyReferrers));
  return references;
}

FieldSpecs CommonLabels() {
  FieldSpecs specs;
  for (FieldSpec& spec : Specs(kSelectors)) {
    specs.push_back(std::move(spec));
    const std::string kind = specs.back().gvk.kind;
    if (kind != "Deployment" && kind != "StatefulSet") continue;
    for (const char* path : kPodSelectors) {
      specs.push_back(MakeFieldSpec({"apps", "", kind},
                                    absl::StrCat("spec/template/spec/", path),
                                    false));
    }
  }
  return Concat(std::move(specs), Specs(kMetadataLabels));
}

FieldSpecs VarReferences() {
  FieldSpecs in_pods;
  AddInPods(&in_pods, kVarHomes, kVarsInPod, "");
  FieldSpecs all = Concat(std::move(in_pods), Specs(kVarsElsewhere));
  FieldSpecs specs;
  specs.reserve(all.size());
  for (const absl::string_view kind : kVarKinds) {
    for (FieldSpec& spec : all) {
      // What was taken has no path any more.
      if (spec.gvk.kind == kind && !spec.path.empty()) {
        specs.push_back(std::move(spec));
        spec.path.clear();
      }
    }
  }
  return specs;
}

}  // namespace

const ConfigPtr& DefaultConfig() {
  static const ConfigPtr& config = *[] {
    auto made = std::make_shared<TransformerConfig>();
    made->name_prefix = Specs(kName);
    made->name_suffix = Specs(kName);
    made->namespaces = Specs(kNamespaces);
    made->common_labels = CommonLabels();
    made->template_labels = Specs(kMetadataLabels);
    made->common_annotations = Specs(kAnnotations);
    made->name_references = DefaultNameReferences();
    made->var_references = VarReferences();
    made->images = Specs(kImages);
    made->replicas = Specs(kReplicas);
    for (FieldSpecs* specs :
         {&made->namespaces, &made->common_labels, &made->template_labels,
          &made->common_annotations, &made->var_references, &made->replicas}) {
      SortFieldSpecs(specs);
    }
    SortNameReferences(&made->name_references);
    return new ConfigPtr(std::move(made));
  }();
  return config;
}

}  // namespace weir::kustomize
