// ValueAddTransformer puts one value into fields, or into the paths that they
// hold.
//
// Touches: files, through the Loader.
// Threads: one thread at a time.
#pragma once

#include "absl/status/statusor.h"
#include "src/load/loader.h"
#include "src/transform/transformer.h"
#include "weir/value/value.h"

namespace weir::kustomize {

absl::StatusOr<Transformer> MakeValueAddTransformer(const Value& config,
                                                    const Loader& loader);

}  // namespace weir::kustomize
