// Symlinks on disk, followed as Go's filepath.EvalSymlinks does, which says
// what stands in the way.
//
// Touches: reads what links on disk say.
// Threads: pure functions.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace weir::kustomize {

// The path, which is absolute, without symlinks.
// Errors: kNotFound, in Go's words.
absl::StatusOr<std::string> FollowLinks(absl::string_view path);

}  // namespace weir::kustomize
