// Objects against the schemas of CRDs, with the API server's messages.
// Source: kube-openapi, package validation/validate.
#include <cmath>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "schema_crd.h"
#include "schema_pattern.h"
#include "ssa_fields.h"
#include "ssa_typed.h"
#include "weir/value/json.h"

namespace weir::apiserver {
namespace {

absl::string_view TypeName(const Value& value) {
  switch (value.kind()) {
    case Value::Kind::kNull:
      return "null";
    case Value::Kind::kBool:
      return "boolean";
    case Value::Kind::kInt:
    case Value::Kind::kUint:
      return "integer";
    case Value::Kind::kDouble:
      return "number";
    case Value::Kind::kString:
      return "string";
    case Value::Kind::kArray:
      return "array";
    case Value::Kind::kObject:
      return "object";
  }
  return "";
}

bool IsWholeNumber(const Value& value) {
  return value.kind() == Value::Kind::kInt ||
         value.kind() == Value::Kind::kUint ||
         (value.kind() == Value::Kind::kDouble &&
          std::trunc(value.AsDouble()) == value.AsDouble());
}

bool HasType(SchemaType type, const Value& value) {
  switch (type) {
    case SchemaType::kObject:
      return value.is_object();
    case SchemaType::kArray:
      return value.is_array();
    case SchemaType::kString:
      return value.is_string();
    case SchemaType::kInteger:
      return IsWholeNumber(value);
    case SchemaType::kNumber:
      return value.is_number();
    case SchemaType::kBoolean:
      return value.is_bool();
    case SchemaType::kIntOrString:
      return value.is_string() || IsWholeNumber(value);
    default:
      return true;
  }
}

// "%v" of a float64.
std::string PrintNumber(double number) {
  return FormatJson(
      Value(number == std::trunc(number) && std::fabs(number) < 1e15
                ? Value(static_cast<int64_t>(number))
                : Value(number)));
}

size_t CountRunes(const std::string& text) {
  size_t count = 0;
  for (char c : text) {
    if ((static_cast<unsigned char>(c) & 0xC0) != 0x80) ++count;
  }
  return count;
}

std::string Field(const std::string& path) {
  return std::string(absl::StripPrefix(path, "."));
}

class SchemaChecker {
 public:
  explicit SchemaChecker(std::vector<FieldError>& errors) : errors_(errors) {}
  void Check(const Schema& schema, const std::string& path, const Value& value,
             const Value* old);

 private:
  void CheckEnum(const Schema& schema, const std::string& path,
                 const Value& value);
  void CheckString(const SchemaConstraints& c, const std::string& path,
                   const std::string& text);
  void CheckNumber(const Schema& schema, const SchemaConstraints& c,
                   const std::string& path, const Value& value);
  void CheckCombinations(const SchemaConstraints& c, const std::string& path,
                         const Value& value);
  void CheckArray(const Schema& schema, const std::string& path,
                  const Value& value, const Value* old);
  void CheckObject(const Schema& schema, const std::string& path,
                   const Value& value, const Value* old);
  void Invalid(const std::string& path, const Value& value,
               absl::string_view text) {
    errors_.push_back(
        InvalidError(Field(path), value, absl::StrCat(Name(path), text)));
  }
  // An error of no field in particular.
  void Composite(const std::string& path, absl::string_view text) {
    errors_.push_back(
        InvalidError("<nil>", Value(""),
                     absl::StrCat(FormatJson(Value(Field(path))), " ", text)));
  }
  static std::string Name(const std::string& path) {
    return absl::StrCat(Field(path), " in body ");
  }

  std::vector<FieldError>& errors_;
};

void SchemaChecker::CheckEnum(const Schema& schema, const std::string& path,
                              const Value& value) {
  if (schema.constraints == nullptr) return;
  const std::vector<Value>& values = schema.constraints->enum_values;
  if (values.empty()) return;
  for (const Value& allowed : values) {
    if (SameValue(allowed, value)) return;
  }
  std::vector<Value> printed;
  for (const Value& allowed : values) {
    printed.push_back(allowed.is_string() ? allowed
                                          : Value(FormatJson(allowed)));
  }
  errors_.push_back(NotSupportedError(Field(path), value, printed));
}

void SchemaChecker::CheckString(const SchemaConstraints& c,
                                const std::string& path,
                                const std::string& text) {
  const auto runes = static_cast<int64_t>(CountRunes(text));
  if (c.max_length.has_value() && runes > *c.max_length) {
    errors_.push_back(TooLongError(Field(path), *c.max_length));
  }
  if (c.min_length.has_value() && runes < *c.min_length) {
    Invalid(path, Value(text),
            absl::StrCat("should be at least ", *c.min_length, " chars long"));
  }
  if (c.compiled_pattern != nullptr) {
    const auto& pattern =
        *static_cast<const SchemaPattern*>(c.compiled_pattern.get());
    if (!pattern.Matches(text)) {
      Invalid(path, Value(text),
              absl::StrCat("should match '", c.pattern, "'"));
    }
  }
  if (!c.format.empty() && !HasFormat(c.format, text)) {
    errors_.push_back(
        TypeError(Field(path), Value(text),
                  absl::StrCat(Name(path), "must be of type ", c.format, ": ",
                               FormatJson(Value(text)))));
  }
}

void SchemaChecker::CheckNumber(const Schema& schema,
                                const SchemaConstraints& c,
                                const std::string& path, const Value& value) {
  const double number = value.AsDouble();
  if (schema.type == SchemaType::kInteger && !IsWholeNumber(value)) {
    errors_.push_back(InvalidError(
        "<nil>", Value(""),
        absl::StrCat("Checked value must be of type integer (default format) "
                     "in ",
                     Field(path))));
  }
  if (schema.type == SchemaType::kInteger && c.format == "int32" &&
      (number < INT32_MIN || number > INT32_MAX)) {
    errors_.push_back(InvalidError(
        "<nil>", Value(""),
        absl::StrCat("Checked value must be of type integer with format "
                     "int32 in ",
                     Field(path))));
  }
  if (c.multiple_of.has_value() && *c.multiple_of > 0) {
    double ratio = number / *c.multiple_of;
    if (std::fabs(ratio - std::round(ratio)) > 1e-9) {
      Invalid(path, value,
              absl::StrCat("should be a multiple of ",
                           PrintNumber(*c.multiple_of)));
    }
  }
  if (c.minimum.has_value() &&
      (c.exclusive_minimum ? number <= *c.minimum : number < *c.minimum)) {
    Invalid(path, value,
            absl::StrCat("should be greater than ",
                         c.exclusive_minimum ? "" : "or equal to ",
                         PrintNumber(*c.minimum)));
  }
  if (c.maximum.has_value() &&
      (c.exclusive_maximum ? number >= *c.maximum : number > *c.maximum)) {
    Invalid(path, value,
            absl::StrCat("should be less than ",
                         c.exclusive_maximum ? "" : "or equal to ",
                         PrintNumber(*c.maximum)));
  }
}

std::vector<FieldError> ErrorsOf(const Schema& schema, const std::string& path,
                                 const Value& value) {
  std::vector<FieldError> errors;
  SchemaChecker(errors).Check(schema, path, value, nullptr);
  return errors;
}

void SchemaChecker::CheckCombinations(const SchemaConstraints& c,
                                      const std::string& path,
                                      const Value& value) {
  auto append = [&](std::vector<FieldError> more) {
    for (FieldError& error : more) errors_.push_back(std::move(error));
  };
  if (!c.any_of.empty()) {
    std::vector<FieldError> best;
    bool any = false;
    for (size_t i = 0; i < c.any_of.size() && !any; ++i) {
      std::vector<FieldError> found = ErrorsOf(*c.any_of[i], path, value);
      any = found.empty();
      if (i == 0) best = std::move(found);
    }
    if (!any) {
      Composite(path, "must validate at least one schema (anyOf)");
      append(std::move(best));
    }
  }
  if (!c.one_of.empty()) {
    std::vector<FieldError> best;
    int valid = 0;
    for (const Schema* schema : c.one_of) {
      std::vector<FieldError> found = ErrorsOf(*schema, path, value);
      if (found.empty()) {
        ++valid;
      } else if (best.empty()) {
        best = std::move(found);
      }
    }
    if (valid != 1) {
      Composite(path,
                absl::StrCat("must validate one and only one schema (oneOf). ",
                             valid == 0 ? "Found none valid"
                                        : absl::StrCat("Found ", valid,
                                                       " valid alternatives")));
      if (valid == 0) append(std::move(best));
    }
  }
  if (!c.all_of.empty()) {
    size_t valid = 0;
    for (const Schema* schema : c.all_of) {
      std::vector<FieldError> found = ErrorsOf(*schema, path, value);
      if (found.empty()) ++valid;
      append(std::move(found));
    }
    if (valid != c.all_of.size()) {
      Composite(path, absl::StrCat("must validate all the schemas (allOf)",
                                   valid == 0 ? ". None validated" : ""));
    }
  }
  if (c.none_of != nullptr && ErrorsOf(*c.none_of, path, value).empty()) {
    Composite(path, "must not validate the schema (not)");
  }
}

void SchemaChecker::CheckArray(const Schema& schema, const std::string& path,
                               const Value& value, const Value* old) {
  if (schema.items != nullptr) {
    const Value* old_list =
        old != nullptr && old->is_array() && schema.IsMapList() ? old : nullptr;
    for (size_t i = 0; i < value.size(); ++i) {
      const Value* old_item = nullptr;
      if (old_list != nullptr) {
        auto name = ListItemElement(schema, value[i]);
        for (size_t j = 0; name.ok() && j < old_list->size(); ++j) {
          auto other = ListItemElement(schema, (*old_list)[j]);
          if (other.ok() && *other == *name) old_item = &(*old_list)[j];
        }
      }
      Check(*schema.items, absl::StrCat(path, "[", i, "]"), value[i], old_item);
    }
  }
  if (schema.constraints == nullptr) return;
  const SchemaConstraints& c = *schema.constraints;
  const auto size = static_cast<int64_t>(value.size());
  if (c.min_items.has_value() && size < *c.min_items) {
    Invalid(path, Value(size),
            absl::StrCat("should have at least ", *c.min_items, " items"));
  }
  if (c.max_items.has_value() && size > *c.max_items) {
    errors_.push_back(TooManyError(Field(path), size, *c.max_items));
  }
}

void SchemaChecker::CheckObject(const Schema& schema, const std::string& path,
                                const Value& value, const Value* old) {
  const auto size = static_cast<int64_t>(value.size());
  if (const SchemaConstraints* c = schema.constraints.get(); c != nullptr) {
    if (c->min_properties.has_value() && size < *c->min_properties) {
      Invalid(path, Value(size),
              absl::StrCat("should have at least ", *c->min_properties,
                           " properties"));
    }
    if (c->max_properties.has_value() && size > *c->max_properties) {
      errors_.push_back(TooManyError(Field(path), size, *c->max_properties));
    }
  }
  for (const Value::Member& member : value.object()) {
    const Schema::Field* field = schema.FindField(member.key);
    const Schema* child = field != nullptr ? field->schema : schema.items;
    if (child == nullptr) continue;
    if (child == &ObjectMetaSchema()) continue;  // Checked as metadata.
    Check(*child, absl::StrCat(path, ".", member.key), member.value,
          old == nullptr ? nullptr : old->Find(member.key));
  }
  auto require = [&](absl::string_view name) {
    if (!value.Has(name)) {
      errors_.push_back(RequiredError(Field(absl::StrCat(path, ".", name))));
    }
  };
  for (const Schema::Field& field : schema.fields) {
    if (field.is_required) require(field.name);
  }
  if (schema.constraints != nullptr) {
    for (absl::string_view name : schema.constraints->required_also) {
      require(name);
    }
  }
}

void SchemaChecker::Check(const Schema& schema, const std::string& path,
                          const Value& value, const Value* old) {
  // What was accepted once and did not change stays acceptable.
  if (old != nullptr && SameValue(*old, value)) return;
  const SchemaConstraints* c = schema.constraints.get();
  if (value.is_null()) {
    if (schema.is_nullable || !schema.is_typed) return;
    errors_.push_back(
        TypeError(Field(path), Value("null"),
                  absl::StrCat(Name(path), "must be of type ",
                               TypeName(schema.type), ": \"null\"")));
    return CheckEnum(schema, path, value);
  }
  if (schema.is_typed && !HasType(schema.type, value)) {
    // Strings with a format are judged by the format alone.
    errors_.push_back(TypeError(
        Field(path), Value(TypeName(value)),
        absl::StrCat(Name(path), "must be of type ", TypeName(schema.type),
                     ": ", FormatJson(Value(TypeName(value))))));
  }
  if (c != nullptr) {
    CheckCombinations(*c, path, value);
    CheckEnum(schema, path, value);
    if (value.is_string()) CheckString(*c, path, value.AsString());
  }
  static const auto& none = *new SchemaConstraints;
  if (value.is_number()) {
    CheckNumber(schema, c == nullptr ? none : *c, path, value);
  }
  if (value.is_array()) {
    CheckArray(schema, path, value, old);
  } else if (value.is_object()) {
    CheckObject(schema, path, value, old);
  }
}

}  // namespace

void ValidateBySchema(const Schema& schema, const std::string& path,
                      const Value& value, const Value* old,
                      std::vector<FieldError>& errors) {
  SchemaChecker(errors).Check(schema, path, value, old);
}

void ValidateLists(const Schema& schema, const std::string& path,
                   const Value& value, std::vector<FieldError>& errors) {
  if (value.is_object()) {
    for (const Value::Member& member : value.object()) {
      const Schema* child = schema.Member(member.key);
      if (child == nullptr || child->type == SchemaType::kAny) continue;
      ValidateLists(
          *child,
          path.empty() ? member.key : absl::StrCat(path, ".", member.key),
          member.value, errors);
    }
    return;
  }
  if (!value.is_array() || schema.type != SchemaType::kArray) return;
  std::set<PathElement> seen;
  for (size_t i = 0; i < value.size(); ++i) {
    const std::string at = absl::StrCat(path, "[", i, "]");
    if (schema.list_type == ListType::kSet) {
      if (!seen.insert(PathElement::Item(value[i])).second) {
        errors.push_back(DuplicateError(at, value[i]));
      }
    } else if (schema.list_type == ListType::kMap && value[i].is_object()) {
      Value keys = Value::MakeObject();
      for (absl::string_view key : schema.ListKeys()) {
        if (const Value* v = value[i].Find(key); v != nullptr) {
          keys.Set(key, *v);
        }
      }
      if (!seen.insert(PathElement::Key(keys)).second) {
        errors.push_back(DuplicateError(at, keys));
      }
    }
    if (schema.items != nullptr) {
      ValidateLists(*schema.items, at, value[i], errors);
    }
  }
}

void ValidateEmbedded(const Schema& schema, const std::string& path,
                      const Value& value, bool is_root,
                      std::vector<FieldError>& errors) {
  if (value.is_array() && schema.items != nullptr) {
    for (size_t i = 0; i < value.size(); ++i) {
      ValidateEmbedded(*schema.items, absl::StrCat(path, "[", i, "]"), value[i],
                       false, errors);
    }
    return;
  }
  if (!value.is_object()) return;
  if (schema.is_embedded && !is_root) {
    for (absl::string_view key : {"apiVersion", "kind"}) {
      const std::string at = absl::StrCat(path, ".", key);
      const Value* member = value.Find(key);
      if (member == nullptr) {
        errors.push_back(RequiredError(at));
      } else if (!member->is_string()) {
        errors.push_back(InvalidError(at, *member, "must be a string"));
      } else if (member->AsString().empty()) {
        errors.push_back(InvalidError(at, *member, "must not be empty"));
      }
    }
  }
  for (const Value::Member& member : value.object()) {
    const Schema* child = schema.Member(member.key);
    if (child == nullptr || child == &ObjectMetaSchema() ||
        child->type == SchemaType::kAny) {
      continue;
    }
    ValidateEmbedded(
        *child, path.empty() ? member.key : absl::StrCat(path, ".", member.key),
        member.value, false, errors);
  }
}

}  // namespace weir::apiserver
