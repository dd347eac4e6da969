// Paths below the root of a FileSystem: joined, cleaned, compared.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace weir::kustomize {

// Go's path.Clean: no ".", no inner "..", no double or final slashes; "." for
// an empty path. Leading ".." stay.
std::string CleanPath(absl::string_view path);
// CleanPath(base + "/" + path); of `path` alone when the base is empty.
std::string JoinPath(absl::string_view base, absl::string_view path);
// The last element.
std::string BaseName(absl::string_view path);
// Whether `path` is `directory` or below it. Both are cleaned.
bool IsWithin(absl::string_view path, absl::string_view directory);
// Whether a cleaned path leaves the root.
bool LeavesRoot(absl::string_view path);

}  // namespace weir::kustomize
