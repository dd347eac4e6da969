// Finish turns what a kustomization accumulated into the build's result.
//
// Touches: nothing.
// Threads: one thread at a time.
#pragma once

#include "absl/status/statusor.h"
#include "src/load/kustomization.h"
#include "src/target.h"
#include "weir/kustomize/build.h"

namespace weir::kustomize {

absl::StatusOr<BuildResult> Finish(const Kustomization& top,
                                   const BuildOptions& options,
                                   Accumulator* built);

}  // namespace weir::kustomize
