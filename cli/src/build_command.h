// RunBuild builds a kustomization from disk, as `kustomize build` does.
//
// Touches: files (reads the kustomization, writes what `output` names), process
// (standard output and error).
// Threads: one thread.
#pragma once

#include <string>

#include "weir/base/context.h"

namespace weir::cli {

struct BuildArgs {
  std::string directory = ".";
  // A file, or a folder for one file an object; empty: standard output.
  std::string output;
  std::string load_restrictor = "LoadRestrictionsRootOnly";
  std::string reorder = "legacy";  // Or "none".
};

// Returns the exit code.
int RunBuild(const Context& ctx, const BuildArgs& args);

}  // namespace weir::cli
