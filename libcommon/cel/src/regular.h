// Regular expressions of CEL, which are Go's.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "weir/text/go_regexp.h"

namespace weir::cel {

using Regular = text::GoRegexp;

// Null with an error when the pattern is malformed or too large.
std::shared_ptr<const Regular> CompileRegular(const std::string& pattern,
                                              std::string& error);

// The first matches, as Go's FindAll has them, each with its groups.
std::vector<Regular::Parts> FindAllRegular(const Regular& pattern,
                                           absl::string_view text, size_t most);

}  // namespace weir::cel
