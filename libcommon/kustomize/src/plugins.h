// Builtin generators and transformers that have a file of their own, named in
// `generators`, `transformers` and `validators`.
//
// Touches: files, through the Loader.
// Threads: one thread at a time.
#pragma once

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "src/generate/generator.h"
#include "src/load/loader.h"
#include "src/model/resource.h"
#include "src/transform/transformer.h"

namespace weir::kustomize {

// `plugin` is the configuration. What is made may refer to `loader` and
// `schema`.
// Errors: kFailedPrecondition for kinds that are not builtin and for wrong
// arguments; kUnimplemented for Helm charts that nothing renders.
absl::StatusOr<Generator> MakeGeneratorPlugin(const Resource& plugin,
                                              const Loader& loader,
                                              const Schema* schema);
absl::StatusOr<Transformer> MakeTransformerPlugin(const Resource& plugin,
                                                  const Loader& loader,
                                                  const Schema* schema);

}  // namespace weir::kustomize
