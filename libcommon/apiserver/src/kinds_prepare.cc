// What the server fills in by itself, and nobody owns.
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "kinds.h"
#include "weir/value/value.h"

namespace weir::apiserver {
namespace {

// Jobs find their pods by a label with their own uid.
void PrepareJob(Value& job) {
  Value& spec = job.Mutable("spec");
  if (!spec.is_object() || spec.GetBool("manualSelector") ||
      !spec["template"].is_object()) {
    return;
  }
  const Value uid = job["metadata"]["uid"];
  const Value name = job["metadata"]["name"];
  if (!uid.is_string() || !job["metadata"].is_object()) return;
  Value& pod = job.Mutable("spec").Mutable("template");
  Value& metadata = pod.Mutable("metadata");
  if (!metadata.is_object()) metadata = Value::MakeObject();
  Value& labels = metadata.Mutable("labels");
  if (!labels.is_object()) labels = Value::MakeObject();
  for (absl::string_view key : {"job-name", "batch.kubernetes.io/job-name"}) {
    labels.Set(key, name);
  }
  for (absl::string_view key :
       {"controller-uid", "batch.kubernetes.io/controller-uid"}) {
    labels.Set(key, uid);
  }
  Value& again = job.Mutable("spec");
  if (!again["selector"].is_object()) {
    again.Set("selector", Value::MakeObject());
  }
  Value& match = again.Mutable("selector").Mutable("matchLabels");
  if (!match.is_object()) match = Value::MakeObject();
  match.Set("batch.kubernetes.io/controller-uid", uid);
  if (job["metadata"]["labels"].empty()) {
    const Value all = job["spec"]["template"]["metadata"]["labels"];
    job.Mutable("metadata").Set("labels", all);
  }
}

void PrepareCrd(Value& crd) {
  const Value versions = crd["spec"]["versions"];
  for (const Value& version : versions.array()) {
    if (!version.GetBool("storage")) continue;
    Value& status = crd.Mutable("status");
    if (!status.is_object()) status = Value::MakeObject();
    status.Set("storedVersions", Value(Value::Array{version["name"]}));
    return;
  }
}

void PrepareDaemonSet(const Value& old, Value& set) {
  constexpr absl::string_view kKey = "deprecated.daemonset.template.generation";
  int64_t count = 0;
  if (!absl::SimpleAtoi(old["metadata"]["annotations"].GetString(kKey),
                        &count)) {
    count = 0;
  }
  if (old["spec"]["template"] != set["spec"]["template"]) ++count;
  if (!set["metadata"].is_object()) return;
  Value& annotations = set.Mutable("metadata").Mutable("annotations");
  if (annotations.is_null()) annotations = Value::MakeObject();
  if (annotations.is_object()) annotations.Set(kKey, absl::StrCat(count));
}

bool Tolerates(const Value& tolerations, absl::string_view key) {
  for (const Value& t : tolerations.array()) {
    bool matches = t.GetString("key") == key || t.GetString("key").empty();
    absl::string_view effect = t.GetString("effect");
    if (matches && (effect == "NoExecute" || effect.empty())) return true;
  }
  return false;
}

void PreparePod(Value& pod) {
  Value& spec = pod.Mutable("spec");
  if (!spec.is_object()) return;
  if (spec.GetString("serviceAccountName").empty()) {
    spec.Set("serviceAccountName", "default");
    spec.Set("serviceAccount", "default");
  }
  if (spec.GetInt("terminationGracePeriodSeconds") < 0) {
    spec.Set("terminationGracePeriodSeconds", 1);
  }
  if (!spec.Has("priority")) spec.Set("priority", 0);
  if (!spec.Has("preemptionPolicy")) {
    spec.Set("preemptionPolicy", "PreemptLowerPriority");
  }
  for (absl::string_view key :
       {"node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"}) {
    if (Tolerates(spec["tolerations"], key)) continue;
    spec.Mutable("tolerations")
        .Append(Value::MakeObject({{"key", key},
                                   {"operator", "Exists"},
                                   {"effect", "NoExecute"},
                                   {"tolerationSeconds", 300}}));
  }
}

bool IsReachable(const Value& spec) {
  absl::string_view type = spec.GetString("type");
  return type == "NodePort" || type == "LoadBalancer" ||
         (type == "ClusterIP" && !spec["externalIPs"].empty());
}

// A service of another type forgets what only the old type had; one address
// follows the other.
void PrepareService(const Value& old, Value& service) {
  const Value before = old["spec"];
  if (!service["spec"].is_object()) return;
  Value& spec = service.Mutable("spec");
  auto is_kept = [&](absl::string_view key) {
    return spec.Has(key) && spec[key] == before[key];
  };
  if (IsReachable(before) && !IsReachable(spec) &&
      is_kept("externalTrafficPolicy")) {
    spec.Erase("externalTrafficPolicy");
  }
  const std::string type(spec.GetString("type"));
  if (type != "LoadBalancer" && before.GetString("type") == "LoadBalancer") {
    for (absl::string_view key :
         {"allocateLoadBalancerNodePorts", "loadBalancerClass"}) {
      if (is_kept(key)) spec.Erase(key);
    }
  }
  if (type == "ExternalName" && is_kept("internalTrafficPolicy")) {
    spec.Erase("internalTrafficPolicy");
  }
  const Value ip = spec["clusterIP"];
  if (!ip.is_null() && ip != before["clusterIP"] && is_kept("clusterIPs") &&
      !spec["clusterIPs"].empty()) {
    spec.Mutable("clusterIPs").MutableAt(0) = ip;
  }
}

}  // namespace

void PrepareObject(const KindInfo& kind, const Value& old, Value& object) {
  if (kind.is_custom || !object.is_object()) return;
  const kube::GroupVersionKind& gvk = kind.resource.gvk;
  if (gvk.group == "apps" && gvk.kind == "DaemonSet") {
    PrepareDaemonSet(old, object);
  }
  if (!old.is_null()) {
    if (gvk.group.empty() && gvk.kind == "Service") {
      PrepareService(old, object);
    }
    return;
  }
  if (gvk.group == "batch" && gvk.kind == "Job") PrepareJob(object);
  if (gvk.kind == "CustomResourceDefinition") PrepareCrd(object);
  if (gvk.group.empty() && gvk.kind == "Pod") PreparePod(object);
}

}  // namespace weir::apiserver
