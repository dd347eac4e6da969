// The functions of ${variable<function>arguments}.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace weir::text {

// Whether the UTF-8 text starts with a letter, digit or "_"; sets the bytes of
// that character.
bool StartsWithIdentifier(absl::string_view text, size_t* length);

// Whether `function` gives a value to a variable that is not set.
bool IsDefaultFunction(absl::string_view function);

// Errors: kInvalidArgument for a negative length; kResourceExhausted when the
// result exceeds `max_bytes` or a pattern is too costly.
absl::StatusOr<std::string> CallFunction(
    absl::string_view function, const std::string& value,
    const std::vector<std::string>& arguments, size_t max_bytes);

}  // namespace weir::text
