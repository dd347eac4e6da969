// JSON text as Go's encoding/json reads and writes it, error text included.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "weir/gotmpl/function.h"
#include "weir/gotmpl/value.h"

namespace weir::gotmpl {

// json.Unmarshal into an interface{}: numbers are float64.
// Errors: kInvalidArgument with encoding/json's text.
absl::StatusOr<Any> UnmarshalJson(absl::string_view text);

struct MarshalOptions {
  int indent = 0;  // Spaces a level; 0 is on one line.
  bool escape_html = true;
};
// Errors: as ToValue.
absl::StatusOr<std::string> MarshalJson(const Any& value,
                                        const MarshalOptions& options = {});
// For functions: what it does counts as steps.
absl::StatusOr<std::string> MarshalJson(Call& call, const Any& value,
                                        const MarshalOptions& options = {});

}  // namespace weir::gotmpl
