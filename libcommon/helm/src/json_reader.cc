#include "src/json_reader.h"

#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "src/go_text.h"

namespace weir::helm {

absl::string_view JsonKindName(const Value& value) {
  switch (value.kind()) {
    case Value::Kind::kObject:
      return "object";
    case Value::Kind::kArray:
      return "array";
    case Value::Kind::kString:
      return "string";
    case Value::Kind::kBool:
      return "bool";
    default:
      return "number";
  }
}

bool JsonReader::Expect(const Value& value, Value::Kind kind,
                        absl::string_view go_type) {
  if (value.kind() == kind) return true;
  if (value.is_null() || !status_.ok()) return false;
  std::string where =
      path_.empty()
          ? absl::StrCat("Go value of type ", go_type)
          : absl::StrCat("Go struct field ", struct_name_, ".",
                         absl::StrJoin(path_, "."), " of type ", go_type);
  status_ = absl::InvalidArgumentError(absl::StrCat(
      "json: cannot unmarshal ", JsonKindName(value), " into ", where));
  return false;
}

void JsonReader::Struct(const Value& value, absl::string_view go_type,
                        std::initializer_list<Field> fields) {
  if (!Expect(value, Value::Kind::kObject, go_type)) return;
  // A struct without a name has its fields in its type, and none in errors.
  const bool is_anonymous = absl::StrContains(go_type, '{');
  const std::string name(is_anonymous ? ""
                                      : go_type.substr(go_type.rfind('.') + 1));
  const std::string outer = std::exchange(struct_name_, name);
  for (const Value::Member& member : value.object()) {
    const Field* found = nullptr;
    for (const Field& field : fields) {
      if (field.name == member.key) found = &field;
    }
    for (const Field& field : fields) {
      if (found == nullptr && absl::EqualsIgnoreCase(field.name, member.key)) {
        found = &field;
      }
    }
    if (found == nullptr || member.value.is_null()) continue;
    path_.push_back(std::string(found->name));
    found->read(member.value);
    path_.pop_back();
    struct_name_ = name;
  }
  struct_name_ = outer;
}

void JsonReader::Text(const Value& value, std::string* out) {
  switch (value.kind()) {
    case Value::Kind::kBool:
      *out = value.AsBool() ? "true" : "false";
      return;
    case Value::Kind::kInt:
      *out = absl::StrCat(value.AsInt());
      return;
    case Value::Kind::kUint:
      *out = absl::StrCat(value.AsUint());
      return;
    case Value::Kind::kDouble:
      *out = GoFormatFloat(value.AsDouble(), 32);
      return;
    default:
      if (Expect(value, Value::Kind::kString, "string")) {
        *out = value.AsString();
      }
  }
}

void JsonReader::Bool(const Value& value, bool* out) {
  if (Expect(value, Value::Kind::kBool, "bool")) *out = value.AsBool();
}

void JsonReader::Texts(const Value& value, std::vector<std::string>* out) {
  if (!IsList(value, "[]string")) return;
  out->clear();
  for (const Value& item : value.array()) {
    out->emplace_back();
    Text(item, &out->back());
  }
}

void JsonReader::TextMap(const Value& value,
                         std::map<std::string, std::string>* out) {
  if (!Expect(value, Value::Kind::kObject, "map[string]string")) return;
  for (const Value::Member& member : value.object()) {
    Text(member.value, &(*out)[member.key]);
  }
}

bool JsonReader::IsList(const Value& value, absl::string_view go_type) {
  return Expect(value, Value::Kind::kArray, go_type);
}

}  // namespace weir::helm
