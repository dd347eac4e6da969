// Keys as NATS writes them: Ed25519 in base32, with what they are for and a
// checksum.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "weir/base/secret.h"

namespace weir::notification_controller {

// "UDXU4R..." of the seed "SUACSS...".
// Errors: kInvalidArgument when it is no seed; never quotes it.
// Source: github.com/nats-io/nkeys, "Internals".
absl::StatusOr<std::string> PublicNkey(const Secret& seed);

// The 64 bytes of the seed's signature of `text`.
// Errors: as above.
absl::StatusOr<std::string> SignWithNkey(const Secret& seed,
                                         absl::string_view text);

// What a .creds file holds: a JWT for the server, and the seed to prove that it
// is ours.
struct NatsCreds {
  Secret jwt;
  Secret seed;
};
// Errors: kInvalidArgument when one is missing.
absl::StatusOr<NatsCreds> ParseNatsCreds(const Secret& text);

}  // namespace weir::notification_controller
