// IAMPolicyGenerator makes a ServiceAccount that stands for one of a cloud's.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include "absl/status/statusor.h"
#include "src/generate/generator.h"
#include "src/model/schema.h"
#include "weir/value/value.h"

namespace weir::kustomize {

// `config`: the generator's file.
absl::StatusOr<Generator> MakeIamPolicyGenerator(const Value& config,
                                                 const Schema* schema);

}  // namespace weir::kustomize
