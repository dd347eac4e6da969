// snake_case, kebab-case and PascalCase, as Go's huandu/xstrings 1.5 splits
// words.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "unicode.h"

namespace weir::gotmpl {

std::string JoinWords(absl::string_view text, Rune connector);
std::string PascalCase(absl::string_view text);

}  // namespace weir::gotmpl
