// FixNameReferences makes objects that name another follow its new name.
//
// Touches: nothing.
// Threads: one thread at a time.
#pragma once

#include <vector>

#include "absl/status/status.h"
#include "src/model/res_map.h"
#include "src/refer/transformer_config.h"

namespace weir::kustomize {

// Errors: kFailedPrecondition when a name may stand for several objects.
absl::Status FixNameReferences(const std::vector<NameReference>& references,
                               ResMap* objects);

}  // namespace weir::kustomize
