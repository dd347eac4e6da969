// Globs as Go's filepath.Match reads them: * ? [a-z] [^a] \x, none of which
// crosses a "/".
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include "absl/strings/string_view.h"

namespace weir::text {

// Whether `pattern` matches all of `name`. A malformed pattern matches
// nothing.
bool GlobMatches(absl::string_view pattern, absl::string_view name);

}  // namespace weir::text
