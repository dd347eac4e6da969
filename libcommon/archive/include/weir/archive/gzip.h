// Gzip streams. The compressor's bytes depend on its input only: no name, no
// time, one fixed level.
//
// Touches: nothing.
// Threads: an object belongs to one thread.
#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "weir/archive/stream.h"

namespace weir::archive {

// Of the header; empty: not there.
struct GzipHeader {
  std::string extra;
  std::string comment;
};

class GzipWriter {
 public:
  explicit GzipWriter(Sink sink, GzipHeader header = {});
  ~GzipWriter();
  GzipWriter(const GzipWriter&) = delete;
  GzipWriter& operator=(const GzipWriter&) = delete;

  // Errors: those of the sink.
  absl::Status Write(absl::string_view bytes);
  // Ends the stream; call it once, last.
  absl::Status Finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Decompresses a gzip stream of one or more members.
//
// Errors of the source: its own, and kInvalidArgument when the bytes are not
// gzip or end early.
Source GunzipSource(Source compressed);

}  // namespace weir::archive
