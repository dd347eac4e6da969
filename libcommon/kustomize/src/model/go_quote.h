// Texts as Go's fmt prints them.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace weir::kustomize {

// %q of a string.
std::string GoQuote(absl::string_view text);

}  // namespace weir::kustomize
