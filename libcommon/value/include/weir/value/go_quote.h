// Strings as Go's strconv.Quote writes them, for messages that upstream words.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace weir {

std::string GoQuote(absl::string_view text);

}  // namespace weir
