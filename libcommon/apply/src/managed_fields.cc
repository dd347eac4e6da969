#include "weir/apply/managed_fields.h"

#include <utility>

#include "absl/hash/hash.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "weir/value/json.h"

namespace weir::apply {
namespace {

constexpr const char* kStaleAnnotations[] = {
    "kubectl.kubernetes.io/last-applied-configuration",
    "kustomize.toolkit.fluxcd.io/checksum", "fluxcd.io/sync-checksum"};
constexpr const char* kStaleLabels[] = {"fluxcd.io/sync-gc-mark"};

bool IsMainEntry(const Value& entry, absl::string_view operation) {
  return entry.GetString("operation") == operation &&
         entry.GetString("subresource").empty();
}

bool Matches(const Value& entry, const std::vector<ManagerMatch>& managers) {
  const absl::string_view manager = entry.GetString("manager");
  for (const ManagerMatch& match : managers) {
    if (!absl::StartsWith(manager, match.prefix)) continue;
    if (match.apply && IsMainEntry(entry, "Apply")) return true;
    if (match.update && IsMainEntry(entry, "Update")) return true;
  }
  return false;
}

// Union of two FieldsV1 sets, which are nested objects.
Value Unite(Value a, const Value& b) {
  for (const Value::Member& member : b.object()) {
    Value& mine = a.Mutable(member.key);
    mine =
        mine.is_object() ? Unite(std::move(mine), member.value) : member.value;
  }
  return a;
}

// The new managedFields, or null when nothing is to be taken over.
Value TakeOver(const Value& managed_fields, absl::string_view field_manager,
               const std::vector<ManagerMatch>& managers) {
  Value own;
  Value::Array kept;
  Value taken;
  Value first_taken;
  for (const Value& entry : managed_fields.array()) {
    if (entry.GetString("manager") == field_manager &&
        IsMainEntry(entry, "Apply")) {
      own = entry;
    } else if (Matches(entry, managers)) {
      if (first_taken.is_null()) first_taken = entry;
      taken = Unite(std::move(taken), entry["fieldsV1"]);
    } else {
      kept.push_back(entry);
    }
  }
  if (first_taken.is_null()) return Value();
  if (own.is_null()) {
    own = first_taken;
    own.Set("manager", field_manager);
    own.Set("operation", "Apply");
  }
  own.Set("fieldsV1", Unite(own["fieldsV1"], taken));
  kept.insert(kept.begin(), std::move(own));
  return Value(std::move(kept));
}

Value RemoveOperation(absl::string_view field, absl::string_view key) {
  return Value::MakeObject(
      {{"op", "remove"},
       {"path",
        absl::StrCat("/metadata/", field, "/",
                     absl::StrReplaceAll(key, {{"~", "~0"}, {"/", "~1"}}))}});
}

}  // namespace

std::vector<ManagerMatch> TakenOverManagers(
    absl::string_view field_manager,
    const std::vector<std::string>& overrides) {
  std::vector<ManagerMatch> managers = {
      {"kubectl", true, true},
      {"before-first-apply", false, true},
      {std::string(field_manager), false, true}};
  for (const std::string& name : overrides) {
    managers.push_back({name, true, true});
  }
  return managers;
}

uint64_t OwnershipDigest(const Value& metadata, absl::string_view manager) {
  for (const char* operation : {"Apply", "Update"}) {
    for (const Value& entry : metadata["managedFields"].array()) {
      if (entry.GetString("manager") != manager ||
          !IsMainEntry(entry, operation)) {
        continue;
      }
      // Zero is kept for "owns nothing".
      return absl::HashOf(FormatJson(entry["fieldsV1"])) | 1;
    }
  }
  return 0;
}

bool HasTakenOverManager(const Value& metadata,
                         const std::vector<ManagerMatch>& managers) {
  for (const Value& entry : metadata["managedFields"].array()) {
    if (Matches(entry, managers)) return true;
  }
  return false;
}

std::optional<Value> ComputeCleanUpPatch(
    const Value& live, absl::string_view field_manager,
    const std::vector<ManagerMatch>& managers) {
  const Value& metadata = live["metadata"];
  Value::Array operations;
  for (const char* key : kStaleAnnotations) {
    if (metadata["annotations"].Has(key)) {
      operations.push_back(RemoveOperation("annotations", key));
    }
  }
  for (const char* key : kStaleLabels) {
    if (metadata["labels"].Has(key)) {
      operations.push_back(RemoveOperation("labels", key));
    }
  }
  Value fields = TakeOver(metadata["managedFields"], field_manager, managers);
  if (!fields.is_null()) {
    operations.push_back(Value::MakeObject({{"op", "replace"},
                                            {"path", "/metadata/managedFields"},
                                            {"value", std::move(fields)}}));
  }
  if (operations.empty()) return std::nullopt;
  operations.push_back(Value::MakeObject(
      {{"op", "replace"},
       {"path", "/metadata/resourceVersion"},
       {"value", Value(metadata.GetString("resourceVersion"))}}));
  return Value(std::move(operations));
}

}  // namespace weir::apply
