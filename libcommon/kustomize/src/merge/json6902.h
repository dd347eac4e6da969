// JSON 6902 patches, with the rules and error texts of the library upstream
// uses: negative indexes count from the end, "replace" sets an absent member
// of a map.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "src/model/budget.h"
#include "weir/value/value.h"

namespace weir::kustomize {

// The operations of a JSON or YAML text.
// Errors: kFailedPrecondition when it is no list of maps.
absl::StatusOr<std::vector<Value>> ParseJson6902(absl::string_view text);

// Applies them in order. `document` is unspecified after an error.
// `is_steady`: whether the document came out of this so that doing nothing to
// it would change nothing; then only what the operations touch is looked at.
// Errors: kFailedPrecondition; kResourceExhausted above the budget.
absl::Status ApplyJson6902(const std::vector<Value>& operations, Budget* budget,
                           bool* is_steady, Value* document);

}  // namespace weir::kustomize
