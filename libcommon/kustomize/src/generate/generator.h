// Generator is a configured generator: it appends what it makes.
//
// Touches: files, where the generator reads some.
// Threads: one thread at a time.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "src/model/resource.h"

namespace weir::kustomize {

using Generator =
    std::function<absl::Status(std::vector<std::unique_ptr<Resource>>*)>;

}  // namespace weir::kustomize
