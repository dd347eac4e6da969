// The formats that schemas of drafts 4 to 7 assert.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace weir::helm {

// What is wrong with the text; empty: nothing, or nobody knows the format.
std::string CheckFormat(absl::string_view format, absl::string_view text);

}  // namespace weir::helm
