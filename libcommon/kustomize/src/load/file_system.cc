#include "weir/kustomize/file_system.h"

#include <dirent.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "src/load/paths.h"
#include "src/load/symlinks.h"
#include "weir/base/file.h"
#include "weir/base/status.h"

namespace weir::kustomize {
namespace {

class DiskFileSystem : public FileSystem {
 public:
  DiskFileSystem(std::string root, const FileSystemLimits& limits)
      : limits_(limits) {
    char resolved[PATH_MAX];
    root_ = realpath(root.c_str(), resolved) == nullptr ? CleanPath(root)
                                                        : resolved;
  }

  absl::StatusOr<std::string> ReadFile(absl::string_view path) const override {
    WEIR_ASSIGN_OR_RETURN(const std::string resolved, Resolve(path));
    const std::string file = OnDisk(resolved);
    // A pipe may never end, nor begin.
    struct stat info;
    if (stat(file.c_str(), &info) == 0 && !S_ISREG(info.st_mode) &&
        !S_ISDIR(info.st_mode)) {
      return absl::FailedPreconditionError(
          absl::StrCat("read ", file, ": not a regular file"));
    }
    return weir::ReadFile(file, limits_.max_file_bytes);
  }

  bool IsDirectory(absl::string_view path) const override {
    struct stat info;
    return Stat(path, &info) && S_ISDIR(info.st_mode);
  }

  bool IsFile(absl::string_view path) const override {
    struct stat info;
    return Stat(path, &info) && S_ISREG(info.st_mode);
  }

  absl::StatusOr<std::vector<Entry>> List(
      absl::string_view path) const override {
    WEIR_ASSIGN_OR_RETURN(const std::string resolved, Resolve(path));
    const std::string directory = OnDisk(resolved);
    std::unique_ptr<DIR, int (*)(DIR*)> open(opendir(directory.c_str()),
                                             closedir);
    if (open == nullptr) {
      return ErrnoToStatus(errno, absl::StrCat("listing ", directory));
    }
    std::vector<Entry> entries;
    while (const dirent* entry = readdir(open.get())) {
      const std::string name = entry->d_name;
      if (name == "." || name == "..") continue;
      entries.push_back({name, IsDirectory(JoinPath(resolved, name))});
    }
    std::sort(entries.begin(), entries.end(),
              [](const Entry& a, const Entry& b) { return a.name < b.name; });
    return entries;
  }

  std::string DisplayPath(absl::string_view path) const override {
    return OnDisk(path);
  }

  absl::StatusOr<std::string> Resolve(absl::string_view path) const override {
    std::string clean = CleanPath(path);
    if (LeavesRoot(clean)) {
      if (root_ != "/") return Escapes(JoinPath(root_, clean));
      // The root's parent is the root.
      clean = CleanPath(absl::StrCat("/", clean)).substr(1);
      if (clean.empty()) clean = ".";
    }
    WEIR_ASSIGN_OR_RETURN(const std::string found, FollowLinks(OnDisk(clean)));
    if (root_ == "/") return found == "/" ? "." : found.substr(1);
    if (found == root_) return ".";
    if (!absl::StartsWith(found, root_) || found[root_.size()] != '/') {
      return Escapes(found);
    }
    return found.substr(root_.size() + 1);
  }

 private:
  absl::Status Escapes(absl::string_view path) const {
    return absl::PermissionDeniedError(
        absl::StrCat("fs-security-constraint open ", path, ": path '", path,
                     "' is not in or below '", root_, "'"));
  }

  std::string OnDisk(absl::string_view path) const {
    return path == "." ? root_ : JoinPath(root_, path);
  }

  bool Stat(absl::string_view path, struct stat* info) const {
    const absl::StatusOr<std::string> resolved = Resolve(path);
    return resolved.ok() && stat(OnDisk(*resolved).c_str(), info) == 0;
  }

  std::string root_;  // Absolute, symlinks resolved.
  const FileSystemLimits limits_;
};

class MemoryFileSystem : public FileSystem {
 public:
  explicit MemoryFileSystem(std::map<std::string, std::string> files) {
    directories_.insert(".");
    for (auto& [name, text] : files) {
      const std::string path = CleanPath(absl::StripPrefix(name, "/"));
      for (size_t slash = path.find('/'); slash != std::string::npos;
           slash = path.find('/', slash + 1)) {
        directories_.insert(path.substr(0, slash));
      }
      files_[path] = std::move(text);
    }
  }

  absl::StatusOr<std::string> ReadFile(absl::string_view path) const override {
    WEIR_ASSIGN_OR_RETURN(const std::string resolved, Resolve(path));
    auto found = files_.find(resolved);
    if (found == files_.end()) {
      return absl::FailedPreconditionError(
          absl::StrCat(DisplayPath(resolved), ": is a directory"));
    }
    return found->second;
  }

  bool IsDirectory(absl::string_view path) const override {
    return directories_.count(CleanPath(path)) > 0;
  }

  bool IsFile(absl::string_view path) const override {
    return files_.count(CleanPath(path)) > 0;
  }

  absl::StatusOr<std::vector<Entry>> List(
      absl::string_view path) const override {
    const absl::StatusOr<std::string> directory = Resolve(path);
    if (!directory.ok()) return directory.status();
    std::string prefix;
    if (*directory != ".") prefix = absl::StrCat(*directory, "/");
    std::map<std::string, bool> found;
    for (auto file = files_.lower_bound(prefix);
         file != files_.end() && absl::StartsWith(file->first, prefix);
         ++file) {
      const std::string rest = file->first.substr(prefix.size());
      const size_t slash = rest.find('/');
      found[rest.substr(0, slash)] |= slash != std::string::npos;
    }
    std::vector<Entry> entries;
    for (const auto& [name, is_directory] : found) {
      entries.push_back({name, is_directory});
    }
    return entries;
  }

  std::string DisplayPath(absl::string_view path) const override {
    return path == "." ? "/" : absl::StrCat("/", path);
  }

  absl::StatusOr<std::string> Resolve(absl::string_view path) const override {
    const std::string clean = CleanPath(path);
    if (LeavesRoot(clean)) {
      return absl::PermissionDeniedError(
          absl::StrCat("fs-security-constraint open ", clean, ": path '", clean,
                       "' is not in or below '/'"));
    }
    if (IsDirectory(clean) || IsFile(clean)) return clean;
    for (size_t slash = clean.find('/'); slash != std::string::npos;
         slash = clean.find('/', slash + 1)) {
      const std::string head = clean.substr(0, slash);
      if (IsFile(head)) return NotADirectory();
      if (!IsDirectory(head)) return NoSuchPath(DisplayPath(head));
    }
    return NoSuchPath(DisplayPath(clean));
  }

 private:
  std::map<std::string, std::string> files_;
  std::set<std::string> directories_;
};

}  // namespace

std::unique_ptr<FileSystem> MakeDiskFileSystem(std::string root,
                                               const FileSystemLimits& limits) {
  return std::make_unique<DiskFileSystem>(std::move(root), limits);
}

std::unique_ptr<FileSystem> MakeMemoryFileSystem(
    std::map<std::string, std::string> files) {
  return std::make_unique<MemoryFileSystem>(std::move(files));
}

}  // namespace weir::kustomize
