// TransformerConfig is the set of field specs that transformers work on: the
// builtin tables, and what `configurations` and `crds` add to them.
//
// Touches: nothing.
// Threads: immutable once made; shared by the layers of a build.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "src/model/field_spec.h"
#include "weir/value/value.h"

namespace weir::kustomize {

// A kind of object, and the fields of others that hold its name.
struct NameReference {
  Gvk target;
  FieldSpecs referrers;
};

struct TransformerConfig {
  FieldSpecs name_prefix;
  FieldSpecs name_suffix;
  FieldSpecs namespaces;
  FieldSpecs common_labels;
  FieldSpecs labels;
  FieldSpecs template_labels;
  FieldSpecs common_annotations;
  std::vector<NameReference> name_references;
  FieldSpecs var_references;
  FieldSpecs images;
  FieldSpecs replicas;
};

using ConfigPtr = std::shared_ptr<const TransformerConfig>;

// The builtin tables.
const ConfigPtr& DefaultConfig();
// `base` with what `added` has more. Either may be null.
absl::StatusOr<ConfigPtr> MergeConfigs(const ConfigPtr& base,
                                       const ConfigPtr& added);
// One document of a `configurations` file.
absl::Status ParseConfig(const Value& document, TransformerConfig* config);
// One file of `crds`: what the definitions' extensions say.
absl::Status ParseCrds(const Value& document, TransformerConfig* config);

absl::Status MergeNameReference(std::vector<NameReference>* references,
                                const NameReference& added);

// In upstream's order, that of what is referred to.
void SortNameReferences(std::vector<NameReference>* references);

}  // namespace weir::kustomize
