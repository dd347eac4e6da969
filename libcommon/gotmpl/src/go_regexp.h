// Go's regexp on RE2: its matches, its replacements, its errors.
//
// Touches: nothing.
// Threads: immutable; safe to share.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/attributes.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace weir::gotmpl {

class Regexp {
 public:
  // Asked between matches, and told how many nanoseconds of the processor the
  // search took so far; it goes on as long as this gives true. What a search
  // costs cannot be told beforehand: each match may look at all of the text.
  using GoesOn = std::function<bool(int64_t nanoseconds)>;

  // Errors: kInvalidArgument "error parsing regexp: missing closing ): `(`".
  static absl::StatusOr<std::shared_ptr<const Regexp>> Compile(
      absl::string_view pattern);
  ~Regexp();

  bool Matches(absl::string_view text) const;
  // At most `n` matches, all for a negative one; they point into the text.
  std::vector<absl::string_view> FindAll(absl::string_view text, int64_t n,
                                         const GoesOn& goes_on) const;
  // "$1", "${1}" and "${name}" stand for groups, "$$" for "$". Stops when the
  // text has more than `most` bytes.
  std::string ReplaceAll(absl::string_view text, absl::string_view with,
                         size_t most, const GoesOn& goes_on) const;
  // Instructions of the compiled pattern.
  size_t size() const;
  const std::string& pattern() const ABSL_ATTRIBUTE_LIFETIME_BOUND;

 private:
  struct Impl;
  explicit Regexp(std::unique_ptr<const Impl> impl);
  std::unique_ptr<const Impl> impl_;
};

}  // namespace weir::gotmpl
