// Builtin objects as Go's types hold them: what cannot be decoded, which
// fields survive, and which are written though nobody set them.
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "kinds.h"
#include "kinds_go.h"
#include "quantity.h"
#include "schema.h"
#include "weir/value/json.h"

namespace weir::apiserver {
namespace {

// ------------------------------------------------------------- wrong types

absl::string_view LastPart(absl::string_view name) {
  size_t dot = name.rfind('.');
  return dot == name.npos ? name : name.substr(dot + 1);
}

// "v1.PodSpec"
std::string GoTypeOfName(absl::string_view name) {
  size_t dot = name.rfind('.');
  if (dot == name.npos) return std::string(name);
  absl::string_view package = name.substr(0, dot);
  return absl::StrCat(LastPart(package), ".", name.substr(dot + 1));
}

std::string GoType(const Schema& schema) {
  switch (schema.type) {
    case SchemaType::kString:
      return schema.is_base64 ? "[]uint8" : "string";
    case SchemaType::kInteger:
      return schema.is_int32 ? "int32" : "int64";
    case SchemaType::kNumber:
      return "float64";
    case SchemaType::kBoolean:
      return "bool";
    case SchemaType::kArray:
      return absl::StrCat("[]", schema.items == nullptr
                                    ? "interface {}"
                                    : GoType(*schema.items));
    case SchemaType::kObject:
      if (!schema.name.empty()) return GoTypeOfName(schema.name);
      if (schema.items != nullptr) {
        return absl::StrCat("map[string]", GoType(*schema.items));
      }
      return "map[string]interface {}";
    default:
      return "interface {}";
  }
}

absl::string_view JsonTypeName(const Value& value) {
  if (value.is_string()) return "string";
  if (value.is_bool()) return "bool";
  if (value.is_array()) return "array";
  return value.is_object() ? "object" : "number";
}

// The first byte that base64 does not have.
size_t BadBase64(const std::string& text) {
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (!absl::ascii_isalnum(static_cast<unsigned char>(c)) && c != '+' &&
        c != '/' && c != '=' && c != '\n' && c != '\r') {
      return i;
    }
  }
  return text.size();
}

class DecodeChecker {
 public:
  // The first thing that is wrong, or "".
  std::string Check(const Schema& schema, const std::string& type,
                    const std::string& path, const Value& value);

 private:
  std::string CheckScalar(const Schema& schema, const Value& value,
                          bool& is_mismatch);
};

std::string DecodeChecker::CheckScalar(const Schema& schema, const Value& value,
                                       bool& is_mismatch) {
  switch (schema.type) {
    case SchemaType::kString:
      is_mismatch = !value.is_string();
      if (is_mismatch) return "";
      if (schema.is_base64) {
        std::string decoded;
        if (BadBase64(value.AsString()) != value.AsString().size() ||
            !absl::Base64Unescape(value.AsString(), &decoded)) {
          return absl::StrCat("illegal base64 data at input byte ",
                              BadBase64(value.AsString()));
        }
      } else if (schema.is_date_time) {
        absl::Time time;
        if (!value.AsString().empty() &&
            !absl::ParseTime(absl::RFC3339_full, value.AsString(), &time,
                             nullptr)) {
          return absl::StrCat(
              "parsing time ", FormatJson(FormatJson(value)),
              " as \"2006-01-02T15:04:05Z07:00\": cannot parse ",
              FormatJson(value), " as \"2006\"");
        }
      }
      return "";
    case SchemaType::kInteger:
      is_mismatch = !value.is_number() ||
                    (value.kind() == Value::Kind::kDouble &&
                     std::trunc(value.AsDouble()) != value.AsDouble());
      return "";
    case SchemaType::kNumber:
      is_mismatch = !value.is_number();
      return "";
    case SchemaType::kBoolean:
      is_mismatch = !value.is_bool();
      return "";
    case SchemaType::kIntOrString:
      is_mismatch = !value.is_int() && !value.is_string();
      return "";
    case SchemaType::kQuantity: {
      std::string text =
          value.is_string() ? value.AsString() : FormatJson(value);
      if (!ParseQuantity(text).has_value()) {
        return "quantities must match the regular expression "
               "'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
      }
      return "";
    }
    default:
      return "";
  }
}

std::string DecodeChecker::Check(const Schema& schema, const std::string& type,
                                 const std::string& path, const Value& value) {
  if (value.is_null()) return "";
  bool is_mismatch = false;
  if (schema.type == SchemaType::kObject) {
    is_mismatch = !value.is_object();
    if (!is_mismatch) {
      std::string own(schema.name.empty() ? absl::string_view(type)
                                          : LastPart(schema.name));
      for (const Value::Member& member : value.object()) {
        const Schema::Field* field = schema.FindField(member.key);
        const Schema* child = field != nullptr ? field->schema : schema.items;
        if (child == nullptr) continue;
        std::string child_path = field == nullptr ? path
                                 : path.empty()
                                     ? member.key
                                     : absl::StrCat(path, ".", member.key);
        std::string error = Check(*child, own, child_path, member.value);
        if (!error.empty()) return error;
      }
      return "";
    }
  } else if (schema.type == SchemaType::kArray) {
    is_mismatch = !value.is_array();
    if (!is_mismatch && schema.items != nullptr) {
      for (const Value& item : value.array()) {
        std::string error = Check(*schema.items, type, path, item);
        if (!error.empty()) return error;
      }
      return "";
    }
  } else {
    std::string error = CheckScalar(schema, value, is_mismatch);
    if (!error.empty()) return error;
  }
  if (!is_mismatch) return "";
  return absl::StrCat("json: cannot unmarshal ", JsonTypeName(value),
                      " into Go struct field ", type, ".", path, " of type ",
                      GoType(schema));
}

// ------------------------------------------------------------ round trip

bool IsZero(const Value& value) {
  switch (value.kind()) {
    case Value::Kind::kNull:
      return true;
    case Value::Kind::kBool:
      return !value.AsBool();
    case Value::Kind::kString:
      return value.AsString().empty();
    case Value::Kind::kArray:
    case Value::Kind::kObject:
      return value.empty();
    default:
      return value.AsDouble() == 0;
  }
}

bool IsMicroTime(absl::string_view name) {
  return name == "acquireTime" || name == "renewTime" || name == "eventTime" ||
         name == "lastObservedTime";
}

Value NormalizeTime(const std::string& text, absl::string_view field) {
  absl::Time time;
  if (!absl::ParseTime(absl::RFC3339_full, text, &time, nullptr)) return text;
  return absl::FormatTime(
      IsMicroTime(field) ? "%Y-%m-%dT%H:%M:%E6SZ" : "%Y-%m-%dT%H:%M:%SZ", time,
      absl::UTCTimeZone());
}

Value DecodeScalar(const Schema& schema, const Value& value,
                   absl::string_view field) {
  if (schema.type == SchemaType::kQuantity) {
    auto quantity =
        ParseQuantity(value.is_string() ? value.AsString() : FormatJson(value));
    return quantity.has_value() ? Value(quantity->ToString()) : value;
  }
  if (schema.is_date_time && value.is_string()) {
    if (value.AsString().empty()) return Value();
    return NormalizeTime(value.AsString(), field);
  }
  if (schema.type == SchemaType::kInteger &&
      value.kind() == Value::Kind::kDouble) {
    return static_cast<int64_t>(value.AsDouble());
  }
  return value;
}

Value Decode(const Schema& schema, const Value& value,
             absl::string_view field) {
  if (value.is_array()) {
    if (schema.items == nullptr) return value;
    Value::Array out;
    out.reserve(value.size());
    for (const Value& item : value.array()) {
      out.push_back(Decode(*schema.items, item, field));
    }
    return out;
  }
  if (!value.is_object()) return DecodeScalar(schema, value, field);
  if (schema.type != SchemaType::kObject) return value;
  Value::Object out;
  out.reserve(value.size());
  for (const Value::Member& member : value.object()) {
    const Schema::Field* f = schema.FindField(member.key);
    if (f == nullptr) {
      if (schema.items == nullptr) {
        out.push_back(member);
      } else if (!member.value.is_null() ||
                 schema.items->type != SchemaType::kObject) {
        Value kept = Decode(*schema.items, member.value, field);
        if (kept.is_null() && schema.items->type == SchemaType::kString) {
          kept = "";
        }
        out.emplace_back(member.key, std::move(kept));
      }
      continue;
    }
    Value kept = Decode(*f->schema, member.value, member.key);
    if (kept.is_null()) continue;
    if (!f->is_pointer && !f->is_written && IsZero(kept) &&
        f->schema->type != SchemaType::kAny) {
      continue;
    }
    out.emplace_back(member.key, std::move(kept));
  }
  return Value::FromMembers(std::move(out));
}

// What Go writes for a field that nobody set.
Value ZeroOf(const Schema::Field& field) {
  const Schema& schema = *field.schema;
  if (field.is_pointer) return Value();
  switch (schema.type) {
    case SchemaType::kString:
      return schema.is_date_time || schema.is_base64 ? Value() : Value("");
    case SchemaType::kInteger:
    case SchemaType::kNumber:
    case SchemaType::kIntOrString:
      return 0;
    case SchemaType::kBoolean:
      return false;
    case SchemaType::kQuantity:
      return "0";
    case SchemaType::kObject:
      return schema.name.empty() ? Value() : Value::MakeObject();
    default:
      return Value();
  }
}

void Encode(const Schema& schema, Value& value) {
  if (value.is_array()) {
    if (schema.items == nullptr || (schema.items->type != SchemaType::kObject &&
                                    schema.items->type != SchemaType::kArray)) {
      return;
    }
    for (size_t i = 0; i < value.size(); ++i) {
      Encode(*schema.items, value.MutableAt(i));
    }
    return;
  }
  if (!value.is_object() || schema.type != SchemaType::kObject) return;
  if (schema.fields.empty()) {
    if (schema.items == nullptr || schema.items->type != SchemaType::kObject) {
      return;
    }
    for (Value::Member& member : value.MutableObject()) {
      Encode(*schema.items, member.value);
    }
    return;
  }
  for (const Schema::Field& field : schema.fields) {
    if (field.is_written && !value.Has(field.name)) {
      value.Set(field.name, ZeroOf(field));
    }
  }
  for (Value::Member& member : value.MutableObject()) {
    if (!member.value.is_object() && !member.value.is_array()) continue;
    const Schema::Field* field = schema.FindField(member.key);
    if (field != nullptr) Encode(*field->schema, member.value);
  }
}

}  // namespace

Value DecodeGo(const Schema& schema, const Value& object) {
  return Decode(schema, object, "");
}

void EncodeGo(const Schema& schema, Value& object) { Encode(schema, object); }

std::string FindDecodeError(const KindInfo& kind, const Value& object) {
  if (kind.is_custom) return "";
  return DecodeChecker().Check(*kind.schema, kind.resource.gvk.kind, "",
                               object);
}

Value EmptyObject(const KindInfo& kind) {
  Value out = Value::MakeObject();
  out.Set("apiVersion", kind.resource.gvk.ApiVersion());
  out.Set("kind", kind.resource.gvk.kind);
  if (!kind.is_custom) EncodeGo(*kind.schema, out);
  return out;
}

}  // namespace weir::apiserver
