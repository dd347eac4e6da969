// Deletion: preconditions, grace, finalizers and propagation policies.
#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "api_errors.h"
#include "schema_crd.h"
#include "weir/base/duration.h"
#include "weir/base/status.h"
#include "write_path.h"

namespace weir::apiserver {
namespace {

constexpr char kOrphan[] = "orphan";
constexpr char kForeground[] = "foregroundDeletion";
constexpr char kCrdCleanup[] = "customresourcecleanup.apiextensions.k8s.io";

bool IsBuiltin(const KindInfo& kind, absl::string_view name) {
  return !kind.is_custom && kind.resource.gvk.kind == name;
}

// Names the kind where other conflicts name the resource.
absl::Status PreconditionFailed(const WriteCall& call, absl::string_view why) {
  const kube::GroupVersionKind& gvk = call.kind().resource.gvk;
  Value details =
      Value::MakeObject({{"name", call.path.name}, {"kind", gvk.kind}});
  std::string resource = gvk.kind;
  if (!gvk.group.empty()) {
    details.Set("group", gvk.group);
    absl::StrAppend(&resource, ".", gvk.group);
  }
  return MakeFailure(409, "Conflict",
                     absl::StrCat("Operation cannot be fulfilled on ", resource,
                                  " \"", call.path.name, "\": ", why),
                     std::move(details));
}

absl::Status CheckDeletePreconditions(const WriteCall& call,
                                      const Value& stored) {
  const Value& wanted = call.body["preconditions"];
  const Value& metadata = stored["metadata"];
  const absl::string_view uid = wanted.GetString("uid");
  if (!uid.empty() && uid != metadata.GetString("uid")) {
    return PreconditionFailed(
        call, absl::StrCat("the UID in the precondition (", uid,
                           ") does not match the UID in record (",
                           metadata.GetString("uid"),
                           "). The object might have been deleted and then "
                           "recreated"));
  }
  const absl::string_view rv = wanted.GetString("resourceVersion");
  if (!rv.empty() && rv != metadata.GetString("resourceVersion")) {
    return PreconditionFailed(
        call, absl::StrCat("the ResourceVersion in the precondition (", rv,
                           ") does not match the ResourceVersion in record (",
                           metadata.GetString("resourceVersion"),
                           "). The object might have been modified"));
  }
  return absl::OkStatus();
}

bool HasFinalizer(const Value& object, absl::string_view name) {
  const Value::Array& all = object["metadata"]["finalizers"].array();
  return std::any_of(all.begin(), all.end(), [&](const Value& one) {
    return one.is_string() && one.AsString() == name;
  });
}

void SetFinalizer(Value& object, absl::string_view name, bool is_wanted) {
  if (HasFinalizer(object, name) == is_wanted) return;
  Value kept = Value::MakeArray();
  for (const Value& one : object["metadata"]["finalizers"].array()) {
    if (!one.is_string() || one.AsString() != name) kept.Append(one);
  }
  if (is_wanted) kept.Append(name);
  Value& metadata = object.Mutable("metadata");
  if (kept.empty()) {
    metadata.Erase("finalizers");
  } else {
    metadata.Set("finalizers", std::move(kept));
  }
}

absl::StatusOr<std::string> PolicyOf(const WriteCall& call) {
  std::string policy(call.body.GetString("propagationPolicy"));
  const Value& orphan = call.body["orphanDependents"];
  const auto invalid = [&](const char* reason, std::string text) {
    return InvalidOption("DeleteOptions", "meta.k8s.io", "",
                         {reason, "propagationPolicy", std::move(text)});
  };
  if (!policy.empty() && orphan.is_bool()) {
    return invalid("FieldValueInvalid",
                   absl::StrCat("Invalid value: \"", policy,
                                "\": orphanDependents and "
                                "deletionPropagation cannot be both set"));
  }
  if (orphan.is_bool()) return orphan.AsBool() ? "Orphan" : "Background";
  if (!policy.empty() && policy != "Orphan" && policy != "Background" &&
      policy != "Foreground") {
    return invalid("FieldValueNotSupported",
                   absl::StrCat("Unsupported value: \"", policy,
                                "\": supported values: \"Foreground\", "
                                "\"Background\", \"Orphan\", \"nil\""));
  }
  return policy;
}

// Seconds that a Pod has to end.
int64_t GraceOf(const WriteCall& call, const Value& pod) {
  const std::string phase(pod["status"].GetString("phase"));
  if (pod["spec"].GetString("nodeName").empty() || phase == "Succeeded" ||
      phase == "Failed") {
    return 0;
  }
  const int64_t grace =
      call.body.GetInt("gracePeriodSeconds",
                       pod["spec"].GetInt("terminationGracePeriodSeconds", 30));
  return grace < 0 ? 1 : grace;
}

void StartNamespaceDeletion(Value& object) {
  object.Mutable("status").Set("phase", "Terminating");
}

void StartCrdDeletion(const WriteCall& call, Value& object) {
  SetFinalizer(object, kCrdCleanup, true);
  Value conditions = Value::MakeArray();
  for (const Value& one : object["status"]["conditions"].array()) {
    if (one.GetString("type") != "Terminating") conditions.Append(one);
  }
  conditions.Append(Value::MakeObject(
      {{"type", "Terminating"},
       {"status", "True"},
       {"lastTransitionTime", FormatKubeTime(call.now)},
       {"reason", "InstanceDeletionPending"},
       {"message",
        "CustomResourceDefinition marked for deletion; CustomResource "
        "deletion will begin soon"}}));
  object.Mutable("status").Set("conditions", std::move(conditions));
}

}  // namespace

absl::StatusOr<Decision> WritePath::Delete(WriteCall& call,
                                           const Value& stored) const {
  call.warnings.clear();
  call.is_removed = false;
  const KindInfo& kind = call.kind();
  if (stored.is_null()) return ObjectNotFound(kind, call.path.name);
  WEIR_RETURN_IF_ERROR(CheckDeletePreconditions(call, stored));
  WEIR_ASSIGN_OR_RETURN(std::string policy, PolicyOf(call));
  if (policy.empty() && IsBuiltin(kind, "Job") &&
      !HasFinalizer(stored, kOrphan) && !HasFinalizer(stored, kForeground)) {
    policy = "Orphan";
    call.warnings.push_back(
        "child pods are preserved by default when jobs are deleted; set "
        "propagationPolicy=Background to remove them or set "
        "propagationPolicy=Orphan to suppress this warning");
  }
  const bool is_namespace = IsBuiltin(kind, "Namespace");
  const bool is_crd = IsBuiltin(kind, "CustomResourceDefinition");
  if (is_namespace &&
      (call.path.name == "default" || call.path.name == "kube-system" ||
       call.path.name == "kube-public")) {
    return Forbidden(kind, call.path.name, "this namespace may not be deleted");
  }
  Value object = stored;
  if (policy == "Orphan") {
    SetFinalizer(object, kForeground, false);
    SetFinalizer(object, kOrphan, true);
  } else if (policy == "Foreground") {
    SetFinalizer(object, kOrphan, false);
    SetFinalizer(object, kForeground, true);
  } else if (policy == "Background") {
    SetFinalizer(object, kOrphan, false);
    SetFinalizer(object, kForeground, false);
  }
  const bool was_leaving =
      !stored["metadata"].GetString("deletionTimestamp").empty();
  int64_t grace = IsBuiltin(kind, "Pod") ? GraceOf(call, stored) : 0;
  if (was_leaving) {
    grace = std::min(grace,
                     stored["metadata"].GetInt("deletionGracePeriodSeconds"));
  } else if (is_namespace) {
    StartNamespaceDeletion(object);
  } else if (is_crd) {
    StartCrdDeletion(call, object);
  }
  Value& metadata = object.Mutable("metadata");
  const bool must_stay =
      !metadata["finalizers"].empty() || grace > 0 ||
      (is_namespace && !object["spec"]["finalizers"].empty());
  Decision decision;
  if (!must_stay) {
    call.is_removed = true;
    decision.action = Decision::Action::kRemove;
    if (was_leaving) metadata.Set("deletionGracePeriodSeconds", 0);
  } else {
    if (!was_leaving) {
      metadata.Set("deletionTimestamp",
                   FormatKubeTime(call.now + absl::Seconds(grace)));
      if (kind.has_generation && !is_crd) {
        metadata.Set("generation", metadata.GetInt("generation") + 1);
      }
    }
    if (!is_namespace && !is_crd) {
      metadata.Set("deletionGracePeriodSeconds", grace);
    }
    if (!(object == stored)) decision.action = Decision::Action::kPut;
  }
  if (call.parameters.is_dry_run) decision.action = Decision::Action::kNothing;
  decision.object = std::move(object);
  return decision;
}

}  // namespace weir::apiserver
