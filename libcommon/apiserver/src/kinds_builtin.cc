// The table of builtin kinds: facts, and what the facts do not tell.
#include <algorithm>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "kinds.h"
#include "schema.h"

namespace weir::apiserver {
namespace {

bool Contains(const std::vector<std::string>& list, absl::string_view item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

// Kinds whose metadata.generation counts changes of the spec.
bool HasGeneration(absl::string_view kind) {
  static const auto& kinds = *new absl::flat_hash_set<absl::string_view>{
      "Deployment",
      "ReplicaSet",
      "StatefulSet",
      "DaemonSet",
      "ReplicationController",
      "Job",
      "CronJob",
      "Pod",
      "Ingress",
      "IngressClass",
      "NetworkPolicy",
      "PodDisruptionBudget",
      "CustomResourceDefinition",
      "ValidatingWebhookConfiguration",
      "MutatingWebhookConfiguration",
      "ValidatingAdmissionPolicy",
      "ValidatingAdmissionPolicyBinding",
      "FlowSchema",
      "PriorityLevelConfiguration"};
  return kinds.contains(kind);
}

bool CanCreateByPut(const KindInfo& info) {
  static const auto& kinds = *new absl::flat_hash_set<absl::string_view>{
      "Service", "Endpoints",   "Event",       "LimitRange",        "Lease",
      "Role",    "ClusterRole", "RoleBinding", "ClusterRoleBinding"};
  return kinds.contains(info.resource.gvk.kind);
}

// Field selectors besides metadata.name and metadata.namespace.
std::vector<std::string> SelectableFields(absl::string_view kind) {
  static const auto& table =
      *new absl::flat_hash_map<absl::string_view, std::vector<std::string>>{
          {"Pod",
           {"spec.nodeName", "spec.restartPolicy", "spec.schedulerName",
            "spec.serviceAccountName", "spec.hostNetwork", "status.phase",
            "status.podIP", "status.nominatedNodeName"}},
          {"Event",
           {"involvedObject.apiVersion", "involvedObject.kind",
            "involvedObject.namespace", "involvedObject.name",
            "involvedObject.uid", "involvedObject.resourceVersion",
            "involvedObject.fieldPath", "reason", "reportingComponent",
            "source", "type"}},
          {"Secret", {"type"}},
          {"Namespace", {"status.phase"}},
          {"Node", {"spec.unschedulable"}},
          {"Service", {"spec.type", "spec.clusterIP"}},
          {"ReplicaSet", {"status.replicas"}},
          {"ReplicationController", {"status.replicas"}},
          {"Job", {"status.successful"}},
          {"CertificateSigningRequest", {"spec.signerName"}}};
  auto it = table.find(kind);
  return it == table.end() ? std::vector<std::string>() : it->second;
}

KindPtr MakeBuiltin(const BuiltinKindFacts& facts) {
  auto info = std::make_shared<KindInfo>();
  info->resource.gvk = {std::string(facts.group), std::string(facts.version),
                        std::string(facts.kind)};
  info->resource.plural = std::string(facts.plural);
  info->resource.is_namespaced = facts.is_namespaced;
  info->singular = std::string(facts.singular);
  info->list_kind = std::string(facts.kind) + "List";
  info->short_names = facts.short_names;
  info->categories = facts.categories;
  info->verbs = facts.verbs;
  info->has_status = Contains(facts.subresources, "status");
  info->has_scale = Contains(facts.subresources, "scale");
  info->has_generation = HasGeneration(facts.kind);
  info->can_create_by_put = CanCreateByPut(*info);
  info->allows_unconditional_update =
      facts.kind != "Lease" && facts.kind != "CustomResourceDefinition";
  if (info->has_scale) {
    info->spec_replicas_path = "/spec/replicas";
    info->status_replicas_path = "/status/replicas";
    info->selector_path = "/spec/selector";
  }
  info->selectable_fields = SelectableFields(facts.kind);
  // The facts live as long as the process.
  info->schema =
      std::shared_ptr<const Schema>(std::shared_ptr<void>(), facts.schema);
  return info;
}

}  // namespace

const std::vector<KindPtr>& BuiltinKinds() {
  static const auto& kinds = *[] {
    auto* out = new std::vector<KindPtr>;
    for (const BuiltinKindFacts& facts : BuiltinFacts()) {
      out->push_back(MakeBuiltin(facts));
    }
    return out;
  }();
  return kinds;
}

}  // namespace weir::apiserver
