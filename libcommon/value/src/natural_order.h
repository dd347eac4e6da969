// The order in which go-yaml writes the keys of a mapping: runs of digits by
// number, letters after other characters.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include "absl/strings/string_view.h"

namespace weir {

bool NaturalLess(absl::string_view a, absl::string_view b);

}  // namespace weir
