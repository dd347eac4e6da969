// What templates do with regular expressions, of Go's regexp package.
//
// Touches: nothing.
// Threads: immutable; safe to share.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/attributes.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "weir/text/go_regexp.h"

namespace weir::gotmpl {

class Regexp {
 public:
  // Asked between matches, and told how many nanoseconds of the processor the
  // search took so far; it goes on as long as this gives true. What a search
  // costs cannot be told beforehand: each match may look at all of the text.
  using GoesOn = std::function<bool(int64_t nanoseconds)>;

  // Errors: those of text::GoRegexp.
  static absl::StatusOr<std::shared_ptr<const Regexp>> Compile(
      absl::string_view pattern);

  bool Matches(absl::string_view text) const { return pattern_->Matches(text); }
  // At most `n` matches, all for a negative one; they point into the text.
  std::vector<absl::string_view> FindAll(absl::string_view text, int64_t n,
                                         const GoesOn& goes_on) const;
  // "$1", "${1}" and "${name}" stand for groups, "$$" for "$". Stops when the
  // text has more than `most` bytes.
  std::string ReplaceAll(absl::string_view text, absl::string_view with,
                         size_t most, const GoesOn& goes_on) const;
  // Instructions of the compiled pattern.
  size_t size() const { return pattern_->size(); }
  const std::string& pattern() const ABSL_ATTRIBUTE_LIFETIME_BOUND {
    return pattern_->pattern();
  }

 private:
  explicit Regexp(std::shared_ptr<const text::GoRegexp> pattern)
      : pattern_(std::move(pattern)) {}

  const std::shared_ptr<const text::GoRegexp> pattern_;
};

}  // namespace weir::gotmpl
