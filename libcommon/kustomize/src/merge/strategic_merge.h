// StrategicMerge lays a strategic-merge patch over an object, as kyaml does.
//
// Touches: nothing.
// Threads: pure function.
#pragma once

#include "absl/status/statusor.h"
#include "src/model/schema.h"
#include "weir/value/value.h"

namespace weir::kustomize {

// `target` becomes the result; null when the patch deletes it.
// Errors: kFailedPrecondition when kinds of nodes differ or a directive is
// unknown.
absl::Status StrategicMerge(const Value& patch, const Schema& schema,
                            Value* target);

}  // namespace weir::kustomize
