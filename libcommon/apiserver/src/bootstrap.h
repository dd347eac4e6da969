// What every cluster has from the start.
//
// Touches: the store.
// Threads: call it once, before anybody else has the server.
#pragma once

#include "absl/status/status.h"
#include "handler.h"

namespace weir::apiserver {

// Makes what is missing of namespaces, roles, the node, the storage class.
absl::Status Bootstrap(ApiHandler& handler);

}  // namespace weir::apiserver
