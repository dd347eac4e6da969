// The value of a string or bytes literal.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace weir::cel {

// `literal` has its quotes, and maybe an r before them. False when it is
// malformed, with the reason in `value`.
bool Unescape(absl::string_view literal, bool is_bytes, std::string& value);

}  // namespace weir::cel
