// Numbers and character constants of a template's text.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include <string>

#include "lexer.h"
#include "node.h"

namespace weir::gotmpl {

// Fills in what the token stands for. What is wrong with it; empty when all
// went well.
std::string ParseNumber(const Token& token, NumberNode* number);

}  // namespace weir::gotmpl
