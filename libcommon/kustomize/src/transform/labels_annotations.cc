// Labels and annotations: entries in each map that a field spec names.

#include <string>
#include <utility>
#include <vector>

#include "src/model/resource.h"
#include "src/model/scalar.h"
#include "src/transform/transformers.h"
#include "weir/base/status.h"

namespace weir::kustomize {
namespace {

// Sets each entry in all maps that the specs name.
absl::Status AddEntries(const StringMap& entries, const FieldSpecs& specs,
                        Resource* resource) {
  std::vector<const FieldSpec*> own;
  for (const FieldSpec& spec : specs) {
    if (resource->CurId().gvk.IsSelected(spec.gvk)) own.push_back(&spec);
  }
  std::vector<std::vector<std::vector<std::string>>> fresh;
  for (const auto& entry : entries) {
    const std::string& key = entry.first;
    const std::string& value = entry.second;
    std::vector<std::vector<std::string>> added;
    const auto set = [&](Value& node, const std::vector<std::string>& place) {
      if (node.is_object() && !node.Has(key)) {
        // A new key is a plain scalar, whatever that means.
        if (!UntaggedScalar(key).is_string()) {
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
  for (const auto& [key, value] : entries) resource->SyncShared(key);
  for (auto& places : fresh) resource->Share(std::move(places));
  return absl::OkStatus();
}

}  // namespace

Transformer MakeEntriesTransformer(StringMap entries, FieldSpecs specs) {
  return [entries = std::move(entries),
          specs = std::move(specs)](ResMap* objects) -> absl::Status {
    size_t bytes = 0;
    for (const auto& [key, text] : entries) {
      bytes += sizeof(Value::Member) + key.size() + text.size();
    }
    WEIR_RETURN_IF_ERROR(objects->SpendOnEach(entries.size(), bytes));
    for (const std::unique_ptr<Resource>& resource : objects->list()) {
      WEIR_RETURN_IF_ERROR(AddEntries(entries, specs, resource.get()));
    }
    return absl::OkStatus();
  };
}

}  // namespace weir::kustomize
