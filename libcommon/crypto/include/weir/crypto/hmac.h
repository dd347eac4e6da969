// Keyed checksums, and comparing secrets without telling where they differ.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "weir/base/secret.h"
#include "weir/crypto/digest.h"

namespace weir::crypto {

// The raw bytes. Source: RFC 2104. `algorithm` is one of OpenSSL's: not
// kBlake3.
std::string Hmac(DigestAlgorithm algorithm, const Secret& key,
                 absl::string_view message);
// The same in lower-case hex.
std::string HmacHex(DigestAlgorithm algorithm, const Secret& key,
                    absl::string_view message);

// Whether they are equal, in a time that only their lengths decide.
bool EqualInConstantTime(absl::string_view a, absl::string_view b);

}  // namespace weir::crypto
