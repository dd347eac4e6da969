#include "src/refer/transformer_config.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "weir/base/status.h"

namespace weir::kustomize {
namespace {

// A member by its name in any case, as Go's decoders find it.
const Value* FindAnyCase(const Value& object, absl::string_view name) {
  if (const Value* exact = object.Find(name)) return exact;
  for (const Value::Member& member : object.object()) {
    if (absl::EqualsIgnoreCase(member.key, name)) return &member.value;
  }
  return nullptr;
}

std::string StringField(const Value& object, absl::string_view name) {
  const Value* field = FindAnyCase(object, name);
  return field == nullptr ? std::string() : ScalarText(*field);
}

Gvk ParseGvk(const Value& object) {
  return {StringField(object, "group"), StringField(object, "version"),
          StringField(object, "kind")};
}

absl::Status ParseInto(const Value& document, absl::string_view field,
                       FieldSpecs* out) {
  const Value* list = FindAnyCase(document, field);
  if (list == nullptr || list->is_null()) return absl::OkStatus();
  WEIR_ASSIGN_OR_RETURN(FieldSpecs specs, ParseFieldSpecs(*list), "parsing ",
                        field);
  out->insert(out->end(), std::make_move_iterator(specs.begin()),
              std::make_move_iterator(specs.end()));
  return absl::OkStatus();
}

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
      const Value& property = member.value;
      path.push_back(member.key);
      WEIR_RETURN_IF_ERROR(VisitProperty(gvk, property, path));
      const absl::string_view ref = property.GetString("$ref");
      if (!ref.empty() && definitions_.Has(ref)) {
        WEIR_RETURN_IF_ERROR(Visit(gvk, DefinitionOf(ref), path, depth + 1));
      }
      path.pop_back();
    }
    return absl::OkStatus();
  }

 private:
  const Value& DefinitionOf(absl::string_view name) const {
    const Value& definition = definitions_[name];
    const Value* schema = definition.Find("Schema");
    return schema == nullptr ? definition : *schema;
  }

  absl::Status VisitProperty(const Gvk& gvk, const Value& property,
                             const std::vector<std::string>& path) {
    const std::string joined = absl::StrJoin(path, "/");
    const FieldSpec spec = MakeFieldSpec(gvk, joined, false);
    if (property.Has("x-kubernetes-annotation")) {
      WEIR_RETURN_IF_ERROR(MergeFieldSpec(&config_.common_annotations, spec));
    }
    if (property.Has("x-kubernetes-label-selector")) {
      WEIR_RETURN_IF_ERROR(MergeFieldSpec(&config_.common_labels, spec));
    }
    if (property.Has("x-kubernetes-identity")) {
      WEIR_RETURN_IF_ERROR(MergeFieldSpec(&config_.name_prefix, spec));
    }
    const Value* version = property.Find("x-kubernetes-object-ref-api-version");
    const Value* kind = property.Find("x-kubernetes-object-ref-kind");
    if (version != nullptr && kind != nullptr) {
      const absl::string_view name_key =
          property.GetString("x-kubernetes-object-ref-name-key", "name");
      NameReference reference;
      reference.target = {"", ScalarText(*version), ScalarText(*kind)};
      reference.referrers.push_back(
          MakeFieldSpec(gvk, absl::StrCat(joined, "/", name_key), false));
      WEIR_RETURN_IF_ERROR(
          MergeNameReference(&config_.name_references, reference));
    }
    return absl::OkStatus();
  }

  const Value& definitions_;
  TransformerConfig& config_;
};

}  // namespace

absl::StatusOr<FieldSpecs> ParseFieldSpecs(const Value& list) {
  FieldSpecs specs;
  if (list.is_null()) return specs;
  if (!list.is_array()) return BuildError("expected a list of field specs");
  for (const Value& item : list.array()) {
    if (!item.is_object()) return BuildError("expected a field spec");
    for (const Value::Member& member : item.object()) {
      const std::string key = absl::AsciiStrToLower(member.key);
      if (key != "group" && key != "version" && key != "kind" &&
          key != "path" && key != "create") {
        return BuildError(
            absl::StrCat("json: unknown field \"", member.key, "\""));
      }
    }
    const Value* create = FindAnyCase(item, "create");
    specs.push_back(MakeFieldSpec(
        ParseGvk(item), StringField(item, "path"),
        create != nullptr && create->is_bool() && create->AsBool()));
  }
  return specs;
}

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

absl::StatusOr<ConfigPtr> MergeConfigs(const ConfigPtr& base,
                                       const ConfigPtr& added) {
  // Most layers add nothing to the builtin tables.
  if (added == nullptr || added == base) return base;
  if (base == nullptr) return added;
  auto merged = std::make_shared<TransformerConfig>(*base);
  for (const Part& part : kParts) {
    WEIR_RETURN_IF_ERROR(
        MergeFieldSpecs(&((*merged).*part.specs), (*added).*part.specs),
        "failed to merge ", part.name, " fieldSpec");
    SortFieldSpecs(&((*merged).*part.specs));
  }
  for (const NameReference& reference : added->name_references) {
    WEIR_RETURN_IF_ERROR(
        MergeNameReference(&merged->name_references, reference),
        "failed to merge NameReference fieldSpec");
  }
  std::stable_sort(merged->name_references.begin(),
                   merged->name_references.end(),
                   [](const NameReference& a, const NameReference& b) {
                     return GvkLess(a.target, b.target);
                   });
  return ConfigPtr(std::move(merged));
}

absl::Status ParseConfig(const Value& document, TransformerConfig* config) {
  if (document.is_null()) return absl::OkStatus();
  if (!document.is_object()) {
    return BuildError("a transformer configuration must be a map");
  }
  for (const Value::Member& member : document.object()) {
    bool known = absl::EqualsIgnoreCase(member.key, "nameReference");
    for (const Part& part : kParts) {
      known = known || absl::EqualsIgnoreCase(member.key, part.field);
    }
    if (!known) {
      return BuildError(
          absl::StrCat("json: unknown field \"", member.key, "\""));
    }
  }
  for (const Part& part : kParts) {
    WEIR_RETURN_IF_ERROR(
        ParseInto(document, part.field, &(config->*part.specs)));
  }
  const Value* references = FindAnyCase(document, "nameReference");
  if (references == nullptr) return absl::OkStatus();
  for (const Value& item : references->array()) {
    NameReference reference;
    reference.target = ParseGvk(item);
    WEIR_RETURN_IF_ERROR(ParseInto(item, "fieldSpecs", &reference.referrers));
    config->name_references.push_back(std::move(reference));
  }
  return absl::OkStatus();
}

absl::Status ParseCrds(const Value& document, TransformerConfig* config) {
  for (const Value::Member& definition : document.object()) {
    const Value* schema = definition.value.Find("Schema");
    if (schema == nullptr) schema = &definition.value;
    const Value& properties = (*schema)["properties"];
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
    WEIR_RETURN_IF_ERROR(
        CrdWalk(document, config).Visit(gvk, *schema, path, 0));
  }
  return absl::OkStatus();
}

}  // namespace weir::kustomize
