#include "src/refer/transformer_config.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "src/load/json_decoder.h"
#include "src/load/kustomization.h"
#include "src/load/plugin_config.h"
#include "weir/base/status.h"

namespace weir::kustomize {
namespace {

struct Part {
  const char* field;
  const char* name;  // In upstream's errors.
  FieldSpecs TransformerConfig::*specs;
};
constexpr Part kParts[] = {
    {"namePrefix", "NamePrefix", &TransformerConfig::name_prefix},
    {"nameSuffix", "NameSuffix", &TransformerConfig::name_suffix},
    {"namespace", "NameSpace", &TransformerConfig::namespaces},
    {"commonAnnotations", "CommonAnnotations",
     &TransformerConfig::common_annotations},
    {"commonLabels", "CommonLabels", &TransformerConfig::common_labels},
    {"labels", "Labels", &TransformerConfig::labels},
    {"templateLabels", "TemplateLabels", &TransformerConfig::template_labels},
    {"varReference", "VarReference", &TransformerConfig::var_references},
    {"images", "Images", &TransformerConfig::images},
    {"replicas", "Replicas", &TransformerConfig::replicas},
};

const Value& SchemaOf(const Value& definition) {
  return ConfigMember(definition, "schema");
}

// What a definition of `crds` says about fields, found by walking its
// properties.
class CrdWalk {
 public:
  CrdWalk(const Value& definitions, TransformerConfig* config)
      : definitions_(definitions), config_(*config) {}

  absl::Status Visit(const Gvk& gvk, const Value& schema,
                     std::vector<std::string>& path, int depth) {
    if (depth > 50) return absl::OkStatus();
    for (const Value::Member& member : schema["properties"].object()) {
      if (++visited_ > kMaxProperties) {
        return absl::ResourceExhaustedError(
            absl::StrCat("definitions that refer to each other have more than ",
                         kMaxProperties, " properties"));
      }
      const Value& property = member.value;
      path.push_back(member.key);
      WEIR_RETURN_IF_ERROR(VisitProperty(gvk, property, path));
      const absl::string_view ref = property.GetString("$ref");
      if (!ref.empty() && definitions_.Has(ref)) {
        WEIR_RETURN_IF_ERROR(
            Visit(gvk, SchemaOf(definitions_[ref]), path, depth + 1));
      }
      path.pop_back();
    }
    return absl::OkStatus();
  }

 private:
  absl::Status VisitProperty(const Gvk& gvk, const Value& property,
                             const std::vector<std::string>& path) {
    const std::string joined = absl::StrJoin(path, "/");
    const FieldSpec spec = MakeFieldSpec(gvk, joined, false);
    const auto has = [&property](absl::string_view extension) {
      return property[extension].is_string();
    };
    if (has("x-kubernetes-annotation")) {
      WEIR_RETURN_IF_ERROR(MergeFieldSpec(&config_.common_annotations, spec));
    }
    if (has("x-kubernetes-label-selector")) {
      WEIR_RETURN_IF_ERROR(MergeFieldSpec(&config_.common_labels, spec));
    }
    if (has("x-kubernetes-identity")) {
      WEIR_RETURN_IF_ERROR(MergeFieldSpec(&config_.name_prefix, spec));
    }
    constexpr absl::string_view kVersion =
        "x-kubernetes-object-ref-api-version";
    constexpr absl::string_view kKind = "x-kubernetes-object-ref-kind";
    if (has(kVersion) && has(kKind)) {
      const absl::string_view name_key =
          property.GetString("x-kubernetes-object-ref-name-key", "name");
      NameReference reference;
      reference.target = {"", std::string(property.GetString(kVersion)),
                          std::string(property.GetString(kKind))};
      reference.referrers.push_back(
          MakeFieldSpec(gvk, absl::StrCat(joined, "/", name_key), false));
      WEIR_RETURN_IF_ERROR(
          MergeNameReference(&config_.name_references, reference));
    }
    return absl::OkStatus();
  }

  static constexpr size_t kMaxProperties = 20000;

  const Value& definitions_;
  TransformerConfig& config_;
  size_t visited_ = 0;
};

}  // namespace

absl::Status MergeNameReference(std::vector<NameReference>* references,
                                const NameReference& added) {
  for (NameReference& reference : *references) {
    if (reference.target == added.target) {
      return MergeFieldSpecs(&reference.referrers, added.referrers);
    }
  }
  references->push_back(added);
  return absl::OkStatus();
}

void SortNameReferences(std::vector<NameReference>* references) {
  std::stable_sort(references->begin(), references->end(),
                   [](const NameReference& a, const NameReference& b) {
                     return OrderOf(a.target) < OrderOf(b.target);
                   });
}

namespace {

void Sort(TransformerConfig* config) {
  for (const Part& part : kParts) SortFieldSpecs(&(config->*part.specs));
  SortNameReferences(&config->name_references);
}

}  // namespace

absl::StatusOr<ConfigPtr> MergeConfigs(const ConfigPtr& base,
                                       const ConfigPtr& added) {
  // Most layers add nothing to the builtin tables.
  if (added == nullptr || added == base) return base;
  if (base == nullptr && added == DefaultConfig()) return added;
  // A table of the user's own is merged also with itself: what stands for
  // more kinds than one before it is lost.
  auto merged = base == nullptr ? std::make_shared<TransformerConfig>()
                                : std::make_shared<TransformerConfig>(*base);
  for (const Part& part : kParts) {
    WEIR_RETURN_IF_ERROR(
        MergeFieldSpecs(&((*merged).*part.specs), (*added).*part.specs),
        "failed to merge ", part.name, " fieldSpec");
  }
  for (const NameReference& reference : added->name_references) {
    WEIR_RETURN_IF_ERROR(
        MergeNameReference(&merged->name_references, reference),
        "failed to merge NameReference fieldSpec");
  }
  Sort(merged.get());
  return ConfigPtr(std::move(merged));
}

absl::Status ParseConfig(const Value& document, TransformerConfig* config) {
  JsonDecoder decoder(true);
  std::vector<JsonDecoder::Field> fields;
  for (const Part& part : kParts) {
    fields.push_back({part.field, [&decoder, &part, config](const Value& v) {
                        DecodeFieldSpecList(decoder, v, &(config->*part.specs));
                      }});
  }
  fields.push_back(
      {"nameReference", [&decoder, config](const Value& v) {
         decoder.List<NameReference>(
             v, "builtinconfig.nbrSlice", &config->name_references,
             [&decoder](const Value& item, NameReference* one) {
               decoder.Struct(
                   item, "NameBackReferences",
                   {{"group", decoder.To(&one->target.group), "Gvk"},
                    {"version", decoder.To(&one->target.version), "Gvk"},
                    {"kind", decoder.To(&one->target.kind), "Gvk"},
                    {"fieldSpecs", [&decoder, one](const Value& specs) {
                       DecodeFieldSpecList(decoder, specs, &one->referrers);
                     }}});
             });
       }});
  decoder.StructOf(document, "builtinconfig.TransformerConfig", fields);
  WEIR_RETURN_IF_ERROR(decoder.status());
  Sort(config);
  return absl::OkStatus();
}

absl::Status ParseCrds(const Value& document, TransformerConfig* config) {
  const auto wrong_type = [](const Value& value, absl::string_view type) {
    return BuildError(absl::StrCat("json: cannot unmarshal ",
                                   JsonKindName(value),
                                   " into Go value of type ", type));
  };
  if (!document.is_object() && !document.is_null()) {
    return wrong_type(document, "accumulator.nameToApiMap");
  }
  CrdWalk walk(document, config);
  for (const Value::Member& definition : document.object()) {
    if (!definition.value.is_object() && !definition.value.is_null()) {
      return wrong_type(definition.value, "accumulator.OpenAPIDefinition");
    }
    const Value& schema = SchemaOf(definition.value);
    const Value& properties = schema["properties"];
    // Only what has the fields of an object can be one.
    if (!properties.Has("kind") || !properties.Has("apiVersion") ||
        !properties.Has("metadata")) {
      continue;
    }
    const size_t dot = definition.key.rfind('.');
    Gvk gvk;
    gvk.kind = dot == std::string::npos ? definition.key
                                        : definition.key.substr(dot + 1);
    std::vector<std::string> path;
    WEIR_RETURN_IF_ERROR(walk.Visit(gvk, schema, path, 0));
  }
  return absl::OkStatus();
}

}  // namespace weir::kustomize
