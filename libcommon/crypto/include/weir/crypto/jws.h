// JSON Web Signatures in compact form, as services take them in exchange for
// a token.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "weir/base/secret.h"

namespace weir::crypto {

// "<header>.<claims>.<signature>" in base64url. `key_pem` is an RSA key in
// PKCS#1 or PKCS#8, not encrypted; the other two are JSON.
// Errors: kInvalidArgument when it is no such key; never quotes it.
// Source: RFC 7515, RS256 of RFC 7518.
absl::StatusOr<Secret> SignRs256(const Secret& key_pem,
                                 absl::string_view header,
                                 absl::string_view claims);

}  // namespace weir::crypto
