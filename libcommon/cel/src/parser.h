// Parses an expression and expands its macros.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include "ast.h"
#include "macros.h"
#include "source.h"
#include "weir/cel/cel.h"

namespace weir::cel {

// Adds to `errors` what is wrong; then the tree is of no use.
ExprPtr Parse(const Source& source, const MacroSet& macros,
              const Limits& limits, Errors& errors);

}  // namespace weir::cel
