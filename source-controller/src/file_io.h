// Files as sinks, and into sinks.
//
// Touches: files, as the caller names them.
// Threads: an object belongs to one thread.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "weir/archive/stream.h"

namespace weir::source {

// Writes a new file, piece by piece.
class FileSink {
 public:
  FileSink() = default;
  ~FileSink();
  FileSink(const FileSink&) = delete;
  FileSink& operator=(const FileSink&) = delete;

  // Errors of all: kResourceExhausted when the disk is full; those of
  // ErrnoToStatus.
  absl::Status Open(const std::string& path);
  absl::Status Write(absl::string_view bytes);
  absl::Status Close();

 private:
  int fd_ = -1;
};

// Passes a file's bytes on. Errors: those of reading, and the sink's.
absl::Status CopyFile(const std::string& path, const archive::Sink& sink);

}  // namespace weir::source
