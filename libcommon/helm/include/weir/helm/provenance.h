// Provenance files: who packaged a chart, and what the package was.
//
// Touches: the keyring's file; process (crypto/openpgp.h).
// Threads: pure functions besides.
// Source: Helm v4.2.4, pkg/provenance, with its messages.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace weir::helm {

// Checks that `provenance` is signed by a key of the keyring (a binary file, as
// `gpg --export` writes it), and says the digest of `archive` under the name
// `file_name`.
// Errors: kPermissionDenied when a signature or a digest is not right;
// kInvalidArgument, kNotFound; those of VerifySignedText.
absl::Status VerifyProvenance(absl::string_view archive,
                              absl::string_view provenance,
                              const std::string& file_name,
                              const std::string& keyring);

}  // namespace weir::helm
