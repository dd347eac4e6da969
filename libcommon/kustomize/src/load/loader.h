// Loader reads the files that one kustomization names, and makes the loaders
// of the directories that it names.
//
// Touches: files, through FileSystems; the network, through the RemoteSource.
// Threads: one thread at a time.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "src/load/git_url.h"
#include "src/model/budget.h"
#include "weir/base/context.h"
#include "weir/kustomize/build.h"
#include "weir/kustomize/file_system.h"

namespace weir::kustomize {

// What all loaders of one build share.
struct LoadSession {
  const Context& ctx;
  const FileSystem& files;
  const BuildOptions& options;
  Budget budget{options.max_steps, options.max_object_bytes};
  size_t bytes_read = 0;
  // What was fetched, by URL; clones also by reference and submodules.
  using Clone = std::shared_ptr<const FileSystem>;
  std::map<std::string, absl::StatusOr<std::string>> pages;
  std::map<std::string, absl::StatusOr<Clone>> clones;
};

class Loader {
 public:
  // The build's own directory, or a Git URL.
  // Errors: kFailedPrecondition when the directory is none.
  static absl::StatusOr<std::unique_ptr<Loader>> Open(LoadSession* session,
                                                      absl::string_view path);

  // The loader of a directory named by this one's kustomization.
  // Errors: kFailedPrecondition for absolute paths, files and cycles, and for
  // repositories that cannot be read; kUnimplemented where none are allowed.
  absl::StatusOr<std::unique_ptr<Loader>> OpenDirectory(
      const std::string& path) const;
  // Reads a file named relative to the kustomization, or by an HTTP URL.
  absl::StatusOr<std::string> Load(const std::string& path) const;

  // False when there is no such file, so that Load would fail.
  bool MayHave(absl::string_view name) const;

  // Where the directory is, and its path below that root.
  const FileSystem& files() const { return *files_; }
  const std::string& root() const { return root_; }
  // As error messages show it.
  std::string display_root() const;
  const LoadSession& session() const { return *session_; }

 private:
  // A place to read from.
  struct Place {
    const FileSystem* files;
    LoadSession::Clone clone;       // Keeps `files`, when it is one.
    std::optional<GitUrl> git_url;  // The clone's own.
    std::string root;
  };
  Loader(LoadSession* session, Place place, const Loader* parent)
      : session_(session),
        files_(place.files),
        clone_(std::move(place.clone)),
        git_url_(std::move(place.git_url)),
        root_(std::move(place.root)),
        parent_(parent),
        depth_(parent == nullptr ? 0 : parent->depth_ + 1) {}

  static absl::StatusOr<std::string> ResolveDirectory(const FileSystem& files,
                                                      const std::string& path);
  static absl::StatusOr<Place> OpenClone(LoadSession* session, GitUrl url);

  absl::Status CheckCycles(const Place& place) const;
  // The path of a named file below the FileSystem's root.
  absl::StatusOr<std::string> Locate(const std::string& path) const;
  absl::Status CheckWithinRoot(const std::string& path) const;
  bool IsRestricted() const;

  LoadSession* const session_;
  const FileSystem* const files_;
  const LoadSession::Clone clone_;  // Null: the build's own files.
  const std::optional<GitUrl> git_url_;
  const std::string root_;  // Symlinks resolved.
  const Loader* const parent_;
  const int depth_;
};

// An answer that was none: nothing else is tried for the same path.
bool IsHttpError(const absl::Status& status);

}  // namespace weir::kustomize
