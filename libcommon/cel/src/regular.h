// Regular is a regular expression in Go's dialect, with Go's messages.
//
// Touches: nothing.
// Threads: immutable; safe to share.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace weir::cel {

class Regular {
 public:
  // Null with an error when the pattern is malformed or too large.
  static std::shared_ptr<const Regular> Compile(const std::string& pattern,
                                                std::string& error);
  virtual ~Regular() = default;

  // Anywhere in the text.
  virtual bool Matches(absl::string_view text) const = 0;
  virtual int group_count() const = 0;
  // One match: the whole and the groups; a group that took no part has null
  // data. Parts point into the text.
  using Match = std::vector<absl::string_view>;
  // As Go's FindAll: none overlap, and no empty one follows another at once.
  virtual std::vector<Match> FindAll(absl::string_view text,
                                     size_t most) const = 0;
};

}  // namespace weir::cel
