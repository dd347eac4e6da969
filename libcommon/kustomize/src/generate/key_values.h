// The data of generated ConfigMaps and Secrets: what literals, files and
// environment files come to.
//
// Touches: files, through the Loader.
// Threads: pure but for the files read.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "src/load/kustomization.h"
#include "src/load/loader.h"

namespace weir::kustomize {

using Pairs = std::vector<std::pair<std::string, std::string>>;

// In upstream's order: environment files, literals, files.
absl::StatusOr<Pairs> ReadPairs(const Loader& loader,
                                const GeneratorArgs& args);

bool IsValidUtf8(absl::string_view text);

}  // namespace weir::kustomize
