// FileSystem is the read-only tree of files that a build reads.
//
// Touches: nothing itself; MakeDiskFileSystem reads files under its root.
// Threads: implementations are safe to share between threads.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace weir::kustomize {

// Paths are relative to the root, separated by '/', cleaned ("a/b", never
// "./a", "a/../b" or "/a"); the root itself is ".".
class FileSystem {
 public:
  struct Entry {
    std::string name;
    bool is_directory = false;
  };

  virtual ~FileSystem() = default;

  // Errors: kNotFound; kPermissionDenied when the path leaves the root;
  // kResourceExhausted when the file is larger than the limit.
  virtual absl::StatusOr<std::string> ReadFile(
      absl::string_view path) const = 0;
  virtual bool IsDirectory(absl::string_view path) const = 0;
  virtual bool IsFile(absl::string_view path) const = 0;
  // Sorted by name.
  virtual absl::StatusOr<std::vector<Entry>> List(
      absl::string_view path) const = 0;
  // How error messages show a path: usually absolute.
  virtual std::string DisplayPath(absl::string_view path) const = 0;
  // The path with symlinks resolved; still relative to the root.
  // Errors: kNotFound, with what Go's filepath.EvalSymlinks would say;
  // kPermissionDenied when it leaves the root.
  virtual absl::StatusOr<std::string> Resolve(absl::string_view path) const = 0;
};

// What Resolve says of a path on the way that is not there, as DisplayPath
// shows it, of a file where a directory should be, and of links that lead
// nowhere else.
absl::Status NoSuchPath(absl::string_view shown);
absl::Status NotADirectory();
absl::Status TooManyLinks();
// More links than these in a path are too many.
inline constexpr int kMaxLinks = 255;

struct FileSystemLimits {
  // Larger files are an error.
  size_t max_file_bytes = 32u << 20;
};

// The files under `root` on disk. No path leaves the root, by ".." or by
// symlink: a symlink that points out of it is kPermissionDenied.
std::unique_ptr<FileSystem> MakeDiskFileSystem(
    std::string root, const FileSystemLimits& limits = {});

// Files held in memory, by path. Directories exist where files are.
std::unique_ptr<FileSystem> MakeMemoryFileSystem(
    std::map<std::string, std::string> files);

}  // namespace weir::kustomize
