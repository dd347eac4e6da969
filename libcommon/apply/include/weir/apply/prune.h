// Prune deletes objects that an inventory no longer holds.
//
// Touches: network, through the client.
// Threads: safe to call from several threads for different owners.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "weir/apply/apply_run.h"
#include "weir/apply/inventory.h"
#include "weir/base/context.h"
#include "weir/kube/client.h"
#include "weir/value/value.h"

namespace weir::apply {

struct PruneOptions {
  // Labels that an object must have for us to delete it.
  Value owner_labels;
  std::string control_prefix;
  int concurrency = 4;
};

struct PruneResult {
  // What was deleted (kDeleted) or left alone (kSkipped), in order.
  std::vector<ChangeEntry> entries;
  // Entries that could not be dealt with; they stay in the inventory.
  std::vector<InventoryEntry> failed;
  // OK, or "delete failed, errors: <e1>;<e2>;".
  absl::Status status;
};

// In reverse apply order; objects of one rank go together. Objects that are
// gone count as deleted; those with other owner labels, or that a control
// excludes (reconcile: disabled, ssa: Ignore, prune: disabled), are left alone
// and are no error.
PruneResult Prune(const Context& ctx, const kube::Client& client,
                  const std::vector<InventoryEntry>& entries,
                  const PruneOptions& options);

}  // namespace weir::apply
