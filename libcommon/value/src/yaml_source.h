// The characters of a YAML stream: its encoding undone and what may be in no
// YAML text found.
//
// Touches: nothing.
// Threads: immutable once made.
#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace weir::yaml {

class Source {
 public:
  // Views `text` unless it has to be converted.
  explicit Source(absl::string_view text);
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;

  // All that may be read. Where it ends early, `problem` says why.
  absl::string_view text() const { return text_; }
  absl::string_view problem() const { return problem_; }

 private:
  void ReadUtf8(absl::string_view raw, size_t start);
  void ReadUtf16(absl::string_view raw, bool big_endian);

  std::string converted_;
  absl::string_view text_;
  absl::string_view problem_;
};

}  // namespace weir::yaml
