// What `weir up --git PATH` must know of a repository on this machine.
//
// Touches: files of the repository (reads).
// Threads: pure functions of the files.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace weir::cli {

struct LocalRepository {
  std::string git_dir;  // Where HEAD and refs are; absolute.
  // What HEAD names: "main"; empty when it names a commit.
  std::string branch;
};

// `path`: a bare repository, or a folder with a work tree, linked ones
// included.
// Errors: kInvalidArgument when there is no repository.
absl::StatusOr<LocalRepository> FindLocalRepository(const std::string& path);

}  // namespace weir::cli
