// Errors of templates as Helm prints them.
//
// Touches: nothing.
// Threads: pure functions.
// Source: Helm v4.2.4, pkg/engine.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace weir::helm {

// Marks a message of `required` or `fail`, which is all that is printed.
std::string MarkMessage(absl::string_view message);

absl::Status ParseFailure(absl::string_view file, const absl::Status& error);
absl::Status ExecutionFailure(absl::string_view file,
                              const absl::Status& error);

}  // namespace weir::helm
