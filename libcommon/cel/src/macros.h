// The macros: has, all, exists, exists_one, map, filter, optMap,
// optFlatMap.
//
// Touches: nothing.
// Threads: used by one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "ast.h"

namespace weir::cel {

// The variable that a fold collects in; no identifier can be that.
inline constexpr absl::string_view kAccumulator = "@result";

struct MacroCall {
  int32_t offset;  // Of the call.
  absl::string_view function;
  ExprPtr& target;  // Null for a global call.
  std::vector<ExprPtr>& arguments;
  // Negative once there are too many.
  std::function<int64_t()> next_id;
};

struct MacroError {
  int32_t offset = -1;
  std::string message;  // Empty for none.
};

// Takes target and arguments, and returns what they expand to; null when the
// call is no macro's, or when `error` tells what is wrong.
ExprPtr ExpandMacro(MacroCall& call, MacroError& error);

}  // namespace weir::cel
