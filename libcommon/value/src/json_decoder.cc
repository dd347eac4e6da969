#include "weir/value/json_decoder.h"

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "weir/value/go_quote.h"
#include "weir/value/json.h"

namespace weir {

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

void JsonDecoder::Fail(std::string message) {
  if (!status_.ok()) return;
  status_ = absl::Status(options_.code, message);
  wrong_place_ = place_;
}

bool JsonDecoder::Expect(const Value& value, Value::Kind kind,
                         absl::string_view type) {
  if (value.kind() == kind) return true;
  if (value.is_null()) return false;
  std::string where;
  if (!path_.empty()) {
    where = absl::StrCat("Go struct field ", struct_name_, ".",
                         absl::StrJoin(path_, "."), " of type ", type);
  } else {
    where = absl::StrCat("Go value of type ", type);
  }
  Fail(absl::StrCat("json: cannot unmarshal ", JsonKindName(value), " into ",
                    where));
  return false;
}

void JsonDecoder::StructOf(const Value& value, absl::string_view struct_name,
                           const std::vector<Field>& fields) {
  const size_t dot = struct_name.rfind('.');
  const bool has_package = dot != absl::string_view::npos;
  const bool adds_package = !has_package && !options_.package.empty();
  if (!Expect(value, Value::Kind::kObject,
              absl::StrCat(adds_package ? options_.package : "",
                           adds_package ? "." : "", struct_name))) {
    return;
  }
  if (absl::StrContains(struct_name, "{")) {
    struct_name = "";
  } else if (has_package) {
    struct_name.remove_prefix(dot + 1);
  }
  const std::string outer =
      std::exchange(struct_name_, std::string(struct_name));
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
    place_.push_back(member.key);
    if (found == nullptr && options_.strict) {
      Fail(absl::StrCat("json: unknown field ", GoQuote(member.key)));
    }
    if (found == nullptr || member.value.is_null()) {
      place_.pop_back();
      continue;
    }
    path_.push_back(absl::StrCat(found->embedded_in,
                                 found->embedded_in.empty() ? "" : ".",
                                 found->name));
    found->set(member.value);
    path_.pop_back();
    place_.pop_back();
    struct_name_ = std::string(struct_name);
  }
  struct_name_ = outer;
}

void JsonDecoder::String(const Value& value, std::string* out,
                         absl::string_view type) {
  if (options_.number_text != nullptr && value.is_number()) {
    *out = options_.number_text(value);
  } else if (options_.number_text != nullptr && value.is_bool()) {
    *out = value.AsBool() ? "true" : "false";
  } else if (Expect(value, Value::Kind::kString, type)) {
    *out = value.AsString();
  }
}

void JsonDecoder::Bool(const Value& value, bool* out) {
  if (Expect(value, Value::Kind::kBool, "bool")) *out = value.AsBool();
}

void JsonDecoder::Int(const Value& value, int64_t* out,
                      absl::string_view type) {
  if (value.kind() == Value::Kind::kDouble ||
      value.kind() == Value::Kind::kUint) {
    Fail(absl::StrCat("json: cannot unmarshal number ", FormatJson(value),
                      " into Go struct field ", struct_name_, ".",
                      absl::StrJoin(path_, "."), " of type ", type));
  } else if (Expect(value, Value::Kind::kInt, type)) {
    *out = value.AsInt();
  }
}

void JsonDecoder::Map(const Value& value, Value* out) {
  if (Expect(value, Value::Kind::kObject, "map[string]interface {}")) {
    *out = value;
  }
}

void JsonDecoder::Strings(const Value& value, std::vector<std::string>* out,
                          absl::string_view type) {
  List<std::string>(value, absl::StrCat("[]", type), out,
                    [this, type](const Value& item, std::string* text) {
                      String(item, text, type);
                    });
}

void JsonDecoder::StringMap(const Value& value,
                            std::map<std::string, std::string>* out) {
  if (!Expect(value, Value::Kind::kObject, "map[string]string")) return;
  for (const Value::Member& member : value.object()) {
    place_.push_back(member.key);
    String(member.value, &(*out)[member.key]);
    place_.pop_back();
  }
}

}  // namespace weir
