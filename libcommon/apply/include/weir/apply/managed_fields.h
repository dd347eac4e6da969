// Reading and mending metadata.managedFields: who owns what of an object.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "weir/value/value.h"

namespace weir::apply {

// Managers whose fields are taken over.
struct ManagerMatch {
  std::string prefix;  // Matched against the start of the manager's name.
  bool apply = true;   // Entries of operation Apply.
  bool update = true;  // Entries of operation Update.
};

// kubectl, before-first-apply, `field_manager`'s own updates, and
// `overrides`.
std::vector<ManagerMatch> TakenOverManagers(
    absl::string_view field_manager, const std::vector<std::string>& overrides);

// A digest of the fields that `manager` owns by server-side apply, or, where
// it owns none, by updates; 0 when it owns none at all. When somebody else
// changes one of these fields the server moves its ownership, so the digest
// changes; writes to other fields (status, say) leave it alone.
uint64_t OwnershipDigest(const Value& metadata, absl::string_view manager);

// Whether an entry belongs to one of `managers`; entries of subresources do
// not count.
bool HasTakenOverManager(const Value& metadata,
                         const std::vector<ManagerMatch>& managers);

// The JSON patch that folds the entries of `managers` into `field_manager`'s
// Apply entry and removes what kubectl and older tools left behind
// (annotations and labels of theirs); nothing when the object is clean. It
// carries the resourceVersion, so that a race fails with 409.
std::optional<Value> ComputeCleanUpPatch(
    const Value& live, absl::string_view field_manager,
    const std::vector<ManagerMatch>& managers);

}  // namespace weir::apply
