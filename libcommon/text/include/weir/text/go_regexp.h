// GoRegexp is a regular expression that matches as Go's regexp package does,
// with its messages: RE2 is its pattern matcher, and what RE2 does otherwise is
// made up for.
//
// Touches: nothing.
// Threads: immutable; safe to share.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/attributes.h"
#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace weir::text {

class GoRegexp {
 public:
  // Errors: kInvalidArgument "error parsing regexp: missing closing ): `(`".
  static absl::StatusOr<std::shared_ptr<const GoRegexp>> Compile(
      absl::string_view pattern);
  ~GoRegexp();

  // Anywhere in the text. Bytes that are no UTF-8 are U+FFFD, as in Go.
  bool Matches(absl::string_view text) const;

  // Calls `use` for each match that Go's FindAll has: none overlap, and no
  // empty one follows another at once. It gets the whole and the groups after
  // it, `parts` in all; a group that took no part has null data. All point into
  // `text`. Ends when `use` returns false, or `goes_on`, which is asked before
  // each search.
  using Parts = std::vector<absl::string_view>;
  void ForEach(absl::string_view text, size_t parts,
               absl::FunctionRef<bool()> goes_on,
               absl::FunctionRef<bool(const Parts&)> use) const;

  int group_count() const;
  // -1: no group has the name.
  int GroupIndex(absl::string_view name) const;
  // Instructions of the compiled pattern.
  size_t size() const;
  const std::string& pattern() const ABSL_ATTRIBUTE_LIFETIME_BOUND;

 private:
  struct Impl;
  explicit GoRegexp(std::unique_ptr<const Impl> impl);
  std::unique_ptr<const Impl> impl_;
};

}  // namespace weir::text
