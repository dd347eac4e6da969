// Replacements copy a value from one object's field into others'.
//
// Touches: files, through the Loader.
// Threads: one thread at a time.
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "src/load/kustomization.h"
#include "src/load/loader.h"
#include "src/transform/transformer.h"

namespace weir::kustomize {

absl::StatusOr<Transformer> MakeReplacementTransformer(
    const std::vector<ReplacementSpec>& specs, const Loader& loader);

}  // namespace weir::kustomize
