// Regex is a regular expression in Go's dialect (RE2): linear time, whatever
// the pattern.
//
// Touches: nothing.
// Threads: immutable; safe to share.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/base/attributes.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace weir::text {

class Regex {
 public:
  // Errors: kInvalidArgument when the pattern is malformed or too large.
  static absl::StatusOr<Regex> Compile(absl::string_view pattern);

  // Whether the pattern matches anywhere in `text`.
  bool Matches(absl::string_view text) const;
  // Whether the pattern matches all of `text`.
  bool MatchesAll(absl::string_view text) const;
  // The leftmost match: [0] is the whole, [i] group i, with null data for a
  // group that took no part. Empty when there is no match. The parts point
  // into `text`.
  std::vector<absl::string_view> Find(absl::string_view text) const;
  // All matches replaced; "$1", "${1}" and "${name}" in `with` stand for
  // groups, "$$" for "$", as in Go's ReplaceAllString.
  std::string ReplaceAll(absl::string_view text, absl::string_view with) const;

  int group_count() const;
  const std::string& pattern() const ABSL_ATTRIBUTE_LIFETIME_BOUND;

 private:
  struct Impl;
  explicit Regex(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}

  std::shared_ptr<const Impl> impl_;
};

}  // namespace weir::text
