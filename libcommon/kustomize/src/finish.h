// Finish turns what a kustomization accumulated into the build's result.
//
// Touches: nothing.
// Threads: one thread at a time.
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "src/load/kustomization.h"
#include "src/target.h"
#include "weir/kustomize/build.h"

namespace weir::kustomize {

// An object of the result, and what made it.
struct ObjectHistory {
  std::vector<ResId> ids;  // Now and before.
  std::vector<Change> changes;
};

// `histories`: of each object, in order; only for builds that are explained.
absl::StatusOr<BuildResult> Finish(const Kustomization& top, BuildState* state,
                                   Accumulator* built,
                                   std::vector<ObjectHistory>* histories);

// Accumulates and finishes.
absl::StatusOr<BuildResult> RunTarget(BuildState* state, Target* top,
                                      std::vector<ObjectHistory>* histories);

}  // namespace weir::kustomize
