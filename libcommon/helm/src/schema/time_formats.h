// The formats of dates, times and durations that schemas assert.
//
// Touches: nothing.
// Threads: pure functions.
// Source: github.com/santhosh-tekuri/jsonschema 6.0.2.
#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace weir::helm {

// What is wrong with the text; empty: nothing.
std::string CheckDate(absl::string_view text);
std::string CheckTime(absl::string_view text);
std::string CheckDateTime(absl::string_view text);
std::string CheckDuration(absl::string_view text);
std::string CheckPeriod(absl::string_view text);

}  // namespace weir::helm
