// What a Content-Type header says.
//
// Touches: nothing.
// Threads: pure functions.
// Source: Go's mime.ParseMediaType.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace weir::notification_controller {

// "application/json" of "Application/JSON; charset=utf-8".
// Errors: kInvalidArgument in Go's words, also for malformed parameters.
absl::StatusOr<std::string> ParseMediaType(absl::string_view text);

// Whether one of the types, separated by commas, is application/json; what
// comes after a malformed one is not looked at.
bool IsJson(absl::string_view content_type);

}  // namespace weir::notification_controller
