// Locate adds to an error where in a YAML file its cause is. Upstream's own
// messages seldom say it.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace weir::kustomize {

// The line of the node that keys and list indexes lead to, or of the last one
// on the way that is there; 0 for a text that is no YAML or has not even the
// first.
int FindLine(absl::string_view text, const std::vector<std::string>& place);

// "<message> in File: <file>:<line>", or without the line when it is 0; space
// that ends the message stays there.
// Only for errors of what is built, and where no file is named like that yet.
absl::Status Locate(const absl::Status& status, absl::string_view file,
                    int line, absl::string_view field = "");

}  // namespace weir::kustomize
