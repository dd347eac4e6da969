// Streams a large blob out of a pack file, for libgit2 only reads it whole.
//
// Touches: files under the store's path.
// Threads: pure functions.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "weir/base/context.h"
#include "weir/git/repository.h"

namespace weir::git {

// Looks for the blob in the packs of the bare store at `path` and hands it
// out. False, and nothing was handed out, when it is in no pack or is stored
// as a difference to another object. The bytes are checked against the oid.
//
// Errors: kDataLoss; those of the callbacks; the context's.
// Source: git's gitformat-pack(5), index version 2.
absl::StatusOr<bool> StreamFromPack(
    const Context& ctx, const std::string& path, const Oid& oid,
    const std::function<absl::Status(int64_t)>& on_size,
    const std::function<absl::Status(absl::string_view)>& sink);

}  // namespace weir::git
