// What a request for a file gets: all of it, a range, or nothing new.
//
// Touches: the one file.
// Threads: functions; an OpenFile belongs to one answer.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "weir/http/server.h"

namespace weir::http {

class OpenFile {
 public:
  explicit OpenFile(int descriptor) : descriptor_(descriptor) {}
  ~OpenFile();
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  // Up to `size` bytes at `offset`; fewer at the end.
  absl::StatusOr<std::string> ReadAt(uint64_t offset, size_t size) const;
  int descriptor() const { return descriptor_; }

 private:
  const int descriptor_;
};

struct FileAnswer {
  int code = 404;
  Headers headers;
  std::shared_ptr<const OpenFile> file;  // Null: no body but `text`.
  uint64_t offset = 0;
  uint64_t length = 0;
  std::string text;
};

// Opens the file and decides by the request's method and headers.
FileAnswer AnswerWithFile(absl::string_view method, const Headers& request,
                          const std::string& path, const FileOptions& options);

}  // namespace weir::http
