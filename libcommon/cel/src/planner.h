// Turns a syntax tree into nodes that can be evaluated. What is constant is
// computed here.
//
// Touches: the time zone database, as functions do.
// Threads: pure functions.
#pragma once

#include <string>

#include "ast.h"
#include "checker.h"
#include "node.h"

namespace weir::cel {

// `checked` is null for an expression that was only parsed. Null, with an
// error, when the expression can never be evaluated.
NodePtr Plan(const Expr& root, const Environment& environment,
             const Checked* checked, const Limits& limits, std::string& error);

}  // namespace weir::cel
