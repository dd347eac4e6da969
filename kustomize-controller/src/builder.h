// Builder turns an extracted artifact into the objects to apply.
//
// Touches: files (the extracted artifact), what the RemoteSource touches.
// Threads: pure functions.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "src/plan.h"
#include "src/variables.h"
#include "weir/base/context.h"
#include "weir/kustomize/build.h"
#include "weir/kustomize/parse_cache.h"
#include "weir/kustomize/remote.h"
#include "weir/value/value.h"

namespace weir::kustomize_controller {

struct BuildSettings {
  bool allow_remote_bases = true;
  weir::kustomize::RemoteSource* remote = nullptr;
  bool is_strict = true;  // A variable that is not set is an error.
  weir::kustomize::ParseCache* parse_cache = nullptr;  // Shared by builds.
};

struct BuiltObjects {
  // Normalised, with owner labels and common metadata, in the build's order.
  std::vector<Value> objects;
  std::string digest;  // "sha256:<hex>" of the YAML that was built.
};

// The folder `path` of the tree at `root`, relative to it; "." for the root.
// Errors: kNotFound with upstream's text when it does not exist.
absl::StatusOr<std::string> FindFolder(const std::string& root,
                                       const std::string& path);

// What the engine builds for the folder, after substitution.
// Errors: kFailedPrecondition with upstream's text; those of the context.
absl::StatusOr<weir::kustomize::BuildResult> BuildManifests(
    const Context& ctx, const Plan& plan, const std::string& root,
    const std::string& folder, const Variables& variables,
    const BuildSettings& settings);

// The same as objects to apply. Errors: as BuildManifests.
absl::StatusOr<BuiltObjects> BuildObjects(const Context& ctx, const Plan& plan,
                                          const std::string& root,
                                          const std::string& folder,
                                          const Variables& variables,
                                          const BuildSettings& settings);

}  // namespace weir::kustomize_controller
