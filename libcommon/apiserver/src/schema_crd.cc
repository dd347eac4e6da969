// Reading the schemas of CustomResourceDefinitions.
// Source: apiextensions-apiserver, packages schema and validation.
#include "schema_crd.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "schema_pattern.h"
#include "weir/value/json.h"

namespace weir::apiserver {
namespace {

enum class Level { kRoot, kField, kItem };

constexpr int kMaxDepth = 100;
constexpr char kListType[] = "x-kubernetes-list-type";

class CrdSchemaReader {
 public:
  CrdSchemaReader(SchemaArena& arena, std::vector<FieldError>& errors,
                  std::vector<std::string>& warnings)
      : arena_(arena), errors_(errors), warnings_(warnings) {}

  const Schema* Read(const Value& json, const std::string& path, Level level,
                     int depth);

 private:
  // A node below allOf, anyOf, oneOf or not.
  const Schema* ReadNested(const Value& json, const std::string& path,
                           bool may_have_types, int depth);
  void ReadType(const Value& json, const std::string& path, Level level,
                Schema& out);
  void ReadChildren(const Value& json, const std::string& path, Level level,
                    int depth, Schema& out);
  void ReadList(const Value& json, const std::string& path, Schema& out);
  void ReadMapType(const Value& json, const std::string& path, Schema& out);
  void RequireType(const Value& json, absl::string_view wanted,
                   absl::string_view key, const std::string& path);
  void CheckListKeys(const Value& json, const std::string& path);
  void CheckSetItems(const Value& items, const std::string& path);
  void ReadBounds(const Value& json, const std::string& path, Schema& out);
  void ReadCombinations(const Value& json, const std::string& path, int depth,
                        Schema& out);
  void ReadRules(const Value& json, const std::string& path, Schema& out);
  void CheckRuleTexts(const Value& rule, const std::string& at,
                      const Value& schema);
  void ReadRequired(const Value& json, Schema& out);
  void RefuseKeywords(const Value& json, const std::string& path);
  void CheckEmbedded(const Value& json, const std::string& path);
  void CheckRootMetadata(const Value& metadata, const std::string& path);

  SchemaArena& arena_;
  std::vector<FieldError>& errors_;
  std::vector<std::string>& warnings_;
};

std::string Property(const std::string& path, absl::string_view name) {
  return absl::StrCat(path, ".properties[", name, "]");
}

void AddImplicitFields(const Schema& string, Schema& out) {
  auto put = [&](absl::string_view name, const Schema* schema) {
    for (Schema::Field& field : out.fields) {
      if (field.name == name) {
        if (name == "metadata") field.schema = schema;
        return;
      }
    }
    out.fields.push_back({name, schema});
  };
  put("apiVersion", &string);
  put("kind", &string);
  put("metadata", &ObjectMetaSchema());
}

void SortFields(Schema& out) {
  std::sort(out.fields.begin(), out.fields.end(),
            [](const Schema::Field& a, const Schema::Field& b) {
              return a.name < b.name;
            });
}

std::optional<int64_t> Int(const Value& json, absl::string_view key) {
  const Value* v = json.Find(key);
  if (v == nullptr || !v->is_number()) return std::nullopt;
  return v->is_int() ? v->AsInt() : static_cast<int64_t>(v->AsDouble());
}

std::optional<double> Number(const Value& json, absl::string_view key) {
  const Value* v = json.Find(key);
  if (v == nullptr || !v->is_number()) return std::nullopt;
  return v->AsDouble();
}

void CrdSchemaReader::RefuseKeywords(const Value& json,
                                     const std::string& path) {
  for (absl::string_view key : {"id", "additionalItems", "patternProperties",
                                "definitions", "dependencies", "$ref"}) {
    const Value* value = json.Find(key);
    if (value == nullptr || value->is_null() || *value == Value("")) continue;
    errors_.push_back(ForbiddenError(absl::StrCat(path, ".", key),
                                     absl::StrCat(key, " is not supported")));
  }
  if (json.GetBool("uniqueItems")) {
    errors_.push_back(ForbiddenError(
        path + ".uniqueItems",
        "uniqueItems cannot be set to true since the runtime complexity "
        "becomes quadratic"));
  }
  if (json["items"].is_array()) {
    errors_.push_back(ForbiddenError(
        path + ".items", "items must be a schema object and not an array"));
  }
  if (const Value* keep = json.Find("x-kubernetes-preserve-unknown-fields");
      keep != nullptr && *keep == Value(false)) {
    errors_.push_back(
        InvalidError(path + ".x-kubernetes-preserve-unknown-fields", *keep,
                     "must be true or undefined"));
  }
}

void CrdSchemaReader::ReadType(const Value& json, const std::string& path,
                               Level level, Schema& out) {
  const std::string type(json.GetString("type"));
  out.is_nullable = json.GetBool("nullable");
  out.preserves_unknown = json.GetBool("x-kubernetes-preserve-unknown-fields");
  out.is_embedded = json.GetBool("x-kubernetes-embedded-resource");
  bool is_either = json.GetBool("x-kubernetes-int-or-string");
  if (type == "object") {
    out.type = SchemaType::kObject;
  } else if (type == "array") {
    out.type = SchemaType::kArray;
  } else if (type == "string") {
    out.type = SchemaType::kString;
  } else if (type == "integer") {
    out.type = SchemaType::kInteger;
  } else if (type == "number") {
    out.type = SchemaType::kNumber;
  } else if (type == "boolean") {
    out.type = SchemaType::kBoolean;
  } else if (!type.empty()) {
    errors_.push_back(
        NotSupportedError(path + ".type", Value(type),
                          {Value("array"), Value("boolean"), Value("integer"),
                           Value("number"), Value("object"), Value("string")}));
    return;
  } else {
    out.type = is_either ? SchemaType::kIntOrString : SchemaType::kAny;
    out.is_typed = is_either;
  }
  if (out.is_embedded && type != "object") {
    constexpr absl::string_view kWhy =
        "must be object if x-kubernetes-embedded-resource is true";
    errors_.push_back(type.empty()
                          ? RequiredError(path + ".type", kWhy)
                          : InvalidError(path + ".type", Value(type), kWhy));
  } else if (type.empty() && !is_either && !out.preserves_unknown) {
    errors_.push_back(RequiredError(
        path + ".type", level == Level::kRoot ? "must not be empty at the root"
                        : level == Level::kItem
                            ? "must not be empty for specified array items"
                            : "must not be empty for specified object "
                              "fields"));
  }
  if (level == Level::kRoot && !type.empty() && type != "object") {
    errors_.push_back(InvalidError(path + ".type", Value(type),
                                   "must be object at the root"));
  }
  if (is_either && out.preserves_unknown) {
    errors_.push_back(
        InvalidError(path + ".x-kubernetes-preserve-unknown-fields", true,
                     "must be false if x-kubernetes-int-or-string is true"));
  }
  if (is_either && out.is_embedded) {
    errors_.push_back(
        InvalidError(path + ".x-kubernetes-embedded-resource", true,
                     "must be false if x-kubernetes-int-or-string is true"));
  }
}

void CrdSchemaReader::CheckRootMetadata(const Value& metadata,
                                        const std::string& path) {
  if (metadata.GetString("type") != "object") {
    errors_.push_back(InvalidError(
        path + ".type", Value(metadata.GetString("type")), "must be object"));
  }
  for (const Value::Member& member : metadata.object()) {
    bool fine = member.key == "type" || member.key == "description" ||
                member.key == "default";
    if (member.key == "properties") {
      fine = true;
      for (const Value::Member& p : member.value.object()) {
        fine = fine && (p.key == "name" || p.key == "generateName");
      }
    }
    if (!fine) {
      errors_.push_back(ForbiddenError(
          path,
          "must not specify anything other than name and generateName, but "
          "metadata is implicitly specified"));
      return;
    }
  }
}

void CrdSchemaReader::CheckEmbedded(const Value& json,
                                    const std::string& path) {
  if (json.Has("additionalProperties")) {
    errors_.push_back(ForbiddenError(
        path + ".additionalProperties",
        "must not be used if x-kubernetes-embedded-resource is set"));
  }
  if (!json.GetBool("x-kubernetes-preserve-unknown-fields") &&
      json["properties"].empty()) {
    errors_.push_back(RequiredError(
        path + ".properties",
        "must not be empty if x-kubernetes-embedded-resource is true without "
        "x-kubernetes-preserve-unknown-fields"));
  }
}

void CrdSchemaReader::ReadChildren(const Value& json, const std::string& path,
                                   Level level, int depth, Schema& out) {
  bool has_metadata = level == Level::kRoot || out.is_embedded;
  for (const Value::Member& p : json["properties"].object()) {
    const std::string child = Property(path, p.key);
    if (p.key == "metadata" && level == Level::kRoot) {
      CheckRootMetadata(p.value, child);
      continue;  // Implied.
    }
    if (has_metadata && (p.key == "kind" || p.key == "apiVersion") &&
        p.value.GetString("type") != "string") {
      errors_.push_back(InvalidError(
          child + ".type", Value(p.value.GetString("type")), "must be string"));
    }
    Schema::Field field;
    field.name = arena_.Keep(p.key);
    field.schema = Read(p.value, child, Level::kField, depth + 1);
    out.fields.push_back(field);
  }
  if (has_metadata) {
    Schema& string = arena_.New();
    string.type = SchemaType::kString;
    AddImplicitFields(string, out);
  }
  SortFields(out);
  if (const Value* more = json.Find("additionalProperties"); more != nullptr) {
    if (level == Level::kRoot) {
      errors_.push_back(ForbiddenError(path + ".additionalProperties",
                                       "must not be used at the root"));
    }
    if (!json["properties"].empty() && *more != Value(true)) {
      errors_.push_back(ForbiddenError(
          path + ".additionalProperties",
          "additionalProperties and properties are mutual exclusive"));
    }
    if (more->is_object()) {
      out.items =
          Read(*more, path + ".additionalProperties", Level::kField, depth + 1);
    } else if (more->is_bool() && more->AsBool()) {
      out.items = &Schema::Any();
    }
  }
  if (json["items"].is_object()) {
    out.items = Read(json["items"], path + ".items", Level::kItem, depth + 1);
  } else if (out.type == SchemaType::kArray) {
    errors_.push_back(RequiredError(path + ".items", "must be specified"));
  }
}

void CrdSchemaReader::RequireType(const Value& json, absl::string_view wanted,
                                  absl::string_view key,
                                  const std::string& path) {
  std::string type(json.GetString("type"));
  if (json.GetString(key).empty() || type == wanted) return;
  const std::string why =
      absl::StrCat("must be ", wanted, " if ", key, " is specified");
  errors_.push_back(type.empty()
                        ? RequiredError(path + ".type", why)
                        : InvalidError(path + ".type", Value(type), why));
}

void CrdSchemaReader::ReadMapType(const Value& json, const std::string& path,
                                  Schema& out) {
  constexpr absl::string_view kKey = "x-kubernetes-map-type";
  RequireType(json, "object", kKey, path);
  std::string type(json.GetString(kKey));
  out.is_atomic = type == "atomic";
  if (type.empty() || type == "atomic" || type == "granular") return;
  errors_.push_back(NotSupportedError(absl::StrCat(path, ".", kKey),
                                      Value(type),
                                      {Value("atomic"), Value("granular")}));
}

// Each key must be a scalar that every item has.
void CrdSchemaReader::CheckListKeys(const Value& json,
                                    const std::string& path) {
  const Value& keys = json["x-kubernetes-list-map-keys"];
  const Value& items = json["items"];
  if (keys.empty()) {
    errors_.push_back(
        RequiredError(path + ".x-kubernetes-list-map-keys",
                      "must not be empty if x-kubernetes-list-type is map"));
  }
  if (items.GetString("type") != "object") {
    errors_.push_back(InvalidError(
        path + ".items.type", Value(items.GetString("type")),
        "must be object if parent array's x-kubernetes-list-type is map"));
  }
  const Value::Array& required = items["required"].array();
  for (const Value& k : keys.array()) {
    const Value* property = items["properties"].Find(
        k.is_string() ? absl::string_view(k.AsString()) : "");
    if (property == nullptr) {
      errors_.push_back(
          InvalidError(path + ".x-kubernetes-list-map-keys", keys,
                       "entries must all be names of item properties"));
      continue;
    }
    const std::string child = Property(path + ".items", k.AsString());
    absl::string_view t = property->GetString("type");
    if (t == "array" || t == "object") {
      errors_.push_back(InvalidError(
          child + ".type", items["type"],
          "must be a scalar type if parent array's x-kubernetes-list-type is "
          "map"));
    }
    if (std::find(required.begin(), required.end(), k) == required.end() &&
        !property->Has("default")) {
      errors_.push_back(RequiredError(
          child + ".default",
          "this property is in x-kubernetes-list-map-keys, so it must have a "
          "default or be a required property"));
    }
    if (property->GetBool("nullable")) {
      errors_.push_back(ForbiddenError(
          child + ".nullable",
          "this property is in x-kubernetes-list-map-keys, so it cannot be "
          "nullable"));
    }
  }
}

// The items of a set must be compared as wholes.
void CrdSchemaReader::CheckSetItems(const Value& items,
                                    const std::string& path) {
  constexpr absl::string_view kWhy =
      "must be atomic as item of a list with x-kubernetes-list-type=set";
  absl::string_view type = items.GetString("type");
  if (type == "object" &&
      items.GetString("x-kubernetes-map-type") != "atomic") {
    errors_.push_back(
        InvalidError(path + ".items.x-kubernetes-map-type", Value(), kWhy));
  } else if (type == "array" &&
             items.GetString(kListType, "atomic") != "atomic") {
    errors_.push_back(InvalidError(path + ".items.x-kubernetes-list-type",
                                   items[kListType], kWhy));
  }
}

void CrdSchemaReader::ReadList(const Value& json, const std::string& path,
                               Schema& out) {
  const std::string list_type(json.GetString(kListType));
  const std::string at = absl::StrCat(path, ".", kListType);
  RequireType(json, "array", kListType, path);
  const Value& keys = json["x-kubernetes-list-map-keys"];
  for (const Value& k : keys.array()) {
    if (k.is_string()) {
      out.MutableConstraints().list_keys.push_back(arena_.Keep(k.AsString()));
    }
  }
  if (!keys.empty() && list_type != "map") {
    constexpr absl::string_view kWhy =
        "must be map if x-kubernetes-list-map-keys is non-empty";
    errors_.push_back(list_type.empty()
                          ? RequiredError(at, kWhy)
                          : InvalidError(at, Value(list_type), kWhy));
  }
  if (list_type == "set") {
    out.list_type = ListType::kSet;
    CheckSetItems(json["items"], path);
  } else if (list_type == "map") {
    out.list_type = ListType::kMap;
    CheckListKeys(json, path);
  } else if (!list_type.empty() && list_type != "atomic") {
    errors_.push_back(NotSupportedError(
        at, Value(list_type), {Value("atomic"), Value("set"), Value("map")}));
  }
  if (out.list_type != ListType::kAtomic && json["items"].GetBool("nullable")) {
    errors_.push_back(ForbiddenError(
        path + ".items.nullable",
        absl::StrCat("cannot be nullable when x-kubernetes-list-type is ",
                     list_type)));
  }
}

void CrdSchemaReader::ReadBounds(const Value& json, const std::string& path,
                                 Schema& out) {
  static const auto& keys = *new absl::flat_hash_set<absl::string_view>{
      "default",  "enum",          "format",       "pattern",   "minimum",
      "maximum",  "multipleOf",    "minLength",    "maxLength", "minItems",
      "maxItems", "minProperties", "maxProperties"};
  bool any = false;
  for (const Value::Member& member : json.object()) {
    any = any || keys.contains(member.key);
  }
  if (!any) return;
  SchemaConstraints& c = out.MutableConstraints();
  if (const Value* fallback = json.Find("default");
      fallback != nullptr && !fallback->is_null()) {
    c.fallback = *fallback;
  }
  c.enum_values = json["enum"].array();
  c.format = std::string(json.GetString("format"));
  out.is_date_time = c.format == "date-time";
  c.pattern = std::string(json.GetString("pattern"));
  if (!c.pattern.empty()) {
    auto compiled = SchemaPattern::Compile(c.pattern);
    if (compiled.ok()) {
      c.compiled_pattern = *compiled;
    } else {
      errors_.push_back(InvalidError(
          path + ".pattern", Value(c.pattern),
          absl::StrCat("must be a valid regular expression, but isn't: ",
                       compiled.status().message())));
    }
  }
  c.minimum = Number(json, "minimum");
  c.maximum = Number(json, "maximum");
  c.multiple_of = Number(json, "multipleOf");
  c.exclusive_minimum = json.GetBool("exclusiveMinimum");
  c.exclusive_maximum = json.GetBool("exclusiveMaximum");
  c.min_length = Int(json, "minLength");
  c.max_length = Int(json, "maxLength");
  c.min_items = Int(json, "minItems");
  c.max_items = Int(json, "maxItems");
  c.min_properties = Int(json, "minProperties");
  c.max_properties = Int(json, "maxProperties");
  if (!c.format.empty() && !IsKnownFormat(c.format)) {
    warnings_.push_back(
        absl::StrCat("unrecognized format ", FormatJson(Value(c.format))));
  }
}

bool IsEither(const Value& list) {
  return list.size() == 2 && list[size_t{0}].GetString("type") == "integer" &&
         list[size_t{1}].GetString("type") == "string";
}

void CrdSchemaReader::ReadCombinations(const Value& json,
                                       const std::string& path, int depth,
                                       Schema& out) {
  const bool either = json.GetBool("x-kubernetes-int-or-string");
  auto read = [&](absl::string_view key,
                  std::vector<const Schema*> SchemaConstraints::*list) {
    const Value& all = json[key];
    for (size_t i = 0; i < all.size(); ++i) {
      bool typed = either && ((key == "anyOf" && IsEither(all)) ||
                              (key == "allOf" && IsEither(all[i]["anyOf"])));
      (out.MutableConstraints().*list)
          .push_back(ReadNested(all[i],
                                absl::StrCat(path, ".", key, "[", i, "]"),
                                typed, depth + 1));
    }
  };
  if (json["anyOf"].is_array()) read("anyOf", &SchemaConstraints::any_of);
  if (json["allOf"].is_array()) read("allOf", &SchemaConstraints::all_of);
  if (json["oneOf"].is_array()) read("oneOf", &SchemaConstraints::one_of);
  if (json["not"].is_object()) {
    out.MutableConstraints().none_of =
        ReadNested(json["not"], path + ".not", false, depth + 1);
  }
}

void CrdSchemaReader::ReadRequired(const Value& json, Schema& out) {
  for (const Value& name : json["required"].array()) {
    if (!name.is_string()) continue;
    bool found = false;
    for (Schema::Field& field : out.fields) {
      if (field.name != name.AsString()) continue;
      field.is_required = true;
      found = true;
    }
    if (!found) {
      out.MutableConstraints().required_also.push_back(
          arena_.Keep(name.AsString()));
    }
  }
}

void CrdSchemaReader::CheckRuleTexts(const Value& rule, const std::string& at,
                                     const Value& schema) {
  const auto text = [&](absl::string_view key) {
    return std::string(rule.GetString(key));
  };
  const auto is_blank = [](const std::string& s) {
    return absl::StripAsciiWhitespace(s).empty();
  };
  const auto has_lines = [](absl::string_view s) {
    return absl::StripAsciiWhitespace(s).find('\n') != s.npos;
  };
  constexpr absl::string_view kEmpty = "must be non-empty if specified";
  constexpr absl::string_view kLines = "must not contain line breaks";
  const std::string message = text("message");
  if (is_blank(text("rule"))) {
    errors_.push_back(RequiredError(at + ".rule", "rule is not specified"));
  } else if (!message.empty() && is_blank(message)) {
    errors_.push_back(InvalidError(at + ".message", Value(message), kEmpty));
  } else if (has_lines(message)) {
    errors_.push_back(InvalidError(at + ".message", Value(message), kLines));
  } else if (has_lines(text("rule")) && message.empty()) {
    errors_.push_back(
        RequiredError(at + ".message",
                      "message must be specified if rule contains line "
                      "breaks"));
  }
  if (!text("messageExpression").empty() &&
      is_blank(text("messageExpression"))) {
    errors_.push_back(RequiredError(
        at + ".messageExpression", absl::StrCat("messageExpression ", kEmpty)));
  }
  const std::string reason = text("reason");
  if (rule["reason"].is_string() && reason != "FieldValueDuplicate" &&
      reason != "FieldValueForbidden" && reason != "FieldValueInvalid" &&
      reason != "FieldValueRequired") {
    errors_.push_back(NotSupportedError(
        at + ".reason", Value(reason),
        {Value("FieldValueDuplicate"), Value("FieldValueForbidden"),
         Value("FieldValueInvalid"), Value("FieldValueRequired")}));
  }
  const std::string field = text("fieldPath");
  if (field.empty()) return;
  const auto wrong = [&](absl::string_view why) {
    errors_.push_back(InvalidError(at + ".fieldPath", Value(field), why));
  };
  if (is_blank(field)) wrong(kEmpty);
  if (field.find('\n') != field.npos) wrong(kLines);
  if (!ReadRuleFieldPath(schema, field)) wrong("must be a valid path");
}

void CrdSchemaReader::ReadRules(const Value& json, const std::string& path,
                                Schema& out) {
  const Value& rules = json["x-kubernetes-validations"];
  for (size_t i = 0; i < rules.size(); ++i) {
    const Value& from = rules[i];
    CheckRuleTexts(
        from, absl::StrCat(path, ".x-kubernetes-validations[", i, "]"), json);
    SchemaRule rule;
    rule.rule = std::string(from.GetString("rule"));
    rule.message = std::string(from.GetString("message"));
    rule.message_expression = std::string(from.GetString("messageExpression"));
    rule.reason = std::string(from.GetString("reason"));
    rule.field_path = std::string(from.GetString("fieldPath"));
    rule.field = ReadRuleFieldPath(json, rule.field_path).value_or("");
    rule.has_optional_old_self = from["optionalOldSelf"].is_bool();
    rule.optional_old_self = from.GetBool("optionalOldSelf");
    out.MutableConstraints().rules.push_back(std::move(rule));
  }
}

const Schema* CrdSchemaReader::ReadNested(const Value& json,
                                          const std::string& path,
                                          bool may_have_types, int depth) {
  Schema& out = arena_.New();
  out.is_typed = false;
  out.is_nullable = true;
  out.preserves_unknown = true;
  if (depth > kMaxDepth) {
    errors_.push_back(ForbiddenError(path, "nested too deeply"));
    return &out;
  }
  struct Banned {
    absl::string_view key, why;
  };
  constexpr Banned kBanned[] = {
      {"type", "must be empty to be structural"},
      {"additionalProperties", "must be undefined to be structural"},
      {"default", "must be undefined to be structural"},
      {"title", "must be empty to be structural"},
      {"description", "must be empty to be structural"},
      {"nullable", "must be false to be structural"},
      {"x-kubernetes-preserve-unknown-fields",
       "must be false to be structural"},
      {"x-kubernetes-embedded-resource", "must be false to be structural"},
      {"x-kubernetes-int-or-string", "must be false to be structural"},
      {"x-kubernetes-list-map-keys", "must be empty to be structural"},
      {"x-kubernetes-list-type", "must be undefined to be structural"},
      {"x-kubernetes-map-type", "must be undefined to be structural"},
      {"x-kubernetes-validations", "must be empty to be structural"},
  };
  for (const Banned& banned : kBanned) {
    const Value* value = json.Find(banned.key);
    if (value == nullptr || value->is_null() || *value == Value(false) ||
        *value == Value("") || (value->is_array() && value->empty())) {
      continue;
    }
    if (may_have_types && banned.key == "type") continue;
    errors_.push_back(
        ForbiddenError(absl::StrCat(path, ".", banned.key), banned.why));
  }
  if (may_have_types && json.GetString("type") == "integer") {
    out.type = SchemaType::kInteger;
    out.is_typed = true;
  } else if (may_have_types && json.GetString("type") == "string") {
    out.type = SchemaType::kString;
    out.is_typed = true;
  }
  for (const Value::Member& p : json["properties"].object()) {
    const std::string child = Property(path, p.key);
    if (p.key == "metadata") {
      errors_.push_back(
          ForbiddenError(child, "must not be specified in a nested context"));
    }
    out.fields.push_back(
        {arena_.Keep(p.key), ReadNested(p.value, child, false, depth + 1)});
  }
  SortFields(out);
  if (json["items"].is_object()) {
    out.items = ReadNested(json["items"], path + ".items", false, depth + 1);
  }
  ReadBounds(json, path, out);
  ReadCombinations(json, path, depth, out);
  if (may_have_types && IsEither(json["anyOf"])) {
    out.MutableConstraints().any_of.clear();
  }
  ReadRequired(json, out);
  return &out;
}

const Schema* CrdSchemaReader::Read(const Value& json, const std::string& path,
                                    Level level, int depth) {
  if (depth > kMaxDepth) {
    errors_.push_back(ForbiddenError(path, "nested too deeply"));
    return &Schema::Any();
  }
  Schema& out = arena_.New();
  RefuseKeywords(json, path);
  ReadType(json, path, level, out);
  ReadChildren(json, path, level, depth, out);
  if (out.is_embedded) CheckEmbedded(json, path);
  ReadMapType(json, path, out);
  ReadList(json, path, out);
  ReadBounds(json, path, out);
  ReadCombinations(json, path, depth, out);
  ReadRequired(json, out);
  ReadRules(json, path, out);
  return &out;
}

}  // namespace

const Schema* ParseCrdSchema(const Value& json, absl::string_view path,
                             SchemaArena& arena,
                             std::vector<FieldError>& errors,
                             std::vector<std::string>& warnings) {
  const size_t first = errors.size();
  const Schema* root = CrdSchemaReader(arena, errors, warnings)
                           .Read(json, std::string(path), Level::kRoot, 0);
  std::stable_sort(errors.begin() + static_cast<ptrdiff_t>(first), errors.end(),
                   [](const FieldError& a, const FieldError& b) {
                     return std::tie(a.field, a.message) <
                            std::tie(b.field, b.message);
                   });
  // Nobody else knows the arena's nodes yet.
  const_cast<Schema*>(root)->MutableConstraints().source = json;
  return root;
}

}  // namespace weir::apiserver
