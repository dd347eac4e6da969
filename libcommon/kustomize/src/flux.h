// The kustomization file of a directory as Flux sees it: with its overrides,
// or generated where there is none.
//
// Touches: files, through the Loader.
// Threads: one thread at a time.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "src/load/kustomization.h"
#include "src/load/loader.h"
#include "weir/kustomize/build.h"

namespace weir::kustomize {

struct RootFile {
  std::string name;
  Kustomization kustomization;
};

absl::StatusOr<RootFile> ReadRootFile(const Loader& loader,
                                      const FluxOverrides& overrides);

}  // namespace weir::kustomize
