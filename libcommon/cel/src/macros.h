// The macros: has, all, exists, exists_one, map, filter, optMap, optFlatMap;
// and those of extensions.
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
// The function that adds an entry, or those of a map, to a map.
inline constexpr absl::string_view kMapInsert = "cel.@mapInsert";

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

// What there is beside the standard ones.
struct MacroSet {
  bool has_lists = false;
  bool has_two_variables = false;
};

// Takes target and arguments, and returns what they expand to; null when the
// call is no macro's, or when `error` tells what is wrong.
ExprPtr ExpandMacro(const MacroSet& macros, MacroCall& call, MacroError& error);

}  // namespace weir::cel
