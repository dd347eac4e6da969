// What values cost, counted as they come and go.
//
// Touches: a count of this thread's.
// Threads: each has its own count; a value that another thread frees is taken
// off that one's.
#pragma once

#include <cstdint>

#include "weir/gotmpl/value.h"

namespace weir::gotmpl {

// Bytes of the strings, lists and dicts that this thread made and has not
// freed; only a difference means something.
int64_t LiveBytes();

// As DeepEqual; adds how many pairs were looked at.
bool DeepEqual(const Any& a, const Any& b, uint64_t* comparisons);

}  // namespace weir::gotmpl
