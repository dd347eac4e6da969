// Base64 as Go's base64.StdEncoding has it.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace weir {

// Ignores line breaks; wants padding; bits that are left over may be anything.
// False when `text` is not base64.
bool DecodeGoBase64(absl::string_view text, std::string* out);

// In lines of 70 characters, each ended by a line feed, when there is more
// than one.
std::string EncodeYamlBase64(absl::string_view bytes);

}  // namespace weir
