// Transformer is a configured step of a build.
//
// Touches: nothing.
// Threads: one thread at a time.
#pragma once

#include <functional>

#include "absl/status/status.h"
#include "src/model/res_map.h"

namespace weir::kustomize {

using Transformer = std::function<absl::Status(ResMap*)>;

}  // namespace weir::kustomize
