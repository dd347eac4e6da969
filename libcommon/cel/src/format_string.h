// The clauses of a format string, for the function format() and for the check
// of its literal arguments.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include "absl/strings/string_view.h"

namespace weir::cel {

struct FormatClause {
  char verb;  // s d f e b x X o
  int precision;
  size_t argument;
};

// Calls `write` for each clause, to append what it prints to `out` and return
// what is wrong with its argument, or nothing. Returns what is wrong with the
// format, or nothing.
std::string Format(
    absl::string_view format, size_t argument_count, std::string& out,
    const std::function<std::string(const FormatClause&)>& write);

// What is wrong with an argument of this type.
std::string WrongFormatArgument(char verb, absl::string_view type_name);
// The same, of the older format().
std::string WrongOldFormatArgument(char verb, absl::string_view type_name);

}  // namespace weir::cel
