// The documents of rendered files as one text and back, which is how a
// post-renderer gets and gives them.
//
// Touches: nothing.
// Threads: pure functions.
// Source: Helm v4.2.4, pkg/action; kyaml's kio.
#pragma once

#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace weir::helm {

// Each document is written anew, with its file's name in an annotation.
// Errors: kInvalidArgument "parsing FILE: ...".
absl::StatusOr<std::string> MergeFiles(
    const std::map<std::string, std::string>& files);

// The reverse. Documents without the annotation get files of their own.
// Errors: kInvalidArgument.
absl::StatusOr<std::map<std::string, std::string>> SplitFiles(
    absl::string_view text);

}  // namespace weir::helm
