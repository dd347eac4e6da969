// Server-side apply and the tracking of other writes: the ownership part of
// kinds.h.
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "kinds.h"
#include "managed_fields.h"
#include "ssa_fields.h"
#include "ssa_typed.h"
#include "weir/base/status.h"
#include "weir/value/json.h"

namespace weir::apiserver {
namespace {

constexpr absl::string_view kLastApplied =
    "kubectl.kubernetes.io/last-applied-configuration";

absl::Status Failure(int code, absl::string_view reason,
                     absl::string_view message, Value details = Value()) {
  Value status = Value::MakeObject({{"apiVersion", "v1"},
                                    {"kind", "Status"},
                                    {"metadata", Value::MakeObject()},
                                    {"status", "Failure"},
                                    {"message", message},
                                    {"code", code}});
  if (!reason.empty()) status.Set("reason", reason);
  if (!details.is_null()) status.Set("details", std::move(details));
  return kube::MakeApiError(code, status);
}

// "apps/v1, Kind=Deployment", as Go prints a GroupVersionKind.
std::string PrintGvk(const kube::GroupVersionKind& gvk) {
  return absl::StrCat(gvk.group, "/", gvk.version, ", Kind=", gvk.kind);
}

std::string PrintErrors(const std::vector<std::string>& errors) {
  if (errors.size() == 1) return errors[0];
  return absl::StrCat("errors:\n  ", absl::StrJoin(errors, "\n  "));
}

absl::Status CheckPatch(const KindInfo& kind, const Value& applied) {
  const kube::GroupVersionKind gvk = kube::GroupVersionKindOf(applied);
  const kube::GroupVersionKind& want = kind.resource.gvk;
  if (gvk != want) {
    return Failure(400, "BadRequest",
                   absl::StrCat("invalid object type: ", PrintGvk(gvk)));
  }
  if (applied["metadata"].Has("managedFields")) {
    const Value& fields = applied["metadata"]["managedFields"];
    if (!fields.is_null()) {
      return Failure(400, "BadRequest", "metadata.managedFields must be nil");
    }
  }
  std::vector<std::string> errors =
      CheckTyped(*kind.schema, applied, /*allow_duplicates=*/false);
  if (errors.empty()) return absl::OkStatus();
  return Failure(500, "",
                 absl::StrCat("failed to create typed patch object (",
                              applied["metadata"].GetString("namespace"), "/",
                              applied["metadata"].GetString("name"), "; ",
                              PrintGvk(gvk), "): ", PrintErrors(errors)));
}

using Conflicts = std::map<ManagerId, FieldSet>;

absl::Status ConflictError(const Conflicts& conflicts) {
  Value causes = Value::MakeArray();
  std::vector<std::string> lines;
  std::string only;
  // Sorted by the manager's printed identity.
  std::map<std::string, std::vector<std::string>> by_manager;
  for (const auto& [id, fields] : conflicts) {
    auto& paths = by_manager[id.ToString()];
    fields.ForEach(
        [&](const FieldPath& path) { paths.push_back(FormatFieldPath(path)); });
  }
  for (const auto& [manager, paths] : by_manager) {
    lines.push_back(absl::StrCat("conflicts with ", manager, ":"));
    for (const std::string& path : paths) {
      lines.push_back(absl::StrCat("- ", path));
      only = absl::StrCat("conflict with ", manager, ": ", path);
      causes.Append(Value::MakeObject(
          {{"reason", "FieldManagerConflict"},
           {"message", absl::StrCat("conflict with ", manager)},
           {"field", path}}));
    }
  }
  size_t count = causes.size();
  std::string message =
      count == 1 ? absl::StrCat("Apply failed with 1 conflict: ", only)
                 : absl::StrCat("Apply failed with ", count,
                                " conflicts: ", absl::StrJoin(lines, "\n"));
  return Failure(409, "Conflict", message,
                 Value::MakeObject({{"causes", std::move(causes)}}));
}

// Fields that every manager, of every version, owns.
FieldSet AllOwned(const Managers& managers) {
  FieldSet out;
  for (const auto& [id, set] : managers) out = out.Union(set.fields);
  return out;
}

// Takes away what the manager owned last time and nobody owns now.
Value Prune(const Schema& schema, const Value& merged, const Managers& managers,
            const FieldSet& last) {
  if (last.empty()) return merged;
  FieldSet named_last = last.WithNamedFields(&schema);
  Value pruned = RemoveTyped(schema, merged, named_last);
  // Put back what anybody owns.
  FieldSet merged_set = FieldSetOf(schema, merged).WithNamedFields(&schema);
  FieldSet pruned_set = FieldSetOf(schema, pruned).WithNamedFields(&schema);
  FieldSet owned = AllOwned(managers).WithNamedFields(&schema);
  pruned = RemoveTyped(schema, merged,
                       merged_set.Difference(pruned_set.Union(owned)));
  // Put back what went along and was not the manager's.
  pruned_set = FieldSetOf(schema, pruned).WithNamedFields(&schema);
  return RemoveTyped(
      schema, merged,
      merged_set.Difference(pruned_set).Intersection(named_last));
}

struct Applied {
  Value object;
  Managers managers;
  Conflicts conflicts;  // When not forced; the rest is then unset.
};

absl::StatusOr<Applied> ApplyOnce(const KindInfo& kind, const Value& live,
                                  const Value& patch, bool force,
                                  const FieldManager& manager,
                                  Managers managers) {
  const Schema& schema = *kind.schema;
  const ManagerId self{manager.name, true, "", manager.subresource};
  ReconcileManagers(kind, managers);
  auto merged = MergeTyped(schema, live, patch);
  if (!merged.ok()) {
    return Failure(
        500, "",
        absl::StrCat("failed to merge config: ", merged.status().message()));
  }
  Applied out;
  FieldSet last;
  std::string last_time;
  if (auto it = managers.find(self); it != managers.end()) {
    last = it->second.fields;
    last_time = it->second.time;
  }
  FieldSet wanted =
      ResetFields(kind, manager.subresource, FieldSetOf(schema, patch));
  managers[self] = {kind.resource.gvk.ApiVersion(), std::move(wanted),
                    last_time};
  out.object = Prune(schema, *merged, managers, last);
  TypedComparison comparison = ResetFields(
      kind, manager.subresource, CompareTyped(schema, live, out.object));
  Conflicts conflicts = FindConflicts(comparison, self, managers);
  if (!conflicts.empty() && !force) {
    out.conflicts = std::move(conflicts);
    return out;
  }
  TakeOver(comparison, conflicts, self, managers);
  StripMetadata(self, managers);
  if (!SameValue(live, out.object)) {
    if (auto it = managers.find(self); it != managers.end()) {
      it->second.time = FormatManagedTime(manager.now);
    }
  }
  out.managers = std::move(managers);
  return out;
}

// What kubectl's last-applied annotation shows it to own.
FieldSet OwnedByLastApplied(const KindInfo& kind, const Value& live) {
  absl::string_view text =
      live["metadata"]["annotations"].GetString(kLastApplied);
  if (text.empty()) return {};
  auto last = ParseJson(text);
  if (!last.ok() ||
      last->GetString("apiVersion") != kind.resource.gvk.ApiVersion() ||
      !CheckTyped(*kind.schema, *last, false).empty()) {
    return {};
  }
  TypedComparison comparison = CompareTyped(*kind.schema, *last, live);
  return FieldSetOf(*kind.schema, *last)
      .Difference(comparison.modified)
      .Difference(comparison.added)
      .Difference(comparison.removed);
}

Conflicts Without(const Conflicts& conflicts, const FieldSet& allowed) {
  Conflicts out;
  for (const auto& [id, fields] : conflicts) {
    FieldSet rest = fields.Difference(allowed);
    if (!rest.empty()) out.emplace(id, std::move(rest));
  }
  return out;
}

// Keeps kubectl's annotation in step with what kubectl applies.
void RefreshLastApplied(const Value& patch, Value& object) {
  if (object["metadata"]["annotations"].GetString(kLastApplied).empty()) {
    return;
  }
  Value copy = patch;
  Value& metadata = copy.Mutable("metadata");
  if (metadata["annotations"].is_object()) {
    Value& annotations = metadata.Mutable("annotations");
    annotations.Erase(kLastApplied);
    if (annotations.empty()) metadata.Erase("annotations");
  }
  object.Mutable("metadata")
      .Mutable("annotations")
      .Set(kLastApplied,
           FormatJson(copy, {.indent = 0, .escape_html = true}) + "\n");
}

bool IsReset(const Value& managed_fields) {
  if (!managed_fields.is_array()) return false;
  if (managed_fields.empty()) return true;
  return managed_fields.size() == 1 && managed_fields[size_t{0}].is_object() &&
         managed_fields[size_t{0}].empty();
}

Managers DecodeOrNone(const Value& managed_fields) {
  auto managers = DecodeManagers(managed_fields);
  return managers.ok() ? *std::move(managers) : Managers();
}

// The ownership an update starts from: the request's own list when it is one,
// so that clients may edit it, else the stored one.
Managers ManagersOfUpdate(const Value& old, const Value& object,
                          bool is_subresource) {
  const Value& stored = old["metadata"]["managedFields"];
  if (is_subresource) return DecodeOrNone(stored);
  const Value& sent = object["metadata"]["managedFields"];
  if (IsReset(sent)) return {};
  auto managers = DecodeManagers(sent);
  if (!managers.ok() || managers->empty()) return DecodeOrNone(stored);
  return *std::move(managers);
}

Value WithoutManagedFields(Value object) {
  if (object["metadata"].Has("managedFields")) {
    object.Mutable("metadata").Erase("managedFields");
  }
  return object;
}

Value WithoutTimes(Value object) {
  if (object["metadata"]["managedFields"].is_array()) {
    Value& entries = object.Mutable("metadata").Mutable("managedFields");
    for (size_t i = 0; i < entries.size(); ++i) {
      if (entries[i].is_object()) entries.MutableAt(i).Erase("time");
    }
  }
  return object;
}

}  // namespace

absl::StatusOr<Value> ServerSideApply(const KindInfo& kind, const Value& live,
                                      const Value& applied, bool force,
                                      const FieldManager& manager) {
  WEIR_RETURN_IF_ERROR(CheckPatch(kind, applied));
  auto decoded = DecodeManagers(live["metadata"]["managedFields"]);
  if (!decoded.ok()) {
    return Failure(500, "",
                   absl::StrCat("failed to decode managed fields: ",
                                decoded.status().message()));
  }
  Managers managers = *std::move(decoded);
  const Value base =
      live.is_null() ? EmptyObject(kind) : WithoutManagedFields(live);
  if (managers.empty() && !live.is_null()) {
    FieldManager before = manager;
    before.name = "before-first-apply";
    UpdateManagers(kind, EmptyObject(kind), base, before, managers);
  }
  Value patch = WithoutManagedFields(applied);
  WEIR_ASSIGN_OR_RETURN(Applied result,
                        ApplyOnce(kind, base, patch, force, manager, managers));
  if (!result.conflicts.empty()) {
    Conflicts left = result.conflicts;
    if (manager.name == "kubectl") {
      left = Without(left, OwnedByLastApplied(kind, base));
    }
    if (!left.empty()) return ConflictError(left);
    WEIR_ASSIGN_OR_RETURN(
        result, ApplyOnce(kind, base, patch, true, manager, managers));
  }
  if (manager.name == "kubectl") RefreshLastApplied(patch, result.object);
  SetManagers(result.managers, result.object);
  return std::move(result.object);
}

Value TrackUpdate(const KindInfo& kind, const Value& old, Value object,
                  const FieldManager& manager) {
  Managers managers =
      ManagersOfUpdate(old, object, !manager.subresource.empty());
  Value base = old.is_null() ? EmptyObject(kind) : WithoutManagedFields(old);
  object = WithoutManagedFields(std::move(object));
  // An object whose ownership was reset is not tracked until it is applied.
  if (!managers.empty() || old.is_null()) {
    UpdateManagers(kind, base, object, manager, managers);
  }
  SetManagers(managers, object);
  return object;
}

bool IsSameButForTimes(const Value& a, const Value& b) {
  return a == b || WithoutTimes(a) == WithoutTimes(b);
}

}  // namespace weir::apiserver
