// Texts of schema errors: quotes, numbers and lists as the validator that Helm
// uses prints them in English.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "weir/value/value.h"

namespace weir::helm {

// 'it\'s'
std::string SchemaQuote(absl::string_view text);
std::string JoinQuoted(const std::vector<std::string>& texts);
// A value in a message: texts quoted, lists and maps as "value".
std::string DisplayValue(const Value& value);
// 1,234
std::string LocalCount(size_t count);
std::string LocalNumber(double number);
// "/a/b~1c"
std::string PointerOf(const std::vector<std::string>& tokens);

}  // namespace weir::helm
