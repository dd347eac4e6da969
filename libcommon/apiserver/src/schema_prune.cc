// Dropping what a schema does not know.
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "kinds.h"
#include "kinds_go.h"
#include "schema.h"
#include "schema_crd.h"

namespace weir::apiserver {
namespace {

class Pruner {
 public:
  explicit Pruner(bool is_custom) : is_custom_(is_custom) {}
  void Prune(const Schema& schema, const std::string& path, bool is_root,
             Value& value);
  // Fields of the schema first, then those of metadata.
  std::vector<std::string> Take() {
    dropped_.insert(dropped_.end(), of_metadata_.begin(), of_metadata_.end());
    return std::move(dropped_);
  }

 private:
  void PruneObject(const Schema& schema, const std::string& path, bool is_root,
                   Value& value);
  std::vector<std::string> dropped_, of_metadata_;
  bool is_custom_ = false;
  bool in_metadata_ = false;
};

// Whether nothing below can be unknown, so that the walk may stop.
bool KeepsAll(const Schema& schema) {
  if (schema.type == SchemaType::kAny) return true;
  if (schema.type == SchemaType::kObject || schema.type == SchemaType::kArray) {
    return schema.preserves_unknown && schema.fields.empty();
  }
  return true;
}

void Pruner::Prune(const Schema& schema, const std::string& path, bool is_root,
                   Value& value) {
  if (KeepsAll(schema) && !schema.is_embedded) return;
  if (value.is_object()) {
    PruneObject(schema, path, is_root, value);
  } else if (value.is_array() && schema.items != nullptr &&
             !KeepsAll(*schema.items)) {
    for (size_t i = 0; i < value.size(); ++i) {
      Prune(*schema.items, absl::StrCat(path, "[", i, "]"), false,
            value.MutableAt(i));
    }
  }
}

void Pruner::PruneObject(const Schema& schema, const std::string& path,
                         bool is_root, Value& value) {
  std::vector<std::string> keys;
  keys.reserve(value.size());
  for (const Value::Member& member : value.object()) keys.push_back(member.key);
  for (const std::string& key : keys) {
    std::string child_path = path.empty() ? key : absl::StrCat(path, ".", key);
    const Schema* child = nullptr;
    if ((is_root || schema.is_embedded) && schema.type != SchemaType::kAny) {
      // Every object has these, whether or not its schema says so.
      if (key == "apiVersion" || key == "kind") continue;
      if (key == "metadata") child = &ObjectMetaSchema();
    }
    if (child == nullptr) child = schema.Member(key);
    if (child == nullptr) {
      (in_metadata_ ? of_metadata_ : dropped_).push_back(child_path);
      value.Erase(key);
    } else if (const Value* member = value.Find(key);
               member->is_object() || member->is_array()) {
      const bool outer = in_metadata_;
      in_metadata_ = outer || (is_custom_ && child == &ObjectMetaSchema());
      Prune(*child, child_path, false, value.Mutable(key));
      in_metadata_ = outer;
    }
  }
}

// Nulls of fields that cannot be null mean "absent": Go's decoder drops them.
void DropNulls(const Schema& schema, Value& value) {
  if (value.is_array() && schema.items != nullptr) {
    for (size_t i = 0; i < value.size(); ++i) {
      DropNulls(*schema.items, value.MutableAt(i));
    }
    return;
  }
  if (!value.is_object() || schema.type != SchemaType::kObject) return;
  std::vector<std::string> keys;
  for (const Value::Member& member : value.object()) keys.push_back(member.key);
  for (const std::string& key : keys) {
    const Schema::Field* field = schema.FindField(key);
    if (field == nullptr && schema.items == nullptr) continue;
    const Value* member = value.Find(key);
    if (member->is_null()) {
      if (field != nullptr && field->schema->type != SchemaType::kAny) {
        value.Erase(key);
      }
    } else if (member->is_object() || member->is_array()) {
      DropNulls(*schema.Member(key), value.Mutable(key));
    }
  }
}

// Nulls where neither null is allowed nor a default took its place.
void DropForbiddenNulls(const Schema& schema, Value& value) {
  if (value.is_array()) {
    if (schema.items == nullptr) return;
    for (size_t i = 0; i < value.size(); ++i) {
      if (!value[i].is_object() && !value[i].is_array()) continue;
      DropForbiddenNulls(*schema.items, value.MutableAt(i));
    }
    return;
  }
  if (!value.is_object()) return;
  std::vector<std::string> keys;
  for (const Value::Member& member : value.object()) keys.push_back(member.key);
  for (const std::string& key : keys) {
    const Schema* child = schema.Member(key);
    if (child == nullptr || child == &Schema::Any()) continue;
    const Value* member = value.Find(key);
    if (member->is_null()) {
      if (!child->is_nullable) value.Erase(key);
    } else if (member->is_object() || member->is_array()) {
      DropForbiddenNulls(*child, value.Mutable(key));
    }
  }
}

void ApplySchemaDefaults(const Schema& schema, Value& value) {
  if (value.is_array()) {
    if (schema.items == nullptr) return;
    for (size_t i = 0; i < value.size(); ++i) {
      ApplySchemaDefaults(*schema.items, value.MutableAt(i));
    }
    return;
  }
  if (!value.is_object()) return;
  for (const Schema::Field& field : schema.fields) {
    const Value* fallback = field.schema->Default();
    if (fallback == nullptr) continue;
    const Value* member = value.Find(field.name);
    if (member == nullptr ||
        (member->is_null() && !field.schema->is_nullable)) {
      value.Set(field.name, *fallback);
    }
  }
  std::vector<std::string> keys;
  for (const Value::Member& member : value.object()) keys.push_back(member.key);
  for (const std::string& key : keys) {
    const Value* member = value.Find(key);
    if (!member->is_object() && !member->is_array()) continue;
    const Schema* child = schema.Member(key);
    if (child != nullptr && child->type != SchemaType::kAny) {
      ApplySchemaDefaults(*child, value.Mutable(key));
    }
  }
}

}  // namespace

std::vector<std::string> PruneUnknownFields(const KindInfo& kind,
                                            Value& object) {
  Pruner pruner(kind.is_custom);
  pruner.Prune(*kind.schema, "", true, object);
  return pruner.Take();
}

void ApplyDefaults(const KindInfo& kind, const Value& old, Value& object) {
  if (kind.is_custom) {
    ApplyCustomDefaults(*kind.schema, object);
    return;
  }
  object = DecodeGo(*kind.schema, object);
  ApplyBuiltinDefaults(kind, old, object);
  EncodeGo(*kind.schema, object);
}

void ApplyCustomDefaults(const Schema& schema, Value& object) {
  if (object["metadata"].is_object()) {
    DropNulls(ObjectMetaSchema(), object.Mutable("metadata"));
  }
  ApplySchemaDefaults(schema, object);
  DropForbiddenNulls(schema, object);
}

}  // namespace weir::apiserver
