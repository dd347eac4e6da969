// OpenPGP: texts that are signed in the clear, and the keys that sign them.
//
// Touches: process (loads librnp when it is first needed).
// Threads: pure functions besides.
// Source: RFC 4880 and 9580, as librnp has them: docs/adr/0009-openpgp.md.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace weir::crypto {

struct SignedText {
  std::string text;  // What was signed.
  // Upper-case hex, of the primary key of each valid signature.
  std::vector<std::string> fingerprints;
};

// Checks the signatures of a text ("-----BEGIN PGP SIGNED MESSAGE-----")
// against keys, a binary keyring as `gpg --export` writes it, of public or
// secret keys. One valid signature is enough.
//
// Errors: kInvalidArgument when either is malformed; kPermissionDenied
// "openpgp: signature made by unknown entity" or "openpgp: invalid signature";
// kUnimplemented when librnp is not installed; kResourceExhausted above 4 MiB.
absl::StatusOr<SignedText> VerifySignedText(absl::string_view signed_text,
                                            absl::string_view keyring);

}  // namespace weir::crypto
