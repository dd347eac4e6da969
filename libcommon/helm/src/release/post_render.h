// What a post-renderer does to rendered files: it gets and gives their
// documents as one text.
//
// Touches: nothing.
// Threads: pure functions.
// Source: Helm v4.2.4, pkg/action; kyaml's kio.
#pragma once

#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "weir/helm/release.h"

namespace weir::helm {

// Rendered files after the post-renderer, whose `run` is set.
// Errors: kInvalidArgument with Helm's text; those of `run`.
absl::StatusOr<std::map<std::string, std::string>> PostRenderFiles(
    const std::map<std::string, std::string>& files,
    const PostRenderer& renderer);

}  // namespace weir::helm
