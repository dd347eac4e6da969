#include "managed_fields.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "weir/base/status.h"
#include "weir/value/json.h"

namespace weir::apiserver {
namespace {

constexpr size_t kMaxUpdateManagers = 10;

FieldPath Fields(std::initializer_list<absl::string_view> names) {
  FieldPath path;
  for (absl::string_view name : names) path.push_back(PathElement::Field(name));
  return path;
}

const FieldSet& NeverRecorded() {
  static const FieldSet& set = *[] {
    auto* out = new FieldSet;
    for (absl::string_view name : {"apiVersion", "kind", "metadata"}) {
      out->Insert(Fields({name}));
    }
    for (absl::string_view name :
         {"name", "namespace", "creationTimestamp", "selfLink", "uid",
          "clusterName", "generation", "managedFields", "resourceVersion"}) {
      out->Insert(Fields({"metadata", name}));
    }
    return out;
  }();
  return set;
}

absl::StatusOr<std::pair<ManagerId, ManagedSet>> DecodeEntry(
    const Value& entry) {
  ManagerId id;
  id.name = std::string(entry.GetString("manager"));
  id.subresource = std::string(entry.GetString("subresource"));
  absl::string_view operation = entry.GetString("operation");
  id.is_apply = operation == "Apply";
  if (!id.is_apply && operation != "Update") {
    return absl::InvalidArgumentError(
        absl::StrCat("unknown operation of managed fields: ", operation));
  }
  ManagedSet set;
  set.api_version = std::string(entry.GetString("apiVersion"));
  set.time = std::string(entry.GetString("time"));
  if (!id.is_apply) id.api_version = set.api_version;
  if (entry.GetString("fieldsType") != "FieldsV1") {
    return absl::InvalidArgumentError("missing fieldsType of managed fields");
  }
  WEIR_ASSIGN_OR_RETURN(set.fields, FieldSet::Decode(entry["fieldsV1"]),
                        "decoding managed fields");
  return std::pair(std::move(id), std::move(set));
}

// Managers of updates, oldest first.
std::vector<ManagerId> UpdatersByAge(const Managers& managers) {
  std::vector<std::pair<std::string, ManagerId>> sorted;
  for (const auto& [id, set] : managers) {
    if (!id.is_apply) sorted.emplace_back(set.time, id);
  }
  std::sort(sorted.begin(), sorted.end());
  std::vector<ManagerId> out;
  for (auto& [time, id] : sorted) out.push_back(std::move(id));
  return out;
}

// Merges the oldest updates of one version into one entry until few enough
// are left.
void CapUpdateManagers(Managers& managers) {
  std::vector<ManagerId> updaters = UpdatersByAge(managers);
  size_t count = updaters.size();
  std::map<std::string, ManagerId> first_of_version;
  for (const ManagerId& id : updaters) {
    if (count <= kMaxUpdateManagers) return;
    ManagedSet set = managers[id];
    auto [first, is_first] = first_of_version.emplace(set.api_version, id);
    if (is_first) continue;
    ManagerId bucket{"ancient-changes", false, set.api_version, ""};
    auto it = managers.find(bucket);
    if (it == managers.end()) {
      ManagedSet seed = managers[first->second];
      managers.erase(first->second);
      it = managers.emplace(bucket, std::move(seed)).first;
    }
    it->second.fields = set.fields.Union(it->second.fields);
    it->second.time = set.time;
    if (id != bucket) managers.erase(id);
    --count;
  }
}

// Whether a kind of a version like this one is still served.
bool IsServed(const KindInfo& kind, absl::string_view api_version) {
  if (kind.is_custom || api_version == kind.resource.gvk.ApiVersion()) {
    return true;
  }
  auto gvk = kube::MakeGroupVersionKind(api_version, kind.resource.gvk.kind);
  for (const BuiltinKindFacts& facts : BuiltinFacts()) {
    if (facts.group == gvk.group && facts.version == gvk.version &&
        facts.kind == gvk.kind) {
      return true;
    }
  }
  return false;
}

}  // namespace

std::string ManagerId::ToString() const {
  std::string out = FormatJson(Value(name));
  if (!subresource.empty()) {
    absl::StrAppend(&out, " with subresource ", FormatJson(Value(subresource)));
  }
  if (!is_apply) absl::StrAppend(&out, " using ", api_version);
  return out;
}

absl::StatusOr<Managers> DecodeManagers(const Value& managed_fields) {
  Managers out;
  for (const Value& entry : managed_fields.array()) {
    WEIR_ASSIGN_OR_RETURN(auto decoded, DecodeEntry(entry));
    out[std::move(decoded.first)] = std::move(decoded.second);
  }
  return out;
}

Value EncodeManagers(const Managers& managers) {
  if (managers.empty()) return Value();
  std::vector<std::pair<const ManagerId*, const ManagedSet*>> sorted;
  for (const auto& [id, set] : managers) sorted.emplace_back(&id, &set);
  std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) {
    auto key = [](const auto& e) {
      return std::tie(e.second->time, e.first->name, e.second->api_version,
                      e.first->subresource);
    };
    if (a.first->is_apply != b.first->is_apply) return a.first->is_apply;
    return key(a) < key(b);
  });
  Value out = Value::MakeArray();
  for (const auto& [id, set] : sorted) {
    Value entry = Value::MakeObject({
        {"apiVersion", set->api_version},
        {"fieldsType", "FieldsV1"},
        {"fieldsV1", set->fields.Encode()},
        {"manager", id->name},
        {"operation", id->is_apply ? "Apply" : "Update"},
    });
    if (!id->subresource.empty()) entry.Set("subresource", id->subresource);
    if (!set->time.empty()) entry.Set("time", set->time);
    out.Append(std::move(entry));
  }
  return out;
}

void SetManagers(const Managers& managers, Value& object) {
  Value encoded = EncodeManagers(managers);
  if (encoded.is_null()) {
    if (Value* metadata = object.FindMutable("metadata");
        metadata != nullptr && metadata->is_object()) {
      metadata->Erase("managedFields");
    }
    return;
  }
  Value& metadata = object.Mutable("metadata");
  if (!metadata.is_object()) metadata = Value::MakeObject();
  metadata.Set("managedFields", std::move(encoded));
}

FieldSet ResetFields(const KindInfo& kind, absl::string_view subresource,
                     const FieldSet& fields) {
  if (!kind.has_status) return fields;
  FieldSet reset;
  if (subresource.empty()) {
    reset.Insert(Fields({"status"}));
  } else if (subresource != "status") {
    return fields;
  } else if (kind.is_custom) {
    for (const FieldSet::Entry& entry : fields.entries()) {
      if (entry.element.name != "status") {
        reset.Insert(FieldPath{entry.element});
      }
    }
  } else {
    reset.Insert(Fields({"spec"}));
    reset.Insert(Fields({"metadata", "labels"}));
  }
  return fields.RecursiveDifference(reset);
}

TypedComparison ResetFields(const KindInfo& kind, absl::string_view subresource,
                            TypedComparison comparison) {
  comparison.added = ResetFields(kind, subresource, comparison.added);
  comparison.modified = ResetFields(kind, subresource, comparison.modified);
  comparison.removed = ResetFields(kind, subresource, comparison.removed);
  return comparison;
}

std::map<ManagerId, FieldSet> FindConflicts(const TypedComparison& comparison,
                                            const ManagerId& self,
                                            const Managers& managers) {
  std::map<ManagerId, FieldSet> out;
  FieldSet changed = comparison.modified.Union(comparison.added);
  for (const auto& [id, set] : managers) {
    if (id == self) continue;
    FieldSet overlap = set.fields.Intersection(changed);
    if (!overlap.empty()) out.emplace(id, std::move(overlap));
  }
  return out;
}

void TakeOver(const TypedComparison& comparison,
              const std::map<ManagerId, FieldSet>& conflicts,
              const ManagerId& self, Managers& managers) {
  for (auto it = managers.begin(); it != managers.end();) {
    if (it->first != self) {
      FieldSet& fields = it->second.fields;
      if (auto found = conflicts.find(it->first); found != conflicts.end()) {
        fields = fields.Difference(found->second);
      }
      fields = fields.Difference(comparison.removed);
    }
    it = it->second.fields.empty() ? managers.erase(it) : std::next(it);
  }
}

void StripMetadata(const ManagerId& id, Managers& managers) {
  auto it = managers.find(id);
  if (it == managers.end()) return;
  it->second.fields = it->second.fields.Difference(NeverRecorded());
  if (it->second.fields.empty()) managers.erase(it);
}

void ReconcileManagers(const KindInfo& kind, Managers& managers) {
  for (auto it = managers.begin(); it != managers.end();) {
    if (!IsServed(kind, it->second.api_version)) {
      it = managers.erase(it);
      continue;
    }
    it->second.fields = ReconcileFieldSet(*kind.schema, it->second.fields);
    ++it;
  }
}

std::string FormatManagedTime(absl::Time time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", time, absl::UTCTimeZone());
}

void UpdateManagers(const KindInfo& kind, const Value& before,
                    const Value& after, const FieldManager& manager,
                    Managers& managers) {
  const std::string api_version = kind.resource.gvk.ApiVersion();
  ReconcileManagers(kind, managers);
  TypedComparison comparison = ResetFields(
      kind, manager.subresource, CompareTyped(*kind.schema, before, after));
  // What this write changed is found under an identity of its own, and then
  // joined with what the manager had before.
  const ManagerId self{"", false, "", "current-operation"};
  TakeOver(comparison, FindConflicts(comparison, self, managers), self,
           managers);
  FieldSet written = comparison.modified.Union(comparison.added);
  if (!written.empty()) {
    managers[self] = {api_version, std::move(written), ""};
    StripMetadata(self, managers);
  }
  if (auto it = managers.find(self); it != managers.end()) {
    ManagerId id{manager.name.empty() ? "unknown" : manager.name, false,
                 api_version, manager.subresource};
    ManagedSet set = std::move(it->second);
    managers.erase(it);
    ManagedSet& mine = managers[id];
    mine.api_version = api_version;
    mine.fields = mine.fields.Union(set.fields);
    // Upstream forgets the time of scalers.
    mine.time =
        manager.subresource == "scale" ? "" : FormatManagedTime(manager.now);
  }
  CapUpdateManagers(managers);
}

}  // namespace weir::apiserver
