#include "src/transform/transformers.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "src/model/field_path.h"
#include "src/model/resource.h"
#include "weir/base/status.h"
#include "weir/value/json.h"

namespace weir::kustomize {
namespace {

constexpr absl::string_view kNamespacePath = "metadata/namespace";
constexpr absl::string_view kNamePath = "metadata/name";

bool IsRoleBinding(absl::string_view kind) {
  return kind == "RoleBinding" || kind == "ClusterRoleBinding";
}

bool HasText(const Value& value) {
  return !value.is_null() && !ScalarText(value).empty();
}

absl::Status SetNamespaceField(const NamespaceArgs& args, Value& node) {
  if (args.unset_only && HasText(node)) return absl::OkStatus();
  return SetScalar(node, Value(args.ns));
}

absl::Status SetSubjects(Resource* resource, const NamespaceArgs& args) {
  if (args.subjects == SubjectMode::kNone) return absl::OkStatus();
  const bool accounts = args.subjects == SubjectMode::kAllServiceAccounts;
  const Value* subjects = resource->tree().Find("subjects");
  if (subjects == nullptr || subjects->is_null()) return absl::OkStatus();
  if (!subjects->is_array()) return WrongKind("SequenceNode", *subjects);
  for (size_t i = 0; i < subjects->size(); ++i) {
    const Value& subject = (*subjects)[i];
    if (!subject.is_object()) return WrongKind("MappingNode", subject);
    const bool follows = accounts
                             ? ScalarText(subject["kind"]) == "ServiceAccount"
                             : ScalarText(subject["name"]) == "default";
    if (!follows) continue;
    Value& written =
        resource->MutableContent().Mutable("subjects").MutableAt(i);
    WEIR_RETURN_IF_ERROR(SetNamespaceField(args, written.Mutable("namespace")));
    subjects = resource->tree().Find("subjects");
  }
  return absl::OkStatus();
}

// Names of these kinds stay as they are.
bool KeepsName(const ResId& id) {
  return id.gvk.kind == "CustomResourceDefinition" ||
         id.gvk.kind == "Namespace" ||
         (id.gvk.kind == "APIService" &&
          id.gvk.group == "apiregistration.k8s.io");
}

// Prefixes and suffixes: `change` makes the new text of a field.
template <typename Change>
Transformer MakeAffixTransformer(std::string affix, FieldSpecs specs,
                                 std::vector<std::string> Resource::*history,
                                 Change change) {
  return [affix = std::move(affix), specs = std::move(specs), history,
          change](ResMap* objects) -> absl::Status {
    for (const std::unique_ptr<Resource>& resource : objects->list()) {
      const ResId id = resource->OrgId();
      if (KeepsName(id)) continue;
      for (const FieldSpec& spec : specs) {
        if (!id.gvk.IsSelected(spec.gvk)) continue;
        if (spec.path == kNamePath && !affix.empty()) {
          ((*resource).*history).push_back(affix);
          resource->StorePreviousId();
        }
        WEIR_RETURN_IF_ERROR(VisitField(
            resource.get(), spec, CreateKind::kScalar, [&](Value& node) {
              return SetScalar(node, Value(change(affix, ScalarText(node))));
            }));
      }
      objects->Reindex(resource.get());
    }
    return absl::OkStatus();
  };
}

// Sets each entry in all maps that the specs name.
absl::Status AddEntries(const StringMap& entries, const FieldSpecs& specs,
                        Resource* resource) {
  std::vector<const FieldSpec*> own;
  for (const FieldSpec& spec : specs) {
    if (resource->CurId().gvk.IsSelected(spec.gvk)) own.push_back(&spec);
  }
  std::vector<std::vector<std::vector<std::string>>> fresh;
  for (const auto& [key, text] : entries) {
    const Value value(text);
    std::vector<std::vector<std::string>> added;
    const auto set = [&](Value& node, const std::vector<std::string>& place) {
      if (node.is_object() && !node.Has(key)) {
        // A new key is a plain scalar, whatever that means.
        if (!ReadPlainScalar(key).is_string()) {
          return BuildError(
              "json: unsupported type: map[interface {}]interface {}");
        }
        added.push_back(place);
        added.back().push_back(key);
      }
      return SetEntry(node, key, value);
    };
    for (const FieldSpec* spec : own) {
      WEIR_RETURN_IF_ERROR(
          VisitPlaces(resource, *spec, CreateKind::kMapping, set));
    }
    if (added.size() > 1) fresh.push_back(std::move(added));
  }
  resource->SyncShared();
  for (auto& places : fresh) resource->Share(std::move(places));
  return absl::OkStatus();
}

// Objects by their current ids, kept while namespaces change.
class IdCounts {
 public:
  explicit IdCounts(const ResMap& objects) {
    for (const std::unique_ptr<Resource>& resource : objects.list()) {
      ++counts_[resource->CurId().Key()];
    }
  }
  void Remove(const Resource& resource) { --counts_[resource.CurId().Key()]; }
  // How many there are now.
  int Add(const Resource& resource) {
    return ++counts_[resource.CurId().Key()];
  }

 private:
  absl::flat_hash_map<std::string, int> counts_;
};

absl::Status NamespaceConflict(const ResMap& objects, const Resource& added) {
  std::vector<std::string> same;
  for (const std::unique_ptr<Resource>& resource : objects.list()) {
    if (resource->CurId().Equals(added.CurId())) {
      Resource copy(resource->tree(), resource->schema());
      auto annotations = copy.MetadataMap("annotations");
      for (auto& entry : resource->BuildAnnotations()) {
        annotations.push_back(std::move(entry));
      }
      copy.SetMetadataMap("annotations", annotations);
      same.push_back(FormatJson(copy.tree()));
    }
  }
  return BuildError(
      absl::StrCat("namespace transformation produces ID conflict: [",
                   absl::StrJoin(same, " "), "]"));
}

}  // namespace

absl::Status SetNamespaceOf(Resource* resource, const NamespaceArgs& args,
                            const FieldSpecs& specs) {
  static const FieldSpec& own =
      *new FieldSpec(MakeFieldSpec({}, kNamespacePath, true));
  const auto set = [&](Value& node) { return SetNamespaceField(args, node); };
  const std::string api_version = resource->CurId().gvk.ApiVersion();
  if (!resource->CurId().cluster_scoped) {
    WEIR_RETURN_IF_ERROR(VisitPath(resource, own, CreateKind::kScalar, set));
  }
  const bool is_binding = IsRoleBinding(resource->kind());
  if (is_binding) {
    WEIR_RETURN_IF_ERROR(SetSubjects(resource, args),
                         "setting namespace on (cluster)role binding subjects");
  }
  for (const FieldSpec& spec : specs) {
    if (spec.path == kNamespacePath) continue;
    if (api_version != "v1" && spec.path == kNamePath) continue;
    if (is_binding && IsRoleBinding(spec.gvk.kind) &&
        spec.path == "subjects/namespace") {
      continue;
    }
    WEIR_RETURN_IF_ERROR(VisitField(resource, spec, CreateKind::kScalar, set),
                         "namespace transformation failed");
  }
  return absl::OkStatus();
}

Transformer MakeNamespaceTransformer(NamespaceArgs args, FieldSpecs specs) {
  return [args = std::move(args),
          specs = std::move(specs)](ResMap* objects) -> absl::Status {
    if (args.ns.empty()) return absl::OkStatus();
    IdCounts counts(*objects);
    for (const std::unique_ptr<Resource>& resource : objects->list()) {
      if (resource->is_empty()) continue;
      counts.Remove(*resource);
      resource->StorePreviousId();
      WEIR_RETURN_IF_ERROR(SetNamespaceOf(resource.get(), args, specs));
      if (counts.Add(*resource) != 1) {
        return NamespaceConflict(*objects, *resource);
      }
      objects->Reindex(resource.get());
    }
    return absl::OkStatus();
  };
}

Transformer MakePrefixTransformer(std::string prefix, FieldSpecs specs) {
  return MakeAffixTransformer(
      std::move(prefix), std::move(specs), &Resource::prefixes,
      [](const std::string& affix, const std::string& text) {
        return absl::StrCat(affix, text);
      });
}

Transformer MakeSuffixTransformer(std::string suffix, FieldSpecs specs) {
  return MakeAffixTransformer(
      std::move(suffix), std::move(specs), &Resource::suffixes,
      [](const std::string& affix, const std::string& text) {
        return absl::StrCat(text, affix);
      });
}

Transformer MakeEntriesTransformer(StringMap entries, FieldSpecs specs) {
  return [entries = std::move(entries),
          specs = std::move(specs)](ResMap* objects) -> absl::Status {
    for (const std::unique_ptr<Resource>& resource : objects->list()) {
      WEIR_RETURN_IF_ERROR(AddEntries(entries, specs, resource.get()));
    }
    return absl::OkStatus();
  };
}

Transformer MakeReplicasTransformer(ReplicaSpec replica, FieldSpecs specs) {
  return [replica = std::move(replica),
          specs = std::move(specs)](ResMap* objects) -> absl::Status {
    bool found = false;
    for (const FieldSpec& spec : specs) {
      for (const std::unique_ptr<Resource>& resource : objects->list()) {
        if (resource->is_empty() ||
            !resource->HasNameAndGvk(replica.name, spec.gvk)) {
          continue;
        }
        found = true;
        WEIR_RETURN_IF_ERROR(VisitField(
            resource.get(), spec, CreateKind::kScalar, [&](Value& node) {
              return SetScalar(node, Value(replica.count));
            }));
      }
    }
    if (found) return absl::OkStatus();
    return BuildError(
        absl::StrCat("resource with name ", replica.name,
                     " does not match a config with the following GVK [",
                     absl::StrJoin(specs, " ",
                                   [](std::string* out, const FieldSpec& spec) {
                                     out->append(spec.gvk.ToString());
                                   }),
                     "]"));
  };
}

}  // namespace weir::kustomize
