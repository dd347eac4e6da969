// The name suffix of generated objects.

#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "src/generate/config_maps_secrets.h"
#include "src/model/res_map.h"
#include "src/model/scalar.h"
#include "src/model/sha256.h"
#include "weir/value/json.h"

namespace weir::kustomize {
namespace {

// A map stays one; a scalar is its text; an absent field is "".
Value FieldForHash(const Value& tree, absl::string_view field) {
  const Value* value = tree.Find(field);
  if (value == nullptr) return Value("");
  if (value->is_object()) return *value;
  return Value(ScalarText(*value));
}

Value HashInput(const Resource& resource) {
  const Value& tree = resource.tree();
  if (resource.kind() != "ConfigMap" && resource.kind() != "Secret") {
    return tree;
  }
  const bool secret = resource.kind() == "Secret";
  // The name is always empty: upstream looks for it under a path that does
  // not exist.
  Value input = Value::MakeObject({{"kind", resource.kind()},
                                   {"name", ""},
                                   {"data", FieldForHash(tree, "data")}});
  if (secret) input.Set("type", FieldForHash(tree, "type"));
  const absl::string_view more = secret ? "stringData" : "binaryData";
  if (tree[more].is_object()) input.Set(more, tree[more]);
  return input;
}

}  // namespace

std::string HashOf(const Resource& resource) {
  JsonFormatOptions options;
  options.escape_html = true;
  std::string hash =
      absl::BytesToHexString(Sha256(FormatJson(HashInput(resource), options)))
          .substr(0, 10);
  for (char& c : hash) {
    switch (c) {
      case '0':
        c = 'g';
        break;
      case '1':
        c = 'h';
        break;
      case '3':
        c = 'k';
        break;
      case 'a':
        c = 'm';
        break;
      case 'e':
        c = 't';
        break;
    }
  }
  return hash;
}

void AddHashes(ResMap* objects) {
  for (const std::unique_ptr<Resource>& resource : objects->list()) {
    if (!resource->needs_hash) continue;
    const std::string hash = HashOf(*resource);
    resource->StorePreviousId();
    resource->SetName(absl::StrCat(resource->name(), "-", hash));
    objects->Reindex(resource.get());
  }
}

}  // namespace weir::kustomize
