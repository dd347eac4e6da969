// What the server fills in by itself, and nobody owns.
#include <string>
#include <vector>

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
  if (!uid.is_string()) return;
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

}  // namespace

void PrepareObject(const KindInfo& kind, const Value& old, Value& object) {
  if (kind.is_custom || !object.is_object() || !old.is_null()) return;
  const kube::GroupVersionKind& gvk = kind.resource.gvk;
  if (gvk.group == "batch" && gvk.kind == "Job") PrepareJob(object);
  if (gvk.group.empty() && gvk.kind == "Pod") PreparePod(object);
}

}  // namespace weir::apiserver
