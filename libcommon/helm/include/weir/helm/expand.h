// Variables in texts, as Go's os.Expand puts them in.
//
// Touches: nothing (pure functions).
// Threads: safe from any.
#pragma once

#include <functional>
#include <string>

#include "absl/strings/string_view.h"

namespace weir::helm {

// A variable's value by its name; empty when there is none.
using VariableLookup = std::function<std::string(const std::string& name)>;

// Replaces "$NAME" and "${NAME}".
std::string ExpandVariables(absl::string_view text,
                            const VariableLookup& lookup);

}  // namespace weir::helm
