// Generators make ConfigMaps and Secrets from literals and files.
//
// Touches: files, through the Loader.
// Threads: pure but for the files read.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "src/load/kustomization.h"
#include "src/load/loader.h"
#include "src/model/resource.h"

namespace weir::kustomize {

enum class GeneratorKind { kConfigMap, kSecret };

// Adds the global options to a generator's own.
void MergeGeneratorOptions(const std::optional<GeneratorOptions>& global,
                           GeneratorArgs* args);

// Errors: kFailedPrecondition when the arguments or files are wrong.
absl::StatusOr<std::unique_ptr<Resource>> Generate(GeneratorKind kind,
                                                   const GeneratorArgs& args,
                                                   const Loader& loader,
                                                   const Schema* schema);

// Ten characters that depend on the object's data.
// Errors: as WriteAndRead.
absl::StatusOr<std::string> HashOf(const Resource& resource);
// Appends it to the name of each object that asks for it.
class ResMap;
absl::Status AddHashes(ResMap* objects);

}  // namespace weir::kustomize
