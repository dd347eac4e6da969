// What is true of the metadata of every object.
// Source: apimachinery, package api/validation.
#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "kinds_check.h"
#include "names.h"
#include "schema_crd.h"
#include "weir/value/json.h"

namespace weir::apiserver {
namespace {

constexpr size_t kMaxAnnotations = 256 << 10;

using NameCheck = NameProblems (*)(absl::string_view);

NameCheck NameCheckOf(const KindInfo& kind) {
  const kube::GroupVersionKind& gvk = kind.resource.gvk;
  if (kind.is_custom) return CheckDnsSubdomain;
  if (gvk.kind == "Namespace") return CheckDnsLabel;
  if (gvk.kind == "Service") return CheckDns1035Label;
  if (gvk.group == "rbac.authorization.k8s.io") return CheckPathSegment;
  return CheckDnsSubdomain;
}

void Add(const NameProblems& problems, absl::string_view field,
         absl::string_view value, std::vector<FieldError>& errors) {
  for (const std::string& problem : problems) {
    errors.push_back(InvalidError(field, Value(value), problem));
  }
}

void CheckAnnotations(const Value& annotations,
                      std::vector<FieldError>& errors) {
  size_t size = 0;
  for (const Value::Member& member : annotations.object()) {
    Add(CheckQualifiedName(absl::AsciiStrToLower(member.key)),
        "metadata.annotations", member.key, errors);
    size += member.key.size();
    if (member.value.is_string()) size += member.value.AsString().size();
  }
  if (size > kMaxAnnotations) {
    errors.push_back(TooLongError("metadata.annotations", kMaxAnnotations));
  }
}

void CheckOwners(const Value& owners, std::vector<FieldError>& errors) {
  const std::string field = "metadata.ownerReferences";
  std::string controller;
  for (const Value& owner : owners.array()) {
    auto gvk = kube::MakeGroupVersionKind(owner.GetString("apiVersion"),
                                          owner.GetString("kind"));
    if (gvk.version.empty()) {
      errors.push_back(InvalidError(field + ".apiVersion",
                                    Value(owner.GetString("apiVersion")),
                                    "version must not be empty"));
    }
    for (absl::string_view key : {"kind", "name", "uid"}) {
      if (owner.GetString(key).empty()) {
        errors.push_back(InvalidError(absl::StrCat(field, ".", key), Value(""),
                                      "must not be empty"));
      }
    }
    if (gvk.group.empty() && gvk.version == "v1" && gvk.kind == "Event") {
      errors.push_back(InvalidError(
          field, owner, "/v1, Kind=Event is disallowed from being an owner"));
    }
    if (!owner.GetBool("controller")) continue;
    std::string name =
        absl::StrCat(owner.GetString("kind"), "/", owner.GetString("name"));
    if (controller.empty()) {
      controller = name;
    } else {
      errors.push_back(InvalidError(
          field, owners,
          absl::StrCat("Only one reference can have Controller set to true. "
                       "Found \"true\" in references for ",
                       controller, " and ", name)));
    }
  }
}

void CheckFinalizers(const Value& finalizers, std::vector<FieldError>& errors) {
  bool orphans = false, deletes = false;
  for (const Value& finalizer : finalizers.array()) {
    if (!finalizer.is_string()) continue;
    const std::string& name = finalizer.AsString();
    Add(CheckQualifiedName(name), "metadata.finalizers", name, errors);
    orphans = orphans || name == "orphan";
    deletes = deletes || name == "foregroundDeletion";
  }
  if (orphans && deletes) {
    errors.push_back(
        InvalidError("metadata.finalizers", finalizers,
                     "finalizer orphan and foregroundDeletion cannot be both "
                     "set"));
  }
}

void CheckFinalizerNames(const Value& finalizers,
                         std::vector<FieldError>& errors) {
  for (size_t i = 0; i < finalizers.size(); ++i) {
    if (!finalizers[i].is_string()) continue;
    const std::string& name = finalizers[i].AsString();
    if (absl::StrContains(name, "/") || name == "kubernetes" ||
        name == "orphan" || name == "foregroundDeletion") {
      continue;
    }
    errors.push_back(InvalidError(
        absl::StrCat("metadata.finalizers[", i, "]"), finalizers[i],
        "name is neither a standard finalizer name nor is it fully "
        "qualified"));
  }
}

void CheckCommon(const Value& meta, std::vector<FieldError>& errors) {
  ValidateLabels(meta["labels"], "metadata.labels", errors);
  CheckAnnotations(meta["annotations"], errors);
  CheckOwners(meta["ownerReferences"], errors);
}

void CheckUpdate(const Value& old, const Value& meta,
                 std::vector<FieldError>& errors) {
  if (!old["deletionTimestamp"].is_null()) {
    std::vector<std::string> added;
    const Value::Array& before = old["finalizers"].array();
    for (const Value& finalizer : meta["finalizers"].array()) {
      if (std::find(before.begin(), before.end(), finalizer) == before.end()) {
        added.push_back(FormatJson(finalizer));
      }
    }
    if (!added.empty()) {
      errors.push_back(ForbiddenError(
          "metadata.finalizers",
          absl::StrCat("no new finalizers can be added if the object is being "
                       "deleted, found new finalizers []string{",
                       absl::StrJoin(added, ", "), "}")));
    }
  }
  if (meta.GetInt("generation") < old.GetInt("generation")) {
    errors.push_back(InvalidError("metadata.generation",
                                  Value(meta.GetInt("generation")),
                                  "must not be decremented"));
  }
  for (absl::string_view key :
       {"name", "namespace", "uid", "creationTimestamp", "deletionTimestamp",
        "deletionGracePeriodSeconds"}) {
    if (meta[key] != old[key]) {
      errors.push_back(InvalidError(absl::StrCat("metadata.", key), meta[key],
                                    "field is immutable"));
    }
  }
}

}  // namespace

void ValidateLabels(const Value& labels, absl::string_view field,
                    std::vector<FieldError>& errors) {
  for (const Value::Member& member : labels.object()) {
    Add(CheckQualifiedName(member.key), field, member.key, errors);
    if (!member.value.is_string()) continue;
    Add(CheckLabelValue(member.value.AsString()), field,
        member.value.AsString(), errors);
  }
}

void ValidateMetadata(const KindInfo& kind, const Value& old,
                      const Value& object, std::vector<FieldError>& errors) {
  const Value& meta = object["metadata"];
  NameCheck check = NameCheckOf(kind);
  if (absl::string_view prefix = meta.GetString("generateName");
      !prefix.empty()) {
    // A trailing dash is fine in a prefix.
    std::string masked(prefix);
    if (masked.size() > 1 && masked.back() == '-') masked.back() = 'a';
    Add(check(masked), "metadata.generateName", prefix, errors);
  }
  absl::string_view name = meta.GetString("name");
  if (name.empty()) {
    errors.push_back(
        RequiredError("metadata.name", "name or generateName is required"));
  } else {
    Add(check(name), "metadata.name", name, errors);
  }
  absl::string_view name_space = meta.GetString("namespace");
  if (kind.resource.is_namespaced) {
    if (name_space.empty()) {
      errors.push_back(RequiredError("metadata.namespace"));
    } else {
      Add(CheckDnsLabel(name_space), "metadata.namespace", name_space, errors);
    }
  } else if (!name_space.empty()) {
    errors.push_back(
        ForbiddenError("metadata.namespace", "not allowed on this type"));
  }
  if (old.is_null()) {
    CheckCommon(meta, errors);
    CheckFinalizers(meta["finalizers"], errors);
    if (!kind.is_custom) CheckFinalizerNames(meta["finalizers"], errors);
    return;
  }
  // The API server checks updates twice; each error is told as often.
  for (int i = 0; i < 2; ++i) {
    CheckUpdate(old["metadata"], meta, errors);
    CheckCommon(meta, errors);
  }
}

}  // namespace weir::apiserver
