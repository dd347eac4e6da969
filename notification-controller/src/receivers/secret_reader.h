// Reads the Secrets that Receivers name.
//
// Touches: network, through the client.
// Threads: pure functions besides.
#pragma once

#include "absl/status/statusor.h"
#include "src/receivers/hook.h"
#include "weir/base/context.h"
#include "weir/kube/client.h"
#include "weir/kube/types.h"

namespace weir::notification_controller {

// The data, decoded; what is no base64 is left out.
// Errors: the client's.
absl::StatusOr<SecretData> ReadSecret(const Context& ctx,
                                      const kube::Client& client,
                                      const kube::ObjectKey& key);

}  // namespace weir::notification_controller
