#include "src/load/kustomization.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "src/load/helm_fields.h"
#include "src/load/json_decoder.h"
#include "src/load/locate.h"
#include "src/model/resource.h"
#include "src/model/scalar.h"
#include "src/refer/transformer_config.h"
#include "weir/base/status.h"
#include "weir/value/yaml.h"

namespace weir::kustomize {
namespace {

using D = JsonDecoder;

void DecodeOptions(D& d, const Value& v, GeneratorOptions* out) {
  d.Struct(v, "GeneratorOptions",
           {{"labels", d.To(&out->labels)},
            {"annotations", d.To(&out->annotations)},
            {"disableNameSuffixHash", d.To(&out->disable_name_suffix_hash)},
            {"immutable", d.To(&out->immutable)}});
}

void DecodeGenerator(D& d, const Value& v, absl::string_view type,
                     GeneratorArgs* out) {
  constexpr absl::string_view kArgs = "GeneratorArgs";
  constexpr absl::string_view kSources = "GeneratorArgs.KvPairSources";
  const auto options = [&d, out](const Value& value) {
    out->options.emplace();
    DecodeOptions(d, value, &*out->options);
  };
  const D::Field secret_type = {"type", d.To(&out->type)};
  // A ConfigMap has no such field.
  const D::Field no_type = {"name", d.To(&out->name), kArgs};
  d.Struct(v, type,
           {{"name", d.To(&out->name), kArgs},
            {"namespace", d.To(&out->ns), kArgs},
            {"behavior", d.To(&out->behavior), kArgs},
            {"literals", d.To(&out->literals), kSources},
            {"files", d.To(&out->files), kSources},
            {"envs", d.To(&out->envs), kSources},
            {"env", d.To(&out->env), kSources},
            {"options", options, kArgs},
            type == "SecretArgs" ? secret_type : no_type});
}

void DecodeSelectorSpec(D& d, const Value& v, SelectorSpec* out) {
  d.Struct(v, "Selector",
           {{"group", d.To(&out->group), "ResId.Gvk"},
            {"version", d.To(&out->version), "ResId.Gvk"},
            {"kind", d.To(&out->kind), "ResId.Gvk"},
            {"name", d.To(&out->name), "ResId"},
            {"namespace", d.To(&out->ns), "ResId"},
            {"annotationSelector", d.To(&out->annotation_selector)},
            {"labelSelector", d.To(&out->label_selector)}});
}

void DecodePatch(D& d, const Value& v, PatchSpec* out) {
  d.Struct(v, "Patch",
           {{"path", d.To(&out->path)},
            {"patch", d.To(&out->patch)},
            {"target",
             [&](const Value& value) {
               out->target.emplace();
               DecodeSelectorSpec(d, value, &*out->target);
             }},
            {"options", [&](const Value& value) {
               out->has_options = true;
               d.Struct(value, "PatchArgs",
                        {{"allowNameChange", d.To(&out->allow_name_change)},
                         {"allowKindChange", d.To(&out->allow_kind_change)}});
             }}});
}

void DecodeImageSpec(D& d, const Value& v, ImageSpec* out) {
  d.Struct(v, "Image",
           {{"name", d.To(&out->name)},
            {"newName", d.To(&out->new_name)},
            {"tagSuffix", d.To(&out->tag_suffix)},
            {"newTag", d.To(&out->new_tag)},
            {"digest", d.To(&out->digest)}});
}

void DecodeSpecs(D& d, const Value& v, absl::string_view type,
                 FieldSpecs* out) {
  d.List<FieldSpec>(v, type, out, [&](const Value& item, FieldSpec* spec) {
    d.Struct(item, "FieldSpec",
             {{"group", d.To(&spec->gvk.group), "Gvk"},
              {"version", d.To(&spec->gvk.version), "Gvk"},
              {"kind", d.To(&spec->gvk.kind), "Gvk"},
              {"path", d.To(&spec->path)},
              {"create", d.To(&spec->create)}});
    *spec = MakeFieldSpec(spec->gvk, spec->path, spec->create);
  });
}

void DecodeReplicaSpec(D& d, const Value& v, ReplicaSpec* out) {
  d.Struct(v, "Replica",
           {{"name", d.To(&out->name)}, {"count", d.To(&out->count)}});
}

void DecodeLabel(D& d, const Value& v, LabelSpec* out) {
  d.Struct(v, "Label",
           {{"pairs", d.To(&out->pairs)},
            {"includeSelectors", d.To(&out->include_selectors)},
            {"includeTemplates", d.To(&out->include_templates)},
            {"fields", [&](const Value& value) {
               DecodeSpecs(d, value, "[]types.FieldSpec", &out->fields);
             }}});
}

void DecodeFieldOptions(D& d, const Value& v,
                        std::optional<FieldOptions>* out) {
  out->emplace();
  FieldOptions& options = **out;
  d.Struct(v, "FieldOptions",
           {{"delimiter", d.To(&options.delimiter)},
            {"index",
             [&d, &options](const Value& index) {
               d.Int(index, &options.index, "int");
             }},
            {"encoding", d.To(&options.encoding)},
            {"create", d.To(&options.create)}});
}

void DecodeReplacementTarget(D& d, const Value& v, ReplacementTarget* out) {
  d.Struct(v, "TargetSelector",
           {{"select",
             [&](const Value& value) {
               out->select.emplace();
               DecodeSelectorSpec(d, value, &*out->select);
             }},
            {"reject",
             [&](const Value& value) {
               d.List<SelectorSpec>(value, "[]*types.Selector", &out->reject,
                                    [&](const Value& item, SelectorSpec* one) {
                                      DecodeSelectorSpec(d, item, one);
                                    });
             }},
            {"fieldPaths", d.To(&out->field_paths)},
            {"options", [&](const Value& value) {
               DecodeFieldOptions(d, value, &out->options);
             }}});
}

void DecodeReplacement(D& d, const Value& v, ReplacementSpec* out) {
  constexpr absl::string_view kEmbedded = "Replacement";
  d.Struct(v, "ReplacementField",
           {{"path", d.To(&out->path)},
            {"source",
             [&](const Value& value) {
               out->has_source = true;
               d.Struct(value, "SourceSelector",
                        {{"group", d.To(&out->source.group), "ResId.Gvk"},
                         {"version", d.To(&out->source.version), "ResId.Gvk"},
                         {"kind", d.To(&out->source.kind), "ResId.Gvk"},
                         {"name", d.To(&out->source.name), "ResId"},
                         {"namespace", d.To(&out->source.ns), "ResId"},
                         {"fieldPath", d.To(&out->source_field_path)},
                         {"options", [&](const Value& options) {
                            DecodeFieldOptions(d, options,
                                               &out->source_options);
                          }}});
             },
             kEmbedded},
            {"sourceValue",
             [&](const Value& value) {
               out->source_value.emplace();
               d.String(value, &*out->source_value);
             },
             kEmbedded},
            {"targets",
             [&](const Value& value) {
               out->has_targets = true;
               d.List<ReplacementTarget>(
                   value, "[]*types.TargetSelector", &out->targets,
                   [&](const Value& item, ReplacementTarget* one) {
                     DecodeReplacementTarget(d, item, one);
                   });
             },
             kEmbedded}});
}

void DecodeVar(D& d, const Value& v, VarSpec* out) {
  d.Struct(v, "Var",
           {{"name", d.To(&out->name)},
            {"objref",
             [&](const Value& value) {
               d.Struct(value, "Target",
                        {{"apiVersion", d.To(&out->api_version)},
                         {"group", d.To(&out->object.group), "Gvk"},
                         {"version", d.To(&out->object.version), "Gvk"},
                         {"kind", d.To(&out->object.kind), "Gvk"},
                         {"name", d.To(&out->object.name)},
                         {"namespace", d.To(&out->object.ns)}});
             }},
            {"fieldref", [&](const Value& value) {
               d.Struct(value, "FieldSelector",
                        {{"fieldPath", d.To(&out->field_path)}});
             }}});
}

void DecodeSort(D& d, const Value& v, SortOptions* out) {
  d.Struct(v, "SortOptions",
           {{"order",
             [&d, out](const Value& order) {
               d.String(order, &out->order, "types.SortOrder");
             }},
            {"legacySortOptions", [&](const Value& value) {
               out->has_legacy_options = true;
               d.Struct(value, "LegacySortOptions",
                        {{"orderFirst", d.To(&out->order_first)},
                         {"orderLast", d.To(&out->order_last)}});
             }}});
}

template <typename T, typename Decode>
D::Setter ListOf(D& d, absl::string_view type, std::vector<T>* out,
                 Decode decode) {
  return [&d, type, out, decode](const Value& value) {
    d.List<T>(value, type, out,
              [&](const Value& item, T* one) { decode(d, item, one); });
  };
}

// Upstream decodes it for its types, and never looks at it again.
void CheckMetadata(D& d, const Value& v) {
  std::string text;
  StringMap map;
  d.Struct(v, "ObjectMeta",
           {{"name", d.To(&text)},
            {"namespace", d.To(&text)},
            {"labels", d.To(&map)},
            {"annotations", d.To(&map)}});
}

void DecodeAll(D& d, const Value& v, Kustomization* k) {
  const auto config_map = [](D& dd, const Value& value, GeneratorArgs* out) {
    DecodeGenerator(dd, value, "ConfigMapArgs", out);
  };
  const auto secret = [](D& dd, const Value& value, GeneratorArgs* out) {
    DecodeGenerator(dd, value, "SecretArgs", out);
  };
  const auto old_chart = [k](D& dd, const Value& value, Value* out) {
    DecodeOldHelmChart(dd, value, out, &k->old_helm_globals);
  };
  d.Struct(
      v, "Kustomization",
      {{"kind", d.To(&k->kind), "TypeMeta"},
       {"apiVersion", d.To(&k->api_version), "TypeMeta"},
       {"metadata", [&d](const Value& value) { CheckMetadata(d, value); }},
       {"openapi", d.To(&k->openapi)},
       {"namePrefix", d.To(&k->name_prefix)},
       {"nameSuffix", d.To(&k->name_suffix)},
       {"namespace", d.To(&k->ns)},
       {"commonLabels", d.To(&k->common_labels)},
       {"labels", ListOf(d, "[]types.Label", &k->labels, DecodeLabel)},
       {"commonAnnotations", d.To(&k->common_annotations)},
       {"patchesStrategicMerge",
        [&d, k](const Value& paths) {
          d.Strings(paths, &k->patches_strategic_merge,
                    "types.PatchStrategicMerge");
        }},
       {"patchesJson6902",
        ListOf(d, "[]types.Patch", &k->patches_json6902, DecodePatch)},
       {"patches", ListOf(d, "[]types.Patch", &k->patches, DecodePatch)},
       {"images", ListOf(d, "[]types.Image", &k->images, DecodeImageSpec)},
       {"imageTags",
        ListOf(d, "[]types.Image", &k->image_tags, DecodeImageSpec)},
       {"replacements", ListOf(d, "[]types.ReplacementField", &k->replacements,
                               DecodeReplacement)},
       {"replicas",
        ListOf(d, "[]types.Replica", &k->replicas, DecodeReplicaSpec)},
       {"vars", ListOf(d, "[]types.Var", &k->vars, DecodeVar)},
       {"sortOptions",
        [&](const Value& value) {
          k->sort_options.emplace();
          DecodeSort(d, value, &*k->sort_options);
        }},
       {"resources", d.To(&k->resources)},
       {"components", d.To(&k->components)},
       {"crds", d.To(&k->crds)},
       {"bases", d.To(&k->bases)},
       {"configMapGenerator", ListOf(d, "[]types.ConfigMapArgs",
                                     &k->config_map_generators, config_map)},
       {"secretGenerator",
        ListOf(d, "[]types.SecretArgs", &k->secret_generators, secret)},
       {"helmGlobals",
        [&](const Value& value) {
          DecodeHelmGlobals(d, value, &k->helm_globals);
        }},
       {"helmCharts",
        ListOf(d, "[]types.HelmChart", &k->helm_charts, DecodeHelmChart)},
       {"helmChartInflationGenerator",
        ListOf(d, "[]types.HelmChartArgs", &k->old_helm_charts, old_chart)},
       {"generatorOptions",
        [&](const Value& value) {
          k->generator_options.emplace();
          DecodeOptions(d, value, &*k->generator_options);
        }},
       {"configurations", d.To(&k->configurations)},
       {"generators", d.To(&k->generators)},
       {"transformers", d.To(&k->transformers)},
       {"validators", d.To(&k->validators)},
       {"buildMetadata", d.To(&k->build_metadata)}});
}

bool HasContent(const Value& file) {
  for (const Value::Member& member : file.object()) {
    const Value& value = member.value;
    if (value.is_null() || (value.is_string() && value.AsString().empty())) {
      continue;
    }
    auto is = [&](absl::string_view name) {
      return absl::EqualsIgnoreCase(member.key, name);
    };
    if (is("kind") || is("apiVersion")) continue;
    const bool joins =
        is("bases") || is("imageTags") || is("helmChartInflationGenerator");
    if (joins && value.empty()) continue;
    return true;
  }
  return false;
}

std::vector<std::pair<std::string, std::string>> FindDeprecated(
    const Value& file) {
  static constexpr std::pair<const char*, const char*> kFields[] = {
      {"bases", "resources"},
      {"commonLabels", "labels"},
      {"imageTags", "images"},
      {"patchesJson6902", "patches"},
      {"patchesStrategicMerge", "patches"},
      {"vars", "replacements"}};
  std::vector<std::pair<std::string, std::string>> found;
  for (const auto& [field, successor] : kFields) {
    for (const Value::Member& member : file.object()) {
      if (absl::EqualsIgnoreCase(member.key, field) &&
          !member.value.is_null()) {
        found.emplace_back(field, successor);
        break;
      }
    }
  }
  return found;
}

// Fields that upstream hands on to what acts on them as YAML, which it makes of
// JSON: each, or each of its list, by itself.
constexpr absl::string_view kHandedOn[] = {"commonAnnotations",
                                           "commonLabels",
                                           "configMapGenerator",
                                           "generatorOptions",
                                           "helmChartInflationGenerator",
                                           "helmCharts",
                                           "helmGlobals",
                                           "imageTags",
                                           "images",
                                           "labels",
                                           "namePrefix",
                                           "nameSuffix",
                                           "namespace",
                                           "patches",
                                           "patchesJson6902",
                                           "patchesStrategicMerge",
                                           "replacements",
                                           "replicas",
                                           "secretGenerator"};

// Makes of these fields what arrives there, and returns those that do not.
std::vector<std::pair<std::string, std::string>> HandOn(Value* file) {
  std::vector<std::pair<std::string, std::string>> unwritable;
  if (!file->is_object()) return unwritable;
  const auto read = [&](const std::string& name, Value* value) {
    const absl::Status status = ReadFromJson(value);
    if (!status.ok()) unwritable.emplace_back(name, status.message());
  };
  for (Value::Member& member : file->MutableObject()) {
    if (std::none_of(std::begin(kHandedOn), std::end(kHandedOn),
                     [&](absl::string_view field) {
                       return absl::EqualsIgnoreCase(field, member.key);
                     })) {
      continue;
    }
    const std::string name = absl::AsciiStrToLower(member.key);
    if (!member.value.is_array()) {
      read(name, &member.value);
      continue;
    }
    Value::Array& items = member.value.MutableArray();
    for (size_t i = 0; i < items.size(); ++i) {
      read(absl::StrCat(name, "[", i, "]"), &items[i]);
    }
  }
  return unwritable;
}

}  // namespace

bool Kustomization::WantsMetadata(absl::string_view option) const {
  return std::find(build_metadata.begin(), build_metadata.end(), option) !=
         build_metadata.end();
}

absl::StatusOr<Kustomization> ParseKustomization(absl::string_view text,
                                                 bool strict,
                                                 absl::string_view file_name) {
  YamlParseOptions options;
  options.schema = YamlParseOptions::Schema::kYaml11;
  options.file_name = std::string(file_name);
  absl::StatusOr<Value> file = ParseYaml(text, options);
  if (absl::IsResourceExhausted(file.status())) return file.status();
  if (!file.ok()) {
    return Locate(
        BuildError(absl::StrCat(
            strict ? "invalid Kustomization" : "error converting YAML to JSON",
            ": yaml: ", GoYamlError(file.status()))),
        file_name, 0);
  }
  Kustomization k;
  k.unwritable = HandOn(&*file);
  JsonDecoder decoder(strict);
  DecodeAll(decoder, *file, &k);
  if (!decoder.status().ok()) {
    return Locate(Annotate(decoder.status(),
                           strict ? "invalid Kustomization"
                                  : "error unmarshaling JSON: while decoding "
                                    "JSON"),
                  file_name, FindLine(text, decoder.wrong_place()));
  }
  k.has_content = HasContent(*file);
  k.deprecated = FindDeprecated(*file);
  return k;
}

void Normalize(Kustomization* k) {
  if (k->kind.empty()) k->kind = "Kustomization";
  if (k->api_version.empty()) {
    k->api_version = k->is_component() ? "kustomize.config.k8s.io/v1alpha1"
                                       : "kustomize.config.k8s.io/v1beta1";
  }
  const auto join = [](auto* deprecated, auto* list) {
    std::move(deprecated->begin(), deprecated->end(),
              std::back_inserter(*list));
    deprecated->clear();
  };
  join(&k->bases, &k->resources);
  join(&k->image_tags, &k->images);
  for (auto* generators : {&k->config_map_generators, &k->secret_generators}) {
    for (GeneratorArgs& args : *generators) {
      if (args.env.empty()) continue;
      args.envs.push_back(std::exchange(args.env, ""));
    }
  }
  if (k->helm_globals.is_null() && !k->old_helm_globals.empty()) {
    k->helm_globals = k->old_helm_globals;
  }
  join(&k->old_helm_charts, &k->helm_charts);
}

std::vector<std::string> CheckTypeMeta(const Kustomization& k) {
  std::vector<std::string> wrong;
  if (k.kind != "Kustomization" && k.kind != "Component") {
    wrong.push_back("kind should be Kustomization or Component");
  }
  const absl::string_view required = k.is_component()
                                         ? "kustomize.config.k8s.io/v1alpha1"
                                         : "kustomize.config.k8s.io/v1beta1";
  if (k.api_version != required) {
    wrong.push_back(
        absl::StrCat("apiVersion for ", k.kind, " should be ", required));
  }
  return wrong;
}

absl::StatusOr<SelectorSpec> DecodeSelector(const Value& value) {
  SelectorSpec spec;
  JsonDecoder decoder(false);
  DecodeSelectorSpec(decoder, value, &spec);
  WEIR_RETURN_IF_ERROR(decoder.status());
  return spec;
}

absl::StatusOr<std::vector<ReplacementSpec>> DecodeReplacements(
    const Value& value) {
  std::vector<ReplacementSpec> specs;
  JsonDecoder decoder(false);
  if (value.is_array()) {
    decoder.List<ReplacementSpec>(value, "[]types.Replacement", &specs,
                                  [&](const Value& item, ReplacementSpec* one) {
                                    DecodeReplacement(decoder, item, one);
                                  });
  } else {
    specs.emplace_back();
    DecodeReplacement(decoder, value, &specs.back());
  }
  WEIR_RETURN_IF_ERROR(decoder.status());
  return specs;
}

absl::StatusOr<GeneratorArgs> DecodeGeneratorArgs(const Value& value) {
  GeneratorArgs args;
  JsonDecoder decoder(false);
  DecodeGenerator(decoder, value, "SecretArgs", &args);
  WEIR_RETURN_IF_ERROR(decoder.status());
  return args;
}

absl::StatusOr<ImageSpec> DecodeImage(const Value& value) {
  ImageSpec spec;
  JsonDecoder decoder(false);
  DecodeImageSpec(decoder, value, &spec);
  WEIR_RETURN_IF_ERROR(decoder.status());
  return spec;
}

absl::StatusOr<ReplicaSpec> DecodeReplica(const Value& value) {
  ReplicaSpec spec;
  JsonDecoder decoder(false);
  DecodeReplicaSpec(decoder, value, &spec);
  WEIR_RETURN_IF_ERROR(decoder.status());
  return spec;
}

absl::StatusOr<PatchSpec> DecodePatchSpec(const Value& value) {
  PatchSpec spec;
  JsonDecoder decoder(false);
  DecodePatch(decoder, value, &spec);
  WEIR_RETURN_IF_ERROR(decoder.status());
  return spec;
}

absl::StatusOr<FieldSpecs> DecodeFieldSpecs(const Value& value) {
  FieldSpecs specs;
  JsonDecoder decoder(false);
  DecodeSpecs(decoder, value, "[]types.FieldSpec", &specs);
  WEIR_RETURN_IF_ERROR(decoder.status());
  return specs;
}

void DecodeFieldSpecList(JsonDecoder& decoder, const Value& value,
                         FieldSpecs* out) {
  DecodeSpecs(decoder, value, "types.FsSlice", out);
}

}  // namespace weir::kustomize
