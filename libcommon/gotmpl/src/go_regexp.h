// Go's regexp on RE2: its matches, its replacements, its errors.
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

namespace weir::gotmpl {

class Regexp {
 public:
  // Errors: kInvalidArgument "error parsing regexp: missing closing ): `(`".
  static absl::StatusOr<std::shared_ptr<const Regexp>> Compile(
      absl::string_view pattern);
  ~Regexp();

  bool Matches(absl::string_view text) const;
  // At most `n` matches, all for a negative one; they point into the text.
  std::vector<absl::string_view> FindAll(absl::string_view text,
                                         int64_t n) const;
  // "$1", "${1}" and "${name}" stand for groups, "$$" for "$".
  std::string ReplaceAll(absl::string_view text, absl::string_view with) const;
  const std::string& pattern() const ABSL_ATTRIBUTE_LIFETIME_BOUND;

 private:
  struct Impl;
  explicit Regexp(std::unique_ptr<const Impl> impl);
  std::unique_ptr<const Impl> impl_;
};

}  // namespace weir::gotmpl
