// Splitters cut the text of an index into its charts' versions, without
// reading what these hold.
//
// Touches: what they are given to read from.
// Threads: pure functions.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "weir/archive/stream.h"

namespace weir::helm {

struct IndexParts {
  // A version: in YAML a list with it, in JSON itself.
  std::function<absl::Status(const std::string& chart, const std::string& text)>
      on_version;
  // A chart, before its versions.
  std::function<absl::Status(const std::string& chart)> on_chart;
  // All but the entries, last.
  std::function<absl::Status(const std::string& text)> on_rest;
  int64_t max_bytes = 0;
  int64_t max_version_bytes = 0;
};

// The text has another form than what can be cut; it may still be right.
absl::Status NotSplit();
bool IsNotSplit(const absl::Status& status);

// Errors: NotSplit; kResourceExhausted above a limit; those of the parts and
// of the source.
absl::Status SplitYamlIndex(const archive::Source& source,
                            const IndexParts& parts);
absl::Status SplitJsonIndex(const archive::Source& source,
                            const IndexParts& parts);

// Bytes of a source, buffered.
class ByteReader {
 public:
  ByteReader(const archive::Source& source, int64_t max_bytes)
      : source_(source), max_bytes_(max_bytes), buffer_(64 << 10, '\0') {}

  // The next line with its end; false at the end of the text.
  absl::StatusOr<bool> ReadLine(std::string* line);
  // The next byte, or -1; it stays.
  int Peek() {
    if (at_ == size_ && !Fill()) return -1;
    return static_cast<unsigned char>(buffer_[at_]);
  }
  int Next() {
    const int c = Peek();
    if (c >= 0) ++at_;
    return c;
  }
  const absl::Status& status() const { return status_; }

 private:
  bool Fill();

  const archive::Source& source_;
  const int64_t max_bytes_;
  int64_t total_ = 0;
  std::string buffer_;
  size_t at_ = 0;
  size_t size_ = 0;
  absl::Status status_;
};

}  // namespace weir::helm
