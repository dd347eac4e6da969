// The builtin transformers that are not patches, each from its arguments and
// the field specs that it works on.
//
// Touches: nothing.
// Threads: pure functions; the transformers run on one thread at a time.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "src/load/kustomization.h"
#include "src/model/field_spec.h"
#include "src/transform/transformer.h"

namespace weir::kustomize {

// Which subjects of role bindings follow the namespace.
enum class SubjectMode { kDefaultOnly, kAllServiceAccounts, kNone };

struct NamespaceArgs {
  std::string ns;
  bool unset_only = false;
  SubjectMode subjects = SubjectMode::kDefaultOnly;
};
Transformer MakeNamespaceTransformer(NamespaceArgs args, FieldSpecs specs);
// As above, for one object.
absl::Status SetNamespaceOf(Resource* resource, const NamespaceArgs& args,
                            const FieldSpecs& specs);

Transformer MakePrefixTransformer(std::string prefix, FieldSpecs specs);
Transformer MakeSuffixTransformer(std::string suffix, FieldSpecs specs);

// Labels or annotations: sets each entry in every map that a spec names.
Transformer MakeEntriesTransformer(StringMap entries, FieldSpecs specs);

Transformer MakeReplicasTransformer(ReplicaSpec replica, FieldSpecs specs);

// One after the other, in order. A name that is no regular expression fails
// once there is an image to hold against it; beside others, at once.
absl::StatusOr<Transformer> MakeImageTransformer(
    const std::vector<ImageSpec>& images, FieldSpecs specs);

// The order of the command line: kinds first and last, then by name.
void SortLegacy(const SortOptions& options, ResMap* objects);

}  // namespace weir::kustomize
