// TarWriter writes archives that depend on names, modes and contents only:
// ustar, with a PAX header where a name needs one; owner 0, time 0.
//
// Touches: nothing.
// Threads: an object belongs to one thread.
#pragma once

#include <cstdint>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "weir/archive/stream.h"

namespace weir::archive {

// Bytes equal those of Go's archive/tar for the same entries; compressed
// bytes are those of our zlib.
// Source: artifact tarballs of Flux's source-controller.
class TarWriter {
 public:
  // Of all files, instead of what is said below; 0: as said. Whole seconds
  // since 1970.
  struct Options {
    int file_mode = 0;
    int64_t modified = 0;
  };
  explicit TarWriter(Sink sink) : TarWriter(std::move(sink), Options()) {}
  TarWriter(Sink sink, Options options);

  // Mode 0750. The name goes in as it is, without a trailing slash.
  absl::Status AddDirectory(absl::string_view name);

  // Mode 0700 or 0600. Exactly `size` bytes must follow, in Write calls.
  absl::Status BeginFile(absl::string_view name, bool is_executable,
                         int64_t size);
  // Errors: kFailedPrecondition beyond the announced size; the sink's.
  absl::Status Write(absl::string_view bytes);

  // BeginFile and Write at once.
  absl::Status AddFile(absl::string_view name, bool is_executable,
                       absl::string_view contents);

  // Errors: kFailedPrecondition when bytes of the last file are missing.
  absl::Status Finish();

 private:
  absl::Status WriteHeader(absl::string_view name, char type, int mode,
                           int64_t size);
  absl::Status EndFile();

  Sink sink_;
  Options options_;
  int64_t missing_ = 0;  // Bytes of the file under way still to come.
  int padding_ = 0;      // Zero bytes after it.
};

}  // namespace weir::archive
