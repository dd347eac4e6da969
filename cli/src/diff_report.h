// The differences of two objects, for people: each path, and what it was and
// is, as dyff shows them.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include <string>

#include "weir/value/value.h"

namespace weir::cli {

// "" when there are none. Elements of a list that have names are compared by
// name; others by value, or in their order.
std::string FormatDifferences(const Value& before, const Value& after);

}  // namespace weir::cli
