// Small helpers for files: read bounded, write atomically.
//
// Touches: files, as the caller names them.
// Threads: safe; two writers of one path leave one of the two contents.
#pragma once

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace weir {

// Reads a whole regular file.
// Errors: kNotFound; kResourceExhausted above `max_bytes`; kPermissionDenied;
// kUnavailable otherwise.
absl::StatusOr<std::string> ReadFile(const std::string& path,
                                     size_t max_bytes = 64u << 20);
// The same of an entry of an open folder, for those who walk it: the system
// then need not walk all of `path`, which is for messages.
absl::StatusOr<std::string> ReadFileAt(int folder, const char* entry,
                                       const std::string& path,
                                       size_t max_bytes = 64u << 20);

// Writes to a temporary file beside `path`, syncs it, and renames it over.
// Errors: kUnavailable, or kResourceExhausted when the disk is full; then no
// part of the file is there.
absl::Status WriteFileAtomically(const std::string& path,
                                 absl::string_view contents, int mode = 0644);

// mkdir -p. An existing folder is fine.
absl::Status MakeDirectories(const std::string& path, int mode = 0755);

// rm -rf, never following symlinks. An absent path is fine.
absl::Status RemoveAll(const std::string& path);

// Turns errno into a Status: ENOENT kNotFound, EEXIST kAlreadyExists, EACCES
// and EPERM kPermissionDenied, ENOSPC and EDQUOT kResourceExhausted, else
// kUnavailable. Message: "<what>: <strerror>".
absl::Status ErrnoToStatus(int error, absl::string_view what);

// A folder of its own under `parent` (empty: the system's temporary folder),
// removed with the object. Mode 0700.
class TempDir {
 public:
  static absl::StatusOr<TempDir> Create(absl::string_view prefix,
                                        const std::string& parent = "");
  ~TempDir();
  TempDir(TempDir&& other) noexcept;
  TempDir& operator=(TempDir&& other) noexcept;

  const std::string& path() const { return path_; }

 private:
  explicit TempDir(std::string path);
  std::string path_;  // Empty once moved from.
};

}  // namespace weir
