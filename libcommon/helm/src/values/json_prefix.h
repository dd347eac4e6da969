// The first JSON value of a text that goes on after it.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include <cstddef>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "weir/value/value.h"

namespace weir::helm {

// Fills in how long it is, blanks before it included. Numbers are doubles.
// Errors: kInvalidArgument.
absl::StatusOr<Value> ParseJsonPrefix(absl::string_view text, size_t* length);

}  // namespace weir::helm
