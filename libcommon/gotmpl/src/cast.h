// Numbers of values of any type, by the rules of Go's spf13/cast.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include <cstdint>

#include "weir/gotmpl/value.h"

namespace weir::gotmpl {

// 0 for whatever is no number.
int64_t ToInt64(const Any& value);
double ToFloat64(const Any& value);
// Go's int64(f): the least integer for what does not fit.
int64_t TruncateToInt64(double number);

}  // namespace weir::gotmpl
