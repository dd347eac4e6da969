// Overload is one row of the function tables: a signature and what computes
// it. The checker and the evaluator read the same rows.
//
// Touches: nothing.
// Threads: plain data.
#pragma once

#include <string>
#include <vector>

#include "absl/types/span.h"
#include "weir/cel/value.h"

namespace weir::cel {

// Arguments are never errors, and their types are the signature's.
using Function = Value (*)(absl::Span<const Value> arguments, Meter& meter);

struct Overload {
  enum class Style { kGlobal, kMember };

  std::string function;  // "charAt"
  std::string id;        // "string_char_at_int"; unique.
  Style style;
  // Types, the receiver first: "string, list(A)". Capital letters are type
  // parameters; map(K, V), optional(T), type(T) and dyn are there too.
  std::string arguments;
  std::string result;
  Function compute = nullptr;
};

}  // namespace weir::cel
