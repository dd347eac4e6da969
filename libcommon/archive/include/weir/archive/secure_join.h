// SecureJoin joins a root folder and a path from outside so that the result
// is inside the root, whatever ".." parts and symbolic links say.
//
// Touches: files under the root (reads links).
// Threads: pure functions; safe as long as nobody swaps links meanwhile.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace weir::archive {

// Follows links inside `root` as if it were the file system's root: ".." stops
// at the root, absolute link targets start there. Parts that do not exist are
// taken as they are.
//
// Errors: kInvalidArgument for a NUL byte; kFailedPrecondition after 255
// links.
// Source: Go's filepath-securejoin.
absl::StatusOr<std::string> SecureJoin(const std::string& root,
                                       absl::string_view unsafe_path);

// The same without looking at files: "a/../../b" is "b", "/x" is "x"; "" is
// the root.
std::string CleanRelativePath(absl::string_view unsafe_path);

}  // namespace weir::archive
