// GitUrl is a path of a kustomization that names a folder of a Git repository.
//
// Touches: nothing.
// Threads: pure functions and value types.
#pragma once

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace weir::kustomize {

struct GitUrl {
  std::string raw;
  // What git fetches from: "https://host/org/repo", "user@host:path",
  // "file:///path".
  std::string repository;
  std::string directory;  // In the repository, not cleaned; empty: its root.
  std::string ref;        // Branch, tag or commit; empty: HEAD.
  bool submodules = true;
  absl::Duration timeout = absl::Seconds(27);
};

// Nothing for a path that names no repository.
// Source: upstream's grammar: schemes ssh, https, http and file, scp's
// "user@host:path", "github.com" without a scheme; the repository ends at
// "_git/<name>", "//" or ".git", else after two segments.
std::optional<GitUrl> ParseGitUrl(absl::string_view path);

// Whether it is fetched as a file before anything else: "http:", "https:".
bool IsRemoteFile(absl::string_view path);

}  // namespace weir::kustomize
