// Defaults of builtin kinds: a function a type, run on every object of that
// type wherever it stands, outer ones first.
#include <deque>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "kinds.h"
#include "schema.h"
#include "schema_crd.h"

namespace weir::apiserver {
namespace {

void Default(Value& object, absl::string_view key, Value value) {
  const Value* member = object.Find(key);
  if (member == nullptr || member->is_null()) object.Set(key, std::move(value));
}

// The member as an object to write into.
Value& Object(Value& object, absl::string_view key) {
  Value& member = object.Mutable(key);
  if (!member.is_object()) member = Value::MakeObject();
  return member;
}

// ------------------------------------------------------------------- core

// What follows the image's name: "latest" when it has neither tag nor digest.
std::string ImageTag(absl::string_view image) {
  if (image.empty()) return "";
  size_t at = image.find('@');
  bool has_digest = at != image.npos;
  absl::string_view name = image.substr(0, at);
  size_t slash = name.rfind('/');
  size_t colon = name.rfind(':');
  if (colon != name.npos && (slash == name.npos || colon > slash)) {
    return std::string(name.substr(colon + 1));
  }
  return has_digest ? "" : "latest";
}

absl::string_view PullPolicy(absl::string_view image) {
  return ImageTag(image) == "latest" ? "Always" : "IfNotPresent";
}

void DefaultContainer(Value& c) {
  Default(c, "imagePullPolicy", PullPolicy(c.GetString("image")));
  Default(c, "terminationMessagePath", "/dev/termination-log");
  Default(c, "terminationMessagePolicy", "File");
}

void DefaultProtocol(Value& port) { Default(port, "protocol", "TCP"); }

void DefaultVolume(Value& volume) {
  bool has_source = false;
  for (const Value::Member& member : volume.object()) {
    has_source = has_source || member.key != "name";
  }
  if (!has_source) volume.Set("emptyDir", Value::MakeObject());
  if (const Value& image = volume["image"];
      image.is_object() && !image.Has("pullPolicy")) {
    absl::string_view policy = PullPolicy(image.GetString("reference"));
    volume.Mutable("image").Set("pullPolicy", policy);
  }
}

void DefaultMode(Value& source) { Default(source, "defaultMode", 420); }

void DefaultPodSpec(Value& spec) {
  Default(spec, "dnsPolicy", "ClusterFirst");
  Default(spec, "restartPolicy", "Always");
  Default(spec, "securityContext", Value::MakeObject());
  Default(spec, "terminationGracePeriodSeconds", 30);
  Default(spec, "schedulerName", "default-scheduler");
  // The old name of the field mirrors the new one.
  absl::string_view account = spec.GetString("serviceAccountName");
  if (account.empty()) account = spec.GetString("serviceAccount");
  if (!account.empty()) {
    Value name(account);
    spec.Set("serviceAccountName", name);
    spec.Set("serviceAccount", name);
  }
}

void DefaultRequests(Value& container) {
  const Value limits = container["resources"]["limits"];
  if (!limits.is_object()) return;
  Value& requests = Object(Object(container, "resources"), "requests");
  for (const Value::Member& limit : limits.object()) {
    Default(requests, limit.key, limit.value);
  }
}

void DefaultHostPorts(Value& container) {
  if (!container["ports"].is_array()) return;
  Value& ports = container.Mutable("ports");
  for (size_t i = 0; i < ports.size(); ++i) {
    if (!ports[i].is_object() || ports[i].GetInt("hostPort") != 0) continue;
    ports.MutableAt(i).Set("hostPort", ports[i]["containerPort"]);
  }
}

void DefaultPod(Value& pod) {
  Value& spec = Object(pod, "spec");
  bool on_host = spec.GetBool("hostNetwork");
  for (absl::string_view list : {"containers", "initContainers"}) {
    if (!spec[list].is_array()) continue;
    Value& containers = spec.Mutable(list);
    for (size_t i = 0; i < containers.size(); ++i) {
      if (!containers[i].is_object()) continue;
      DefaultRequests(containers.MutableAt(i));
      if (on_host) DefaultHostPorts(containers.MutableAt(i));
    }
  }
  Default(spec, "enableServiceLinks", true);
}

void DefaultProbe(Value& probe) {
  Default(probe, "timeoutSeconds", 1);
  Default(probe, "periodSeconds", 10);
  Default(probe, "successThreshold", 1);
  Default(probe, "failureThreshold", 3);
}

void DefaultHttpGet(Value& action) {
  Default(action, "path", "/");
  Default(action, "scheme", "HTTP");
}

void DefaultServicePorts(Value& spec) {
  if (!spec["ports"].is_array()) return;
  Value& ports = spec.Mutable("ports");
  for (size_t i = 0; i < ports.size(); ++i) {
    if (!ports[i].is_object()) continue;
    Value& port = ports.MutableAt(i);
    Default(port, "protocol", "TCP");
    const Value& target = port["targetPort"];
    if (target.is_null() || target == Value(0) || target == Value("")) {
      Value number = port["port"];
      port.Set("targetPort", number.is_null() ? Value(0) : number);
    }
  }
}

void DefaultService(Value& service) {
  Value& spec = Object(service, "spec");
  Default(spec, "sessionAffinity", "None");
  absl::string_view affinity = spec.GetString("sessionAffinity");
  if (affinity == "None") {
    spec.Erase("sessionAffinityConfig");
  } else if (affinity == "ClientIP" &&
             !spec["sessionAffinityConfig"]["clientIP"].Has("timeoutSeconds")) {
    spec.Set(
        "sessionAffinityConfig",
        Value::MakeObject(
            {{"clientIP", Value::MakeObject({{"timeoutSeconds", 10800}})}}));
  }
  Default(spec, "type", "ClusterIP");
  DefaultServicePorts(spec);
  const std::string type(spec.GetString("type"));
  bool is_balanced = type == "LoadBalancer";
  if (type == "NodePort" || is_balanced ||
      (type == "ClusterIP" && !spec["externalIPs"].empty())) {
    Default(spec, "externalTrafficPolicy", "Cluster");
  }
  if (type != "ExternalName") Default(spec, "internalTrafficPolicy", "Cluster");
  if (is_balanced) Default(spec, "allocateLoadBalancerNodePorts", true);
}

// What was given as text becomes data.
void DefaultSecret(Value& secret) {
  if (secret["stringData"].is_object()) {
    const Value text = secret["stringData"];
    Value& data = Object(secret, "data");
    for (const Value::Member& member : text.object()) {
      if (!member.value.is_string()) continue;
      data.Set(member.key, absl::Base64Escape(member.value.AsString()));
    }
  }
  secret.Erase("stringData");
  Default(secret, "type", "Opaque");
}

void DefaultNamespace(Value& name_space) {
  std::string name(name_space["metadata"].GetString("name"));
  if (name.empty()) return;
  Object(Object(name_space, "metadata"), "labels")
      .Set("kubernetes.io/metadata.name", name);
}

void DefaultNode(Value& node) {
  const Value capacity = node["status"]["capacity"];
  if (!capacity.is_null()) {
    Default(Object(node, "status"), "allocatable", capacity);
  }
}

void DefaultVolumeOfCluster(Value& volume) {
  Default(Object(volume, "status"), "phase", "Pending");
  Value& spec = Object(volume, "spec");
  Default(spec, "persistentVolumeReclaimPolicy", "Retain");
  Default(spec, "volumeMode", "Filesystem");
}

void DefaultLimits(Value& item) {
  if (item.GetString("type") != "Container") return;
  const Value max = item["max"], min = item["min"];
  Value& fallback = Object(item, "default");
  for (const Value::Member& member : max.object()) {
    Default(fallback, member.key, member.value);
  }
  const Value given = fallback;
  Value& request = Object(item, "defaultRequest");
  for (const Value* from : {&given, &min}) {
    for (const Value::Member& member : from->object()) {
      Default(request, member.key, member.value);
    }
  }
}

// -------------------------------------------------------------- workloads

void DefaultDeployment(Value& deployment) {
  Value& spec = Object(deployment, "spec");
  Default(spec, "replicas", 1);
  Value& strategy = Object(spec, "strategy");
  Default(strategy, "type", "RollingUpdate");
  if (strategy.GetString("type") == "RollingUpdate") {
    Value& update = Object(strategy, "rollingUpdate");
    Default(update, "maxUnavailable", "25%");
    Default(update, "maxSurge", "25%");
  }
  Default(spec, "revisionHistoryLimit", 10);
  Default(spec, "progressDeadlineSeconds", 600);
}

void DefaultDaemonSet(Value& set) {
  // A field of old versions, which counts changes of the template.
  Default(Object(Object(set, "metadata"), "annotations"),
          "deprecated.daemonset.template.generation", "0");
  Value& spec = Object(set, "spec");
  Value& strategy = Object(spec, "updateStrategy");
  Default(strategy, "type", "RollingUpdate");
  if (strategy.GetString("type") == "RollingUpdate") {
    Value& update = Object(strategy, "rollingUpdate");
    Default(update, "maxUnavailable", 1);
    Default(update, "maxSurge", 0);
  }
  Default(spec, "revisionHistoryLimit", 10);
}

void DefaultStatefulSet(Value& set) {
  Value& spec = Object(set, "spec");
  Default(spec, "podManagementPolicy", "OrderedReady");
  Value& strategy = Object(spec, "updateStrategy");
  if (!strategy.Has("type")) {
    strategy.Set("type", "RollingUpdate");
    Object(strategy, "rollingUpdate");
  }
  if (strategy.GetString("type") == "RollingUpdate" &&
      strategy["rollingUpdate"].is_object()) {
    Default(strategy.Mutable("rollingUpdate"), "partition", 0);
  }
  Value& retention = Object(spec, "persistentVolumeClaimRetentionPolicy");
  Default(retention, "whenDeleted", "Retain");
  Default(retention, "whenScaled", "Retain");
  Default(spec, "replicas", 1);
  Default(spec, "revisionHistoryLimit", 10);
  if (!spec["volumeClaimTemplates"].is_array()) return;
  Value& claims = spec.Mutable("volumeClaimTemplates");
  for (size_t i = 0; i < claims.size(); ++i) {
    if (!claims[i].is_object()) continue;
    claims.MutableAt(i).Set("apiVersion", "v1");
    claims.MutableAt(i).Set("kind", "PersistentVolumeClaim");
  }
}

void DefaultReplicaSet(Value& set) {
  Default(Object(set, "spec"), "replicas", 1);
}

void DefaultReplicationController(Value& controller) {
  Value& spec = Object(controller, "spec");
  Default(spec, "replicas", 1);
  const Value labels = spec["template"]["metadata"]["labels"];
  if (labels.empty()) return;
  if (spec["selector"].empty()) spec.Set("selector", labels);
  Value& metadata = Object(controller, "metadata");
  if (metadata["labels"].empty()) metadata.Set("labels", labels);
}

void DefaultJob(Value& job) {
  Value& spec = Object(job, "spec");
  if (!spec.Has("parallelism")) {
    Default(spec, "completions", 1);
    if (spec["completions"] == Value(1)) spec.Set("parallelism", 1);
    Default(spec, "parallelism", 1);
  }
  Default(spec, "backoffLimit",
          spec.Has("backoffLimitPerIndex") ? 2147483647 : 6);
  const Value labels = spec["template"]["metadata"]["labels"];
  if (!labels.empty() && job["metadata"]["labels"].empty()) {
    Object(job, "metadata").Set("labels", labels);
  }
  Value& again = Object(job, "spec");
  Default(again, "completionMode", "NonIndexed");
  Default(again, "suspend", false);
  Default(again, "podReplacementPolicy",
          again.Has("podFailurePolicy") ? "Failed" : "TerminatingOrFailed");
  Default(again, "manualSelector", false);
}

void DefaultCronJob(Value& job) {
  Value& spec = Object(job, "spec");
  Default(spec, "concurrencyPolicy", "Allow");
  Default(spec, "suspend", false);
  Default(spec, "successfulJobsHistoryLimit", 3);
  Default(spec, "failedJobsHistoryLimit", 1);
}

// ----------------------------------------------------------- other groups

void DefaultScaling(Value& behavior, absl::string_view direction,
                    Value policies, Value window) {
  Value& rules = Object(behavior, direction);
  Default(rules, "selectPolicy", "Max");
  Default(rules, "policies", std::move(policies));
  if (!window.is_null()) {
    Default(rules, "stabilizationWindowSeconds", std::move(window));
  }
}

Value Policy(absl::string_view type, int value) {
  return Value::MakeObject(
      {{"type", type}, {"value", value}, {"periodSeconds", 15}});
}

void DefaultAutoscaler(Value& scaler) {
  Value& spec = Object(scaler, "spec");
  Default(spec, "minReplicas", 1);
  if (spec["metrics"].empty()) {
    Value target = Value::MakeObject(
        {{"type", "Utilization"}, {"averageUtilization", 80}});
    Value resource =
        Value::MakeObject({{"name", "cpu"}, {"target", std::move(target)}});
    spec.Set("metrics",
             Value(Value::Array{Value::MakeObject(
                 {{"type", "Resource"}, {"resource", std::move(resource)}})}));
  }
  if (!spec["behavior"].is_object()) return;
  Value& behavior = spec.Mutable("behavior");
  DefaultScaling(behavior, "scaleUp",
                 Value(Value::Array{Policy("Pods", 4), Policy("Percent", 100)}),
                 0);
  DefaultScaling(behavior, "scaleDown",
                 Value(Value::Array{Policy("Percent", 100)}), Value());
}

void DefaultAutoscalerV1(Value& scaler) {
  Default(Object(scaler, "spec"), "minReplicas", 1);
}

void DefaultNetworkPolicy(Value& policy) {
  Value& spec = Object(policy, "spec");
  if (!spec["policyTypes"].empty()) return;
  Value types = Value::MakeArray();
  types.Append("Ingress");
  if (!spec["egress"].empty()) types.Append("Egress");
  spec.Set("policyTypes", std::move(types));
}

void DefaultBinding(Value& binding) {
  Default(Object(binding, "roleRef"), "apiGroup", "rbac.authorization.k8s.io");
  if (Object(binding, "roleRef").GetString("apiGroup").empty()) {
    Object(binding, "roleRef").Set("apiGroup", "rbac.authorization.k8s.io");
  }
}

void DefaultSubject(Value& subject) {
  absl::string_view kind = subject.GetString("kind");
  if (kind == "User" || kind == "Group") {
    Default(subject, "apiGroup", "rbac.authorization.k8s.io");
  }
}

void DefaultStorageClass(Value& storage) {
  Default(storage, "reclaimPolicy", "Delete");
  Default(storage, "volumeBindingMode", "Immediate");
}

void DefaultDriver(Value& driver) {
  Value& spec = Object(driver, "spec");
  Default(spec, "attachRequired", true);
  Default(spec, "podInfoOnMount", false);
  Default(spec, "storageCapacity", false);
  Default(spec, "fsGroupPolicy", "ReadWriteOnceWithFSType");
  if (spec["volumeLifecycleModes"].empty()) {
    spec.Set("volumeLifecycleModes", Value(Value::Array{Value("Persistent")}));
  }
  Default(spec, "requiresRepublish", false);
  Default(spec, "seLinuxMount", false);
}

void DefaultWebhook(Value& webhook) {
  Default(webhook, "failurePolicy", "Fail");
  Default(webhook, "matchPolicy", "Equivalent");
  Default(webhook, "namespaceSelector", Value::MakeObject());
  Default(webhook, "objectSelector", Value::MakeObject());
  Default(webhook, "timeoutSeconds", 10);
}

void DefaultMutatingWebhook(Value& webhook) {
  DefaultWebhook(webhook);
  Default(webhook, "reinvocationPolicy", "Never");
}

void DefaultMatch(Value& match) {
  Default(match, "matchPolicy", "Equivalent");
  Default(match, "namespaceSelector", Value::MakeObject());
  Default(match, "objectSelector", Value::MakeObject());
}

std::string Lower(absl::string_view text) {
  return absl::AsciiStrToLower(text);
}

void DefaultCrd(Value& crd) {
  Value& spec = Object(crd, "spec");
  Value& names = Object(spec, "names");
  std::string kind(names.GetString("kind"));
  if (names.GetString("singular").empty()) names.Set("singular", Lower(kind));
  if (names.GetString("listKind").empty() && !kind.empty()) {
    names.Set("listKind", kind + "List");
  }
  Default(spec, "conversion", Value::MakeObject({{"strategy", "None"}}));
  Value& conversion = Object(spec, "conversion");
  if (conversion["webhook"]["clientConfig"]["service"].is_object()) {
    Default(conversion.Mutable("webhook")
                .Mutable("clientConfig")
                .Mutable("service"),
            "port", 443);
  }
  if (!crd["status"]["storedVersions"].empty()) return;
  const Value versions = crd["spec"]["versions"];
  for (const Value& version : versions.array()) {
    if (!version.GetBool("storage")) continue;
    Object(crd, "status")
        .Set("storedVersions", Value(Value::Array{version["name"]}));
    break;
  }
}

void DefaultApiService(Value& service) {
  const Value& reference = service["spec"]["service"];
  if (!reference.is_object()) return;
  Default(service.Mutable("spec").Mutable("service"), "port", 443);
}

using Function = void (*)(Value&);
using Table = absl::flat_hash_map<absl::string_view, Function>;

void AddCore(Table& table) {
  auto add = [&table](absl::string_view type, Function function) {
    static std::deque<std::string>& names = *new std::deque<std::string>;
    names.push_back(absl::StrCat("io.k8s.api.core.v1.", type));
    table.emplace(names.back(), function);
  };
  add("Container", DefaultContainer);
  add("EphemeralContainer", DefaultContainer);
  add("ContainerPort", DefaultProtocol);
  add("EndpointPort", DefaultProtocol);
  add("Volume", DefaultVolume);
  for (absl::string_view source :
       {"SecretVolumeSource", "ConfigMapVolumeSource",
        "DownwardAPIVolumeSource", "ProjectedVolumeSource"}) {
    add(source, DefaultMode);
  }
  add("ServiceAccountTokenProjection",
      [](Value& v) { Default(v, "expirationSeconds", 3600); });
  add("HostPathVolumeSource", [](Value& v) { Default(v, "type", ""); });
  add("ObjectFieldSelector", [](Value& v) { Default(v, "apiVersion", "v1"); });
  add("GRPCAction", [](Value& v) { Default(v, "service", ""); });
  add("PodSpec", DefaultPodSpec);
  add("Pod", DefaultPod);
  add("Probe", DefaultProbe);
  add("HTTPGetAction", DefaultHttpGet);
  add("Service", DefaultService);
  add("Secret", DefaultSecret);
  add("Namespace", DefaultNamespace);
  add("NamespaceStatus", [](Value& v) { Default(v, "phase", "Active"); });
  add("Node", DefaultNode);
  add("PersistentVolume", DefaultVolumeOfCluster);
  add("PersistentVolumeClaim", [](Value& v) {
    Default(Object(v, "status"), "phase", "Pending");
    Object(v, "spec");
  });
  add("PersistentVolumeClaimSpec",
      [](Value& v) { Default(v, "volumeMode", "Filesystem"); });
  add("LimitRangeItem", DefaultLimits);
  add("ReplicationController", DefaultReplicationController);
  add("ISCSIVolumeSource",
      [](Value& v) { Default(v, "iscsiInterface", "default"); });
  add("RBDVolumeSource", [](Value& v) {
    Default(v, "pool", "rbd");
    Default(v, "user", "admin");
    Default(v, "keyring", "/etc/ceph/keyring");
  });
}

const Table& Functions() {
  static const Table& table = *[] {
    auto* t = new Table{
        {"io.k8s.api.apps.v1.Deployment", DefaultDeployment},
        {"io.k8s.api.apps.v1.DaemonSet", DefaultDaemonSet},
        {"io.k8s.api.apps.v1.StatefulSet", DefaultStatefulSet},
        {"io.k8s.api.apps.v1.ReplicaSet", DefaultReplicaSet},
        {"io.k8s.api.batch.v1.Job", DefaultJob},
        {"io.k8s.api.batch.v1.CronJob", DefaultCronJob},
        {"io.k8s.api.batch.v1.PodFailurePolicyOnPodConditionsPattern",
         [](Value& v) { Default(v, "status", "True"); }},
        {"io.k8s.api.autoscaling.v2.HorizontalPodAutoscaler",
         DefaultAutoscaler},
        {"io.k8s.api.autoscaling.v1.HorizontalPodAutoscaler",
         DefaultAutoscalerV1},
        {"io.k8s.api.networking.v1.NetworkPolicy", DefaultNetworkPolicy},
        {"io.k8s.api.networking.v1.NetworkPolicyPort", DefaultProtocol},
        {"io.k8s.api.networking.v1.IngressClassParametersReference",
         [](Value& v) { Default(v, "scope", "Cluster"); }},
        {"io.k8s.api.rbac.v1.RoleBinding", DefaultBinding},
        {"io.k8s.api.rbac.v1.ClusterRoleBinding", DefaultBinding},
        {"io.k8s.api.rbac.v1.Subject", DefaultSubject},
        {"io.k8s.api.storage.v1.StorageClass", DefaultStorageClass},
        {"io.k8s.api.storage.v1.CSIDriver", DefaultDriver},
        {"io.k8s.api.discovery.v1.EndpointPort",
         [](Value& v) {
           Default(v, "name", "");
           Default(v, "protocol", "TCP");
         }},
        {"io.k8s.api.admissionregistration.v1.ValidatingWebhook",
         DefaultWebhook},
        {"io.k8s.api.admissionregistration.v1.MutatingWebhook",
         DefaultMutatingWebhook},
        {"io.k8s.api.admissionregistration.v1.RuleWithOperations",
         [](Value& v) { Default(v, "scope", "*"); }},
        {"io.k8s.api.admissionregistration.v1.NamedRuleWithOperations",
         [](Value& v) { Default(v, "scope", "*"); }},
        {"io.k8s.api.admissionregistration.v1.ServiceReference",
         [](Value& v) { Default(v, "port", 443); }},
        {"io.k8s.api.admissionregistration.v1.ValidatingAdmissionPolicySpec",
         [](Value& v) { Default(v, "failurePolicy", "Fail"); }},
        {"io.k8s.api.admissionregistration.v1.MatchResources", DefaultMatch},
        {"io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1."
         "CustomResourceDefinition",
         DefaultCrd},
        {"io.k8s.kube-aggregator.pkg.apis.apiregistration.v1.APIService",
         DefaultApiService},
    };
    AddCore(*t);
    return t;
  }();
  return table;
}

void Walk(const Schema& schema, Value& value) {
  if (value.is_array()) {
    if (schema.items == nullptr || schema.items->type != SchemaType::kObject) {
      return;
    }
    for (size_t i = 0; i < value.size(); ++i) {
      if (value[i].is_object()) Walk(*schema.items, value.MutableAt(i));
    }
    return;
  }
  if (!value.is_object() || schema.type != SchemaType::kObject) return;
  if (!schema.name.empty()) {
    auto it = Functions().find(schema.name);
    if (it != Functions().end()) it->second(value);
  }
  for (const Schema::Field& field : schema.fields) {
    const Value* member = value.Find(field.name);
    if (member == nullptr) {
      // Structs that are part of this one get their defaults in any case.
      if (!field.is_written || field.is_pointer ||
          field.schema->type != SchemaType::kObject ||
          field.schema->name.empty()) {
        continue;
      }
      value.Set(field.name, Value::MakeObject());
    } else if (!member->is_object() && !member->is_array()) {
      continue;
    }
    Walk(*field.schema, value.Mutable(field.name));
  }
  if (schema.fields.empty() && schema.items != nullptr &&
      schema.items->type == SchemaType::kObject) {
    for (Value::Member& member : value.MutableObject()) {
      Walk(*schema.items, member.value);
    }
  }
}

}  // namespace

void ApplyBuiltinDefaults(const KindInfo& kind, const Value& /*old*/,
                          Value& object) {
  if (object.is_object()) Walk(*kind.schema, object);
}

}  // namespace weir::apiserver
