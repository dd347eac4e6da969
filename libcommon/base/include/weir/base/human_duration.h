// Durations as kubectl shows ages: "45s", "3m20s", "5d", with no more than two
// units.
//
// Touches: nothing.
// Threads: a function of its argument.
#pragma once

#include <string>

#include "absl/time/time.h"

namespace weir {

// "<invalid>" when it is negative by more than a second.
std::string FormatHumanDuration(absl::Duration duration);

}  // namespace weir
