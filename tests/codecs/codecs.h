// Our codecs by the letters of oracle/main.go, for who compares the two.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace weir::test {

absl::StatusOr<std::string> RunCodec(char codec, absl::string_view text);

}  // namespace weir::test
