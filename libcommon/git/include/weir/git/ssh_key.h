// Checks of SSH private keys, before a connection needs one.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include "absl/status/status.h"
#include "weir/base/secret.h"

namespace weir::git {

// Whether the key (PEM or OpenSSH format) can be read.
// Errors: kInvalidArgument, also for an encrypted key without its passphrase.
absl::Status CheckSshKey(const Secret& private_key, const Secret& passphrase);

}  // namespace weir::git
