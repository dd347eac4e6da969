// Regular expressions of schemas and rules, in Go's dialect.
//
// Touches: nothing.
// Threads: immutable; safe to share.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace weir::apiserver {

class SchemaPattern {
 public:
  // Errors: kInvalidArgument when the pattern is malformed.
  static absl::StatusOr<std::shared_ptr<const SchemaPattern>> Compile(
      absl::string_view pattern);
  virtual ~SchemaPattern() = default;
  // Whether it matches anywhere.
  virtual bool Matches(absl::string_view text) const = 0;
};

// Whether text has a format ("date-time", "uri", ...); true when the format
// is not known.
bool HasFormat(absl::string_view format, const std::string& text);
bool IsKnownFormat(absl::string_view format);

}  // namespace weir::apiserver
