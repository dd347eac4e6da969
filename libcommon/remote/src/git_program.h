// GitProgram clones with the `git` program, as kustomize does, so that a
// user's own configuration of git counts: credential helpers, ssh, proxies.
//
// Touches: process (runs git), network through it, files under a temporary
// folder.
// Threads: safe.
#pragma once

#include <cstddef>
#include <memory>

#include "absl/status/statusor.h"
#include "weir/base/context.h"
#include "weir/kustomize/remote.h"

namespace weir::remote {

// The clone goes when the files do. `max_file_bytes`: of the pack, and of each
// file of the work tree.
// Errors: kNotFound when there is no git program; kResourceExhausted for larger
// files; kUnavailable with what git said; the context's.
absl::StatusOr<std::shared_ptr<const kustomize::FileSystem>> CloneWithGit(
    const Context& ctx, const kustomize::RemoteSource::Repository& repository,
    size_t max_file_bytes);

}  // namespace weir::remote
