#include "weir/apply/normalize.h"

#include <array>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "weir/kube/types.h"

namespace weir::apply {
namespace {

void DefaultProtocol(Value* ports) {
  if (ports == nullptr || !ports->is_array()) return;
  for (size_t i = 0; i < ports->size(); ++i) {
    if ((*ports)[i].is_object() && !(*ports)[i].Has("protocol")) {
      ports->MutableAt(i).Set("protocol", "TCP");
    }
  }
}

// The value at a path of keys, for writing; null when absent.
Value* FindMutablePath(Value& root,
                       std::initializer_list<absl::string_view> path) {
  Value* value = &root;
  for (const absl::string_view key : path) {
    value = value->FindMutable(key);
    if (value == nullptr) return nullptr;
  }
  return value;
}

Value* FindContainers(Value& object, const kube::GroupVersionKind& gvk) {
  const std::string& kind = gvk.kind;
  if (gvk.group.empty() && kind == "Pod") {
    return FindMutablePath(object, {"spec", "containers"});
  }
  if (kind == "CronJob") {
    return FindMutablePath(object, {"spec", "jobTemplate", "spec", "template",
                                    "spec", "containers"});
  }
  constexpr std::array<absl::string_view, 5> kTemplated = {
      "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job"};
  for (const absl::string_view templated : kTemplated) {
    if (kind == templated) {
      return FindMutablePath(object,
                             {"spec", "template", "spec", "containers"});
    }
  }
  return nullptr;
}

void DefaultPortProtocols(Value& object, const kube::GroupVersionKind& gvk) {
  if (gvk.group.empty() && gvk.kind == "Service") {
    DefaultProtocol(FindMutablePath(object, {"spec", "ports"}));
    return;
  }
  Value* containers = FindContainers(object, gvk);
  if (containers == nullptr || !containers->is_array()) return;
  for (size_t i = 0; i < containers->size(); ++i) {
    if ((*containers)[i].Has("ports")) {
      DefaultProtocol(containers->MutableAt(i).FindMutable("ports"));
    }
  }
}

absl::Status FoldStringData(Value& secret) {
  const Value string_data = secret["stringData"];
  if (!secret.Erase("stringData")) return absl::OkStatus();
  for (const Value::Member& member : string_data.object()) {
    if (!member.value.is_string()) {
      return absl::FailedPreconditionError(
          absl::StrCat("stringData.", member.key, " is not a string"));
    }
    if (!secret["data"].is_object()) secret.Set("data", Value::MakeObject());
    secret.Mutable("data").Set(member.key,
                               absl::Base64Escape(member.value.AsString()));
  }
  return absl::OkStatus();
}

// Server-side apply takes null for an owned value; Git means "not set".
void DropNulls(Value& value) {
  if (value.is_object()) {
    bool has_null = false;
    bool has_nested = false;
    for (const Value::Member& member : value.object()) {
      has_null |= member.value.is_null();
      has_nested |= member.value.is_object() || member.value.is_array();
    }
    if (!has_null && !has_nested) return;
    Value::Object& members = value.MutableObject();
    std::erase_if(members,
                  [](const Value::Member& m) { return m.value.is_null(); });
    for (Value::Member& member : members) DropNulls(member.value);
  } else if (value.is_array()) {
    for (Value& element : value.MutableArray()) DropNulls(element);
  }
}

void DropBadCaBundle(Value& crd) {
  Value* config =
      FindMutablePath(crd, {"spec", "conversion", "webhook", "clientConfig"});
  if (config == nullptr || !config->Has("caBundle")) return;
  std::string pem;
  const bool valid =
      absl::Base64Unescape(config->GetString("caBundle"), &pem) &&
      absl::StrContains(pem, "-----BEGIN CERTIFICATE-----");
  if (!valid) config->Erase("caBundle");
}

void SetAll(Value& object, absl::string_view field, const Value& entries) {
  if (entries.empty()) return;
  Value& metadata = object.Mutable("metadata");
  Value& map = metadata.Mutable(field);
  bool is_usable = map.is_object();
  for (const Value::Member& member : map.object()) {
    is_usable = is_usable && member.value.is_string();
  }
  if (!is_usable) map = Value::MakeObject();
  for (const Value::Member& member : entries.object()) {
    map.Set(member.key, member.value);
  }
}

}  // namespace

absl::StatusOr<Value> Normalize(Value object) {
  const kube::GroupVersionKind gvk = kube::GroupVersionKindOf(object);
  DropNulls(object);
  if (gvk.group.empty() && gvk.kind == "Secret") {
    if (absl::Status status = FoldStringData(object); !status.ok()) {
      return status;
    }
  }
  DefaultPortProtocols(object, gvk);
  if (gvk.kind == "CustomResourceDefinition") {
    DropBadCaBundle(object);
  } else {
    object.Erase("status");
  }
  if (object["metadata"].Has("creationTimestamp")) {
    object.Mutable("metadata").Erase("creationTimestamp");
  }
  return object;
}

void SetLabels(Value& object, const Value& labels) {
  SetAll(object, "labels", labels);
}
void SetAnnotations(Value& object, const Value& annotations) {
  SetAll(object, "annotations", annotations);
}

bool HasControl(const Value& object, absl::string_view key,
                absl::string_view value) {
  const Value& metadata = object["metadata"];
  for (const char* field : {"labels", "annotations"}) {
    if (absl::EqualsIgnoreCase(metadata[field].GetString(key), value)) {
      return true;
    }
  }
  return false;
}

}  // namespace weir::apply
