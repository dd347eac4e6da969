// FolderWatcher tells when anything below a folder changes, by inotify.
//
// Touches: files (watches them), process (one thread).
// Threads: the callback runs on the watcher's thread.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace weir::cli {

struct FolderWatcherOptions {
  std::string root;
  // Folders, by name, that are not looked into: ".git".
  std::function<bool(absl::string_view name)> is_skipped;
  // The callback waits until nothing has changed for this long, so that an
  // editor's several writes are one change; at most ten times as long.
  absl::Duration quiet = absl::Milliseconds(100);
};

class FolderWatcher {
 public:
  // Errors: kNotFound without such a folder; kResourceExhausted when the
  // system allows no more watches (fs.inotify.max_user_watches).
  static absl::StatusOr<std::unique_ptr<FolderWatcher>> Start(
      FolderWatcherOptions options, std::function<void()> on_change);
  // When it returns no callback is running or will come.
  ~FolderWatcher();

 private:
  struct Impl;
  explicit FolderWatcher(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir::cli
