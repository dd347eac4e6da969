// Errors of the codecs in the words of the Go packages that they follow, for
// messages that upstream words.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include <string>

#include "absl/status/status.h"

namespace weir {

// The payload of a Status that holds them.
inline constexpr char kGoError[] = "weir.dev/go-error";

// "yaml: line 2: did not find expected key", "json: unsupported value: NaN";
// the status's own message where Go has none.
std::string GoError(const absl::Status& status);
// The same without "yaml: ".
std::string GoYamlError(const absl::Status& status);

}  // namespace weir
