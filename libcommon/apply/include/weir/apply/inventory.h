// The inventory: which objects a Kustomization or release owns, by id.
//
// Touches: nothing.
// Threads: pure functions and values.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "weir/kube/types.h"
#include "weir/value/value.h"

namespace weir::apply {

struct InventoryEntry {
  std::string id;       // "<namespace>_<name>_<group>_<kind>"
  std::string version;  // "v1"
  friend bool operator==(const InventoryEntry&,
                         const InventoryEntry&) = default;
};

// Empty parts are kept: "_my-ns__Namespace". ":" in a name is written "__".
InventoryEntry MakeInventoryEntry(const kube::ObjectRef& ref);

// Errors: kInvalidArgument when the id has too few parts.
absl::StatusOr<kube::ObjectRef> ParseInventoryEntry(
    const InventoryEntry& entry);

// {"entries": [{"id": ..., "v": ...}]} and back; entries that are no objects
// are left out.
Value InventoryToValue(const std::vector<InventoryEntry>& entries);
std::vector<InventoryEntry> InventoryFromValue(const Value& inventory);

// Those of `old_entries` whose id `new_entries` lacks.
std::vector<InventoryEntry> StaleEntries(
    const std::vector<InventoryEntry>& old_entries,
    const std::vector<InventoryEntry>& new_entries);

// "Deployment/apps/web", or "Namespace/apps" for a cluster-scoped object.
std::string Subject(const kube::ObjectRef& ref);
// The subjects of all entries that are objects, a line each, without a newline
// at the end.
std::string FormatSubjects(const std::vector<InventoryEntry>& entries);

}  // namespace weir::apply
