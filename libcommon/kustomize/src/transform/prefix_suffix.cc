// Name prefixes and suffixes.

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "src/model/resource.h"
#include "src/model/scalar.h"
#include "src/transform/transformers.h"
#include "weir/base/status.h"

namespace weir::kustomize {
namespace {

constexpr absl::string_view kNamePath = "metadata/name";
// Of a name: in the object, its ids and the index of them.
constexpr size_t kCopies = 6;

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
    WEIR_RETURN_IF_ERROR(objects->SpendOnEach(1, kCopies * affix.size()));
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
              return SetUntagged(node, change(affix, NodeText(node)));
            }));
      }
      objects->Reindex(resource.get());
    }
    return absl::OkStatus();
  };
}

}  // namespace

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

}  // namespace weir::kustomize
