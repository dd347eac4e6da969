// The name suffix of generated objects.

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "src/generate/config_maps_secrets.h"
#include "src/model/res_map.h"
#include "src/model/scalar.h"
#include "weir/base/status.h"
#include "weir/crypto/digest.h"
#include "weir/value/json.h"

namespace weir::kustomize {
namespace {

void MakeNumbersFloats(Value* value) {
  if (value->is_number() && value->kind() != Value::Kind::kDouble) {
    *value = Value(value->AsDouble());
  }
  for (size_t i = 0; i < value->array().size(); ++i) {
    MakeNumbersFloats(&value->MutableAt(i));
  }
  for (size_t i = 0; i < value->object().size(); ++i) {
    MakeNumbersFloats(&value->MutableObject()[i].value);
  }
}

// A map passes through YAML and JSON; a scalar is its text; an absent field is
// "".
absl::StatusOr<Value> FieldForHash(const Value& tree, absl::string_view field) {
  const Value* value = tree.Find(field);
  if (value == nullptr) return Value("");
  if (!value->is_object()) return Value(ScalarText(*value));
  Value map = *value;
  WEIR_RETURN_IF_ERROR(WriteAndRead(&map));
  const auto is_string = [](const Value::Member& member) {
    return member.value.is_string();
  };
  if (!std::all_of(map.object().begin(), map.object().end(), is_string)) {
    MakeNumbersFloats(&map);
  }
  return map;
}

absl::StatusOr<Value> HashInput(const Resource& resource) {
  const Value& tree = resource.tree();
  if (resource.kind() != "ConfigMap" && resource.kind() != "Secret") {
    return tree;
  }
  const bool secret = resource.kind() == "Secret";
  // The name is always empty: upstream looks for it under a path that does
  // not exist.
  Value input = Value::MakeObject({{"kind", resource.kind()}, {"name", ""}});
  WEIR_ASSIGN_OR_RETURN(Value data, FieldForHash(tree, "data"));
  input.Set("data", std::move(data));
  if (secret) {
    WEIR_ASSIGN_OR_RETURN(Value type, FieldForHash(tree, "type"));
    input.Set("type", std::move(type));
  }
  const absl::string_view more = secret ? "stringData" : "binaryData";
  if (tree[more].is_object()) {
    WEIR_ASSIGN_OR_RETURN(Value map, FieldForHash(tree, more));
    input.Set(more, std::move(map));
  }
  return input;
}

}  // namespace

absl::StatusOr<std::string> HashOf(const Resource& resource) {
  JsonFormatOptions options;
  options.escape_html = true;
  WEIR_ASSIGN_OR_RETURN(const Value input, HashInput(resource));
  crypto::Sha256Sum sum;
  WriteJson(
      input, [&](absl::string_view piece) { sum.Update(piece); }, options);
  std::string hash = absl::BytesToHexString(sum.Finish()).substr(0, 10);
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

absl::Status AddHashes(ResMap* objects) {
  for (const std::unique_ptr<Resource>& resource : objects->list()) {
    if (!resource->needs_hash &&
        !IsMarked(resource->tree(), "needsHashSuffix")) {
      continue;
    }
    WEIR_ASSIGN_OR_RETURN(const std::string hash, HashOf(*resource));
    resource->StorePreviousId();
    resource->SetName(absl::StrCat(resource->name(), "-", hash));
    objects->Reindex(resource.get());
  }
  return absl::OkStatus();
}

}  // namespace weir::kustomize
