// A Schema is one node of a type: of a builtin kind, read from the embedded
// facts, or of a CustomResourceDefinition's structural schema.
//
// Touches: nothing.
// Threads: immutable once made; safe to share.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "weir/value/value.h"

namespace weir::cel {
class Program;
}  // namespace weir::cel

namespace weir::apiserver {

struct SchemaArena;

enum class SchemaType : uint8_t {
  kAny,  // Nothing is known.
  kObject,
  kArray,
  kString,
  kInteger,
  kNumber,
  kBoolean,
  kIntOrString,
  kQuantity,
};
// As in OpenAPI, "integer,string" for both; "" where nothing is known.
absl::string_view TypeName(SchemaType type);
enum class ListType : uint8_t { kAtomic, kSet, kMap };

// One x-kubernetes-validations rule.
struct SchemaRule {
  std::string rule, message, message_expression, reason;
  std::string field_path;  // ".spec.labels['a']"
  std::string field;       // The same, as errors have it: "spec.labels[a]".
  bool has_optional_old_self = false;
  bool optional_old_self = false;
  // Null when it does not compile, or when nothing here can be seen by rules.
  std::shared_ptr<const cel::Program> program;
  std::string compile_error;
  std::shared_ptr<const cel::Program> message_program;  // May be null.
};

// What few nodes have.
struct SchemaConstraints {
  std::optional<Value> fallback;  // "default"
  std::vector<Value> enum_values;
  std::string format, pattern;
  std::shared_ptr<const void> compiled_pattern;  // Of schema_pattern.h.
  std::optional<double> minimum, maximum, multiple_of;
  bool exclusive_minimum = false, exclusive_maximum = false;
  std::optional<int64_t> min_length, max_length, min_items, max_items;
  std::optional<int64_t> min_properties, max_properties;
  std::vector<const class Schema*> all_of, any_of, one_of;
  const class Schema* none_of = nullptr;         // "not"
  std::vector<absl::string_view> required_also;  // In allOf and the like.
  std::vector<SchemaRule> rules;
  std::vector<absl::string_view> list_keys;
  absl::string_view patch_strategy, patch_merge_key;
  // The CRD's schema as written, of a root only: for OpenAPI.
  Value source;
};

class Schema {
 public:
  struct Field {
    absl::string_view name;
    const Schema* schema = nullptr;
    bool is_required = false;
    // Builtin types: a pointer in Go, so that zero differs from absent; and
    // written by Go even when it is empty.
    bool is_pointer = false;
    bool is_written = false;
  };

  SchemaType type = SchemaType::kAny;
  ListType list_type = ListType::kAtomic;
  bool is_atomic = false;          // Objects: one leaf of ownership.
  bool preserves_unknown = false;  // Unknown members are kept.
  bool is_nullable = false;
  bool is_embedded = false;  // x-kubernetes-embedded-resource
  bool is_typed = true;      // False: no "type" was given (only in allOf).
  bool is_base64 = false;
  bool is_date_time = false;
  bool is_int32 = false;
  // "io.k8s.api.apps.v1.Deployment"; builtin types only.
  absl::string_view name;
  std::vector<Field> fields;      // Sorted by name.
  const Schema* items = nullptr;  // Elements, or members not in `fields`.
  std::unique_ptr<SchemaConstraints> constraints;  // May be null.

  const Field* FindField(absl::string_view key) const;
  // The type of a member: a field's, or that of the others; null when unknown
  // members are not allowed.
  const Schema* Member(absl::string_view key) const;
  bool IsMapList() const {
    return type == SchemaType::kArray && list_type == ListType::kMap;
  }
  absl::Span<const absl::string_view> ListKeys() const;
  const Value* Default() const {
    return constraints != nullptr && constraints->fallback.has_value()
               ? &*constraints->fallback
               : nullptr;
  }
  SchemaConstraints& MutableConstraints();

  // Anything: maps are granular, lists atomic.
  static const Schema& Any();
};

// Owns the nodes of one or more types.
struct SchemaArena {
  std::deque<Schema> nodes;
  std::deque<std::string> strings;

  Schema& New() { return nodes.emplace_back(); }
  absl::string_view Keep(absl::string_view text) {
    return strings.emplace_back(text);
  }
};

// A builtin type by its OpenAPI name; null when there is none.
const Schema* FindBuiltinType(absl::string_view name);
const Schema& ObjectMetaSchema();

// One served builtin kind, as the facts have it.
struct BuiltinKindFacts {
  absl::string_view group, version, kind, plural, singular;
  bool is_namespaced = false;
  std::vector<std::string> short_names, categories, verbs, subresources;
  const Schema* schema = nullptr;
};
const std::vector<BuiltinKindFacts>& BuiltinFacts();

}  // namespace weir::apiserver
