// Source is the text of an expression by code points, and Errors what is
// wrong with it, printed as cel-go prints it: with the line and a caret.
//
// Touches: nothing.
// Threads: Source is immutable; Errors is used by one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace weir::cel {

class Source {
 public:
  explicit Source(absl::string_view text);

  size_t size() const { return points_.size(); }
  // 0 behind the end.
  char32_t operator[](size_t offset) const {
    return offset < points_.size() ? points_[offset] : 0;
  }
  // The text from one offset up to another.
  std::string Text(size_t begin, size_t end) const;

  struct Place {
    int line = -1;
    int column = -1;
  };
  Place PlaceOf(int32_t offset) const;
  // Without its line break; empty behind the last.
  std::u32string Line(int line) const;

 private:
  std::u32string points_;
  std::vector<size_t> line_starts_;
};

class Errors {
 public:
  explicit Errors(const Source& source) : source_(source) {}
  // At an offset; -1 for nowhere.
  void Add(int32_t offset, std::string message);
  bool empty() const { return count_ == 0; }
  size_t count() const { return count_; }
  std::string ToString() const;

 private:
  struct Error {
    Source::Place place;
    std::string message;
  };
  const Source& source_;
  std::vector<Error> errors_;
  size_t count_ = 0;
};

// The UTF-8 of these code points.
std::string ToUtf8(const std::u32string& points);
// Code points of a text; what is not UTF-8 becomes U+FFFD, byte by byte.
std::u32string ToPoints(absl::string_view text);

}  // namespace weir::cel
