#include "weir/apply/inventory.h"

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace weir::apply {

InventoryEntry MakeInventoryEntry(const kube::ObjectRef& ref) {
  const std::string name = absl::StrReplaceAll(ref.key.name, {{":", "__"}});
  return {absl::StrCat(ref.key.name_space, "_", name, "_", ref.gvk.group, "_",
                       ref.gvk.kind),
          ref.gvk.version};
}

absl::StatusOr<kube::ObjectRef> ParseInventoryEntry(
    const InventoryEntry& entry) {
  const absl::string_view id = entry.id;
  const size_t first = id.find('_');
  const size_t last = id.rfind('_');
  if (first == absl::string_view::npos || last == first) {
    return absl::InvalidArgumentError(
        absl::StrCat("unable to parse stored object metadata: ", id));
  }
  const size_t middle = id.rfind('_', last - 1);
  if (middle == absl::string_view::npos || middle <= first) {
    return absl::InvalidArgumentError(
        absl::StrCat("unable to parse stored object metadata: ", id));
  }
  kube::ObjectRef ref;
  ref.key.name_space = std::string(id.substr(0, first));
  ref.key.name = absl::StrReplaceAll(id.substr(first + 1, middle - first - 1),
                                     {{"__", ":"}});
  ref.gvk.group = std::string(id.substr(middle + 1, last - middle - 1));
  ref.gvk.kind = std::string(id.substr(last + 1));
  ref.gvk.version = entry.version;
  return ref;
}

Value InventoryToValue(const std::vector<InventoryEntry>& entries) {
  Value::Array items;
  items.reserve(entries.size());
  for (const InventoryEntry& entry : entries) {
    items.push_back(
        Value::MakeObject({{"id", entry.id}, {"v", entry.version}}));
  }
  return Value::MakeObject({{"entries", Value(std::move(items))}});
}

std::vector<InventoryEntry> InventoryFromValue(const Value& inventory) {
  std::vector<InventoryEntry> entries;
  for (const Value& item : inventory["entries"].array()) {
    if (!item.is_object()) continue;
    entries.push_back(
        {std::string(item.GetString("id")), std::string(item.GetString("v"))});
  }
  return entries;
}

std::vector<InventoryEntry> StaleEntries(
    const std::vector<InventoryEntry>& old_entries,
    const std::vector<InventoryEntry>& new_entries) {
  absl::flat_hash_set<absl::string_view> kept;
  for (const InventoryEntry& entry : new_entries) kept.insert(entry.id);
  std::vector<InventoryEntry> stale;
  for (const InventoryEntry& entry : old_entries) {
    if (!kept.contains(entry.id)) stale.push_back(entry);
  }
  return stale;
}

std::string Subject(const kube::ObjectRef& ref) {
  if (ref.key.name_space.empty()) {
    return absl::StrCat(ref.gvk.kind, "/", ref.key.name);
  }
  return absl::StrCat(ref.gvk.kind, "/", ref.key.name_space, "/", ref.key.name);
}

std::string FormatSubjects(const std::vector<InventoryEntry>& entries) {
  std::string out;
  for (const InventoryEntry& entry : entries) {
    const absl::StatusOr<kube::ObjectRef> ref = ParseInventoryEntry(entry);
    if (!ref.ok()) continue;
    absl::StrAppend(&out, out.empty() ? "" : "\n", Subject(*ref));
  }
  return out;
}

}  // namespace weir::apply
