// Ed25519: signing, with keys as raw bytes.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "weir/base/secret.h"

namespace weir::crypto {

// The 32 bytes of the public key that belongs to a private key, the seed, of 32
// bytes too.
// Errors: kInvalidArgument for another size.
// Source: RFC 8032, section 5.1.
absl::StatusOr<std::string> Ed25519PublicKey(const Secret& seed);

// The 64 bytes of the signature.
// Errors: kInvalidArgument for a seed of another size.
absl::StatusOr<std::string> Ed25519Sign(const Secret& seed,
                                        absl::string_view message);

}  // namespace weir::crypto
