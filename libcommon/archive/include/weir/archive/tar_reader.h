// TarReader reads a tar archive entry by entry: v7, ustar, PAX and GNU long
// names.
//
// Touches: nothing.
// Threads: an object belongs to one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "weir/archive/stream.h"

namespace weir::archive {

struct TarEntry {
  enum class Type { kFile, kDirectory, kSymlink, kHardLink, kOther };
  Type type = Type::kFile;
  std::string name;  // As written; not yet checked.
  std::string link_target;
  int mode = 0;  // Permission bits.
  int64_t size = 0;
  absl::Time modified;
};

class TarReader {
 public:
  explicit TarReader(Source source);

  // The next entry, or nothing at the end. What was not read of the last one
  // is skipped.
  // Errors: kInvalidArgument when the archive is malformed; the source's.
  absl::StatusOr<std::optional<TarEntry>> Next();

  // Reads of the entry's contents; 0 is its end.
  absl::StatusOr<size_t> Read(char* buffer, size_t size);

 private:
  absl::Status ReadFully(char* buffer, size_t size);
  absl::StatusOr<bool> ReadBlock(char* block);
  absl::Status SkipContents();
  absl::StatusOr<std::string> ReadMetadata(int64_t size);
  absl::Status ApplyPax(const std::string& records);

  struct Overrides {
    std::optional<std::string> name, link_target;
    std::optional<int64_t> size;
    std::optional<absl::Time> modified;
  };

  Source source_;
  int64_t contents_left_ = 0;
  int64_t padding_ = 0;
  bool is_at_end_ = false;
  Overrides next_;  // From headers before the entry.
};

}  // namespace weir::archive
