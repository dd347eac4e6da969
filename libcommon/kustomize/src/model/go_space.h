// What Go takes for space at the ends of a text.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include "absl/base/attributes.h"
#include "absl/strings/string_view.h"

namespace weir::kustomize {

// Go's strings.TrimSpace, and the half of it at the start.
absl::string_view TrimSpace(
    absl::string_view text ABSL_ATTRIBUTE_LIFETIME_BOUND);
absl::string_view TrimSpaceLeft(
    absl::string_view text ABSL_ATTRIBUTE_LIFETIME_BOUND);

}  // namespace weir::kustomize
