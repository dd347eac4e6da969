// Namespaces: of objects, of what names them, and of role bindings' subjects.

#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "src/generate/helm_chart.h"
#include "src/model/resource.h"
#include "src/model/scalar.h"
#include "src/transform/transformers.h"
#include "weir/base/status.h"

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
  return SetString(node, args.ns);
}

absl::Status SetSubjects(Resource* resource, const NamespaceArgs& args) {
  if (args.subjects == SubjectMode::kNone) return absl::OkStatus();
  const bool accounts = args.subjects == SubjectMode::kAllServiceAccounts;
  const Value* subjects = resource->tree().Find("subjects");
  if (subjects == nullptr || subjects->is_null()) return absl::OkStatus();
  if (!subjects->is_array()) return WrongKind("SequenceNode", *subjects);
  for (size_t i = 0; i < subjects->size(); ++i) {
    const Value& subject = (*subjects)[i];
    const Value& field = subject[accounts ? "kind" : "name"];
    if (!subject.is_object() || field.is_object() || field.is_array()) {
      return Annotate(subject.is_object() ? WrongKind("ScalarNode", field)
                                          : WrongKind("MappingNode", subject),
                      absl::StrCat("looking up ", accounts ? "kind" : "name",
                                   " on (cluster)role binding subject"));
    }
    if (ScalarText(field) != (accounts ? "ServiceAccount" : "default")) {
      continue;
    }
    Value& written =
        resource->MutableContent().Mutable("subjects").MutableAt(i);
    WEIR_RETURN_IF_ERROR(SetNamespaceField(args, written.Mutable("namespace")));
    subjects = resource->tree().Find("subjects");
  }
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
  std::vector<const Resource*> same;
  for (const std::unique_ptr<Resource>& resource : objects.list()) {
    if (resource->CurId().Equals(added.CurId())) same.push_back(resource.get());
  }
  return BuildError(absl::StrCat(
      "namespace transformation produces ID conflict: ", ShowAll(same)));
}

}  // namespace

absl::Status SetNamespaceOf(Resource* resource, const NamespaceArgs& args,
                            const FieldSpecs& specs) {
  static const FieldSpec& own =
      *new FieldSpec(MakeFieldSpec({}, kNamespacePath, true));
  bool is_collection = false;  // The last field that was set.
  const auto set = [&](Value& node) {
    is_collection = !IsScalar(node);
    return SetNamespaceField(args, node);
  };
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
    is_collection = false;
    WEIR_RETURN_IF_ERROR(VisitField(resource, spec, CreateKind::kScalar, set),
                         is_collection
                             ? "namespace field specs must target scalar nodes"
                             : "namespace transformation failed");
  }
  return absl::OkStatus();
}

Transformer MakeNamespaceTransformer(NamespaceArgs args, FieldSpecs specs) {
  return [args = std::move(args),
          specs = std::move(specs)](ResMap* objects) -> absl::Status {
    if (args.ns.empty()) return absl::OkStatus();
    IdCounts counts(*objects);
    for (const std::unique_ptr<Resource>& resource : objects->list()) {
      // Charts see to the namespaces of their objects.
      if (resource->is_empty() ||
          resource->tree()["metadata"]["annotations"].GetString(
              kHelmGenerated) == "true") {
        continue;
      }
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

}  // namespace weir::kustomize
