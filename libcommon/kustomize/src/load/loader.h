// Loader reads the files that one kustomization names, and makes the loaders
// of the directories that it names.
//
// Touches: files, through the FileSystem.
// Threads: one thread at a time.
#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "weir/base/context.h"
#include "weir/kustomize/build.h"
#include "weir/kustomize/file_system.h"

namespace weir::kustomize {

// What all loaders of one build share.
struct LoadSession {
  const Context& ctx;
  const FileSystem& files;
  const BuildOptions& options;
  size_t bytes_read = 0;
};

class Loader {
 public:
  // Errors: kFailedPrecondition when the directory is none.
  static absl::StatusOr<std::unique_ptr<Loader>> Open(LoadSession* session,
                                                      absl::string_view path);

  // The loader of a directory named by this one's kustomization.
  // Errors: kFailedPrecondition for absolute paths, files and cycles;
  // kUnimplemented for remote repositories.
  absl::StatusOr<std::unique_ptr<Loader>> OpenDirectory(
      const std::string& path) const;
  // Reads a file named relative to the kustomization.
  absl::StatusOr<std::string> Load(const std::string& path) const;

  // Relative to the FileSystem's root.
  const std::string& root() const { return root_; }
  // As error messages show it.
  std::string display_root() const;
  const LoadSession& session() const { return *session_; }

 private:
  Loader(LoadSession* session, std::string root, const Loader* parent,
         int depth)
      : session_(session),
        root_(std::move(root)),
        parent_(parent),
        depth_(depth) {}

  // The path of a named file below the FileSystem's root.
  absl::StatusOr<std::string> Locate(const std::string& path) const;
  absl::Status CheckWithinRoot(const std::string& path) const;

  LoadSession* const session_;
  const std::string root_;  // Symlinks resolved.
  const Loader* const parent_;
  const int depth_;
};

// "https://...": read as a file before it is tried as a repository.
bool IsRemoteFile(absl::string_view path);
// Whether upstream would clone it.
bool IsGitUrl(absl::string_view path);

}  // namespace weir::kustomize
