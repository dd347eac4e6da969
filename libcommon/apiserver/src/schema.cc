#include "schema.h"

#include <algorithm>

namespace weir::apiserver {

absl::string_view TypeName(SchemaType type) {
  switch (type) {
    case SchemaType::kObject:
      return "object";
    case SchemaType::kArray:
      return "array";
    case SchemaType::kString:
      return "string";
    case SchemaType::kInteger:
      return "integer";
    case SchemaType::kNumber:
      return "number";
    case SchemaType::kBoolean:
      return "boolean";
    case SchemaType::kIntOrString:
      return "integer,string";
    default:
      return "";
  }
}

const Schema::Field* Schema::FindField(absl::string_view key) const {
  auto it = std::lower_bound(
      fields.begin(), fields.end(), key,
      [](const Field& field, absl::string_view k) { return field.name < k; });
  return it != fields.end() && it->name == key ? &*it : nullptr;
}

const Schema* Schema::Member(absl::string_view key) const {
  if (const Field* field = FindField(key); field != nullptr) {
    return field->schema;
  }
  if (items != nullptr && type != SchemaType::kArray) return items;
  if (type == SchemaType::kAny || preserves_unknown) return &Any();
  return nullptr;
}

absl::Span<const absl::string_view> Schema::ListKeys() const {
  if (constraints == nullptr) return {};
  return constraints->list_keys;
}

SchemaConstraints& Schema::MutableConstraints() {
  if (constraints == nullptr) {
    constraints = std::make_unique<SchemaConstraints>();
  }
  return *constraints;
}

const Schema& Schema::Any() {
  static const Schema& any = *[] {
    auto* schema = new Schema;
    schema->preserves_unknown = true;
    schema->is_nullable = true;
    return schema;
  }();
  return any;
}

}  // namespace weir::apiserver
