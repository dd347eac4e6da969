// What every cluster has from the start.
//
// Touches: the store.
// Threads: call it once, before anybody else has the server.
#pragma once

#include "absl/status/status.h"
#include "handler.h"

namespace weir::apiserver {

// Makes what is missing of namespaces, roles, the storage class and, if
// wanted, the node.
absl::Status Bootstrap(ApiHandler& handler, bool has_node);

}  // namespace weir::apiserver
