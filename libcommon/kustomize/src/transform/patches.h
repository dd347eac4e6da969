// Patches: strategic-merge and JSON 6902, in all fields that hold them.
//
// Touches: files, through the Loader.
// Threads: one thread at a time.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "src/load/kustomization.h"
#include "src/load/loader.h"
#include "src/model/res_map.h"
#include "src/transform/transformer.h"

namespace weir::kustomize {

// In all of them `plugin` is the configuration where it is no field of a
// kustomization.

// One entry of `patches`.
absl::StatusOr<Transformer> MakePatchTransformer(const PatchSpec& spec,
                                                 const Loader& loader,
                                                 const Schema* schema,
                                                 const Value* plugin = nullptr);
// One entry of `patchesJson6902`.
absl::StatusOr<Transformer> MakeJson6902Transformer(
    const PatchSpec& spec, const Loader& loader, const Value* plugin = nullptr);
// All entries of `patchesStrategicMerge`: each a file or a text.
// `text` is more patches, inline.
absl::StatusOr<Transformer> MakeStrategicMergeTransformer(
    const std::vector<std::string>& paths, const std::string& text,
    const Loader& loader, const Schema* schema, const Value* plugin = nullptr);

}  // namespace weir::kustomize
