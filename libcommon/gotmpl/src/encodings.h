// Go's base64 and base32, errors included.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace weir::gotmpl {

// Errors: kInvalidArgument "illegal base64 data at input byte 3".
absl::StatusOr<std::string> DecodeBase64(absl::string_view text);
absl::StatusOr<std::string> DecodeBase32(absl::string_view text);
std::string EncodeBase32(absl::string_view bytes);

}  // namespace weir::gotmpl
