// Kustomization is the decoded kustomization file.
//
// Touches: nothing.
// Threads: value types.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "src/load/json_decoder.h"
#include "src/model/field_spec.h"
#include "src/model/selector.h"
#include "weir/value/value.h"

namespace weir::kustomize {

using StringMap = std::map<std::string, std::string>;

struct GeneratorOptions {
  StringMap labels;
  StringMap annotations;
  bool disable_name_suffix_hash = false;
  bool immutable = false;
};

// A configMapGenerator or secretGenerator.
struct GeneratorArgs {
  std::string name;
  std::string ns;
  std::string behavior;
  std::string type;  // Of a Secret.
  std::vector<std::string> literals;
  std::vector<std::string> files;
  std::vector<std::string> envs;
  std::string env;
  std::optional<GeneratorOptions> options;
};

struct PatchSpec {
  std::string path;
  std::string patch;
  std::optional<SelectorSpec> target;
  bool has_options = false;  // Upstream shows them, even if they say nothing.
  bool allow_name_change = false;
  bool allow_kind_change = false;
};

struct ImageSpec {
  std::string name;
  std::string new_name;
  std::string tag_suffix;
  std::string new_tag;
  std::string digest;
};

struct ReplicaSpec {
  std::string name;
  int64_t count = 0;
};

struct LabelSpec {
  StringMap pairs;
  bool include_selectors = false;
  bool include_templates = false;
  FieldSpecs fields;
};

struct FieldOptions {
  std::string delimiter;
  int64_t index = 0;
  std::string encoding;
  bool create = false;
};

struct ReplacementTarget {
  std::optional<SelectorSpec> select;
  std::vector<SelectorSpec> reject;
  std::vector<std::string> field_paths;
  std::optional<FieldOptions> options;
};

struct ReplacementSpec {
  std::string path;
  bool has_source = false;
  SelectorSpec source;  // Exact, not expressions.
  std::string source_field_path;
  std::optional<FieldOptions> source_options;
  std::optional<std::string> source_value;
  bool has_targets = false;
  std::vector<ReplacementTarget> targets;
};

struct VarSpec {
  std::string name;
  std::string api_version;
  SelectorSpec object;  // Exact.
  std::string field_path;
};

struct SortOptions {
  std::string order;
  bool has_legacy_options = false;
  std::vector<std::string> order_first;
  std::vector<std::string> order_last;
};

struct Kustomization {
  std::string kind;
  std::string api_version;
  StringMap openapi;
  std::string name_prefix;
  std::string name_suffix;
  std::string ns;
  StringMap common_labels;
  std::vector<LabelSpec> labels;
  StringMap common_annotations;
  std::vector<std::string> patches_strategic_merge;
  std::vector<PatchSpec> patches_json6902;
  std::vector<PatchSpec> patches;
  std::vector<ImageSpec> images;
  std::vector<ReplacementSpec> replacements;
  std::vector<ReplicaSpec> replicas;
  std::vector<VarSpec> vars;
  std::optional<SortOptions> sort_options;
  std::vector<std::string> resources;
  std::vector<std::string> components;
  std::vector<std::string> crds;
  std::vector<GeneratorArgs> config_map_generators;
  std::vector<GeneratorArgs> secret_generators;
  std::optional<GeneratorOptions> generator_options;
  std::vector<std::string> configurations;
  std::vector<std::string> generators;
  std::vector<std::string> transformers;
  std::vector<std::string> validators;
  std::vector<std::string> build_metadata;
  std::vector<Value> helm_charts;
  Value helm_globals;  // Null: none.
  // Deprecated; `Normalize` moves them to where they belong.
  std::vector<std::string> bases;
  std::vector<ImageSpec> image_tags;
  std::vector<Value> old_helm_charts;
  Value old_helm_globals = Value::MakeObject();
  // Deprecated fields that the file has, and what replaced them.
  std::vector<std::pair<std::string, std::string>> deprecated;
  // Whether the file says anything besides kind and apiVersion.
  bool has_content = false;
  // Fields in lower case, as "labels[0]", that upstream cannot hand on to what
  // acts on them, and why: YAML takes no control characters as they are.
  std::vector<std::pair<std::string, std::string>> unwritable;

  bool is_component() const { return kind == "Component"; }
  bool WantsMetadata(absl::string_view option) const;
};

// `strict`: unknown fields are errors. `file`: as errors name it.
// Errors: kFailedPrecondition "invalid Kustomization: ..."; in Flux's words,
// which reads leniently, when not strict.
absl::StatusOr<Kustomization> ParseKustomization(absl::string_view text,
                                                 bool strict,
                                                 absl::string_view file);
// Deprecated fields join those that replaced them, kind and apiVersion get
// their defaults.
void Normalize(Kustomization* kustomization);
// What is wrong with kind and apiVersion, a line each; nothing when all is
// well.
std::vector<std::string> CheckTypeMeta(const Kustomization& kustomization);

// As upstream shows them in errors: empty fields are left out.
Value EncodeSelector(const SelectorSpec& spec);
Value EncodeReplacements(const std::vector<ReplacementSpec>& specs);

// Pieces that builtin transformers' own files use as well.
absl::StatusOr<SelectorSpec> DecodeSelector(const Value& value);
absl::StatusOr<std::vector<ReplacementSpec>> DecodeReplacements(
    const Value& value);
absl::StatusOr<GeneratorArgs> DecodeGeneratorArgs(const Value& value);
absl::StatusOr<ImageSpec> DecodeImage(const Value& value);
absl::StatusOr<ReplicaSpec> DecodeReplica(const Value& value);
absl::StatusOr<PatchSpec> DecodePatchSpec(const Value& value);
absl::StatusOr<FieldSpecs> DecodeFieldSpecs(const Value& value);
// Those of transformer configurations.
void DecodeFieldSpecList(JsonDecoder& decoder, const Value& value,
                         FieldSpecs* out);

}  // namespace weir::kustomize
