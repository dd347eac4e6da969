#include "src/schema/plain_schema.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "weir/text/regex.h"

namespace weir::helm {
namespace {

constexpr int kMaxDepth = 200;

bool IsOf(const Value& schema, int depth);

bool AreSchemas(const Value& list, int depth) {
  if (!list.is_array() || list.empty()) return false;
  return std::all_of(list.array().begin(), list.array().end(),
                     [depth](const Value& one) { return IsOf(one, depth); });
}

bool IsMapOfSchemas(const Value& map, int depth) {
  if (!map.is_object()) return false;
  return std::all_of(map.object().begin(), map.object().end(),
                     [depth](const Value::Member& member) {
                       return IsOf(member.value, depth);
                     });
}

bool IsPattern(const Value& text, int) {
  return text.is_string() && text::Regex::Compile(text.AsString()).ok();
}

bool IsMapByPattern(const Value& map, int depth) {
  if (!map.is_object()) return false;
  return std::all_of(map.object().begin(), map.object().end(),
                     [depth](const Value::Member& member) {
                       return IsPattern(Value(member.key), depth) &&
                              IsOf(member.value, depth);
                     });
}

bool IsText(const Value& value, int) { return value.is_string(); }
bool IsFlag(const Value& value, int) { return value.is_bool(); }
bool IsNumber(const Value& value, int) { return value.is_number(); }
bool IsList(const Value& value, int) { return value.is_array(); }
bool IsAnything(const Value&, int) { return true; }
bool IsUnknown(const Value&, int) { return false; }

bool IsCount(const Value& value, int) {
  return value.is_number() && value.AsDouble() >= 0 &&
         std::floor(value.AsDouble()) == value.AsDouble();
}

bool IsStep(const Value& value, int) {
  return value.is_number() && value.AsDouble() > 0;
}

// A reference without what is to be escaped in one, and without what could
// make it a wrong one, such as a port.
bool IsReference(const Value& value, int) {
  if (!value.is_string()) return false;
  absl::string_view text = value.AsString();
  constexpr absl::string_view kOdd = "%<>\"{}|\\^` []";
  if (!std::all_of(text.begin(), text.end(), [&](char c) {
        return c > ' ' && c < '\x7f' && kOdd.find(c) == absl::string_view::npos;
      })) {
    return false;
  }
  if (!absl::ConsumePrefix(&text, "https://")) {
    absl::ConsumePrefix(&text, "http://");
  }
  return !absl::StrContains(text.substr(0, text.find('#')), ':');
}

// Some drafts let it have no fragment.
bool IsId(const Value& value, int depth) {
  return IsReference(value, depth) &&
         value.AsString().find('#') >= value.AsString().size() - 1;
}

bool IsDialect(const Value& value, int depth) {
  return IsReference(value, depth) &&
         (absl::StartsWith(value.AsString(), "http://") ||
          absl::StartsWith(value.AsString(), "https://"));
}

bool IsTypeName(const Value& value) {
  if (!value.is_string()) return false;
  for (absl::string_view name :
       {"array", "boolean", "integer", "null", "number", "object", "string"}) {
    if (value.AsString() == name) return true;
  }
  return false;
}

bool AreTexts(const Value& list, bool (*is_one)(const Value&)) {
  if (!list.is_array() || list.empty()) return false;
  std::set<absl::string_view> seen;
  return std::all_of(list.array().begin(), list.array().end(),
                     [&](const Value& one) {
                       return is_one(one) && seen.insert(one.AsString()).second;
                     });
}

bool IsType(const Value& value, int) {
  return IsTypeName(value) || AreTexts(value, IsTypeName);
}

bool AreNames(const Value& list, int) {
  return AreTexts(list, [](const Value& one) { return one.is_string(); });
}

// Of draft 6, which wants each once; elsewhere anything goes.
bool IsEnum(const Value& list, int depth) {
  return AreNames(list, depth) || (list.is_array() && list.size() == 1);
}

using Check = bool (*)(const Value&, int);

const absl::flat_hash_map<absl::string_view, Check>& Checks() {
  static const auto& checks =
      *new absl::flat_hash_map<absl::string_view, Check>{
          {"additionalItems", IsOf},
          {"additionalProperties", IsOf},
          {"contains", IsOf},
          {"contentSchema", IsOf},
          {"else", IsOf},
          {"if", IsOf},
          {"items", IsOf},
          {"not", IsOf},
          {"propertyNames", IsOf},
          {"then", IsOf},
          {"unevaluatedItems", IsOf},
          {"unevaluatedProperties", IsOf},
          {"allOf", AreSchemas},
          {"anyOf", AreSchemas},
          {"oneOf", AreSchemas},
          {"prefixItems", AreSchemas},
          {"$defs", IsMapOfSchemas},
          {"definitions", IsMapOfSchemas},
          {"dependentSchemas", IsMapOfSchemas},
          {"properties", IsMapOfSchemas},
          {"patternProperties", IsMapByPattern},
          {"pattern", IsPattern},
          {"$comment", IsText},
          {"contentEncoding", IsText},
          {"contentMediaType", IsText},
          {"description", IsText},
          {"format", IsText},
          {"title", IsText},
          {"deprecated", IsFlag},
          {"readOnly", IsFlag},
          {"uniqueItems", IsFlag},
          {"writeOnly", IsFlag},
          {"exclusiveMaximum", IsNumber},
          {"exclusiveMinimum", IsNumber},
          {"maximum", IsNumber},
          {"minimum", IsNumber},
          {"multipleOf", IsStep},
          {"maxContains", IsCount},
          {"maxItems", IsCount},
          {"maxLength", IsCount},
          {"maxProperties", IsCount},
          {"minContains", IsCount},
          {"minItems", IsCount},
          {"minLength", IsCount},
          {"minProperties", IsCount},
          {"$id", IsId},
          {"$ref", IsReference},
          {"$schema", IsDialect},
          {"const", IsAnything},
          {"default", IsAnything},
          {"enum", IsEnum},
          {"examples", IsList},
          {"required", AreNames},
          {"type", IsType},
          // Of these the metaschema knows more.
          {"$anchor", IsUnknown},
          {"$dynamicAnchor", IsUnknown},
          {"$dynamicRef", IsUnknown},
          {"$recursiveAnchor", IsUnknown},
          {"$recursiveRef", IsUnknown},
          {"$vocabulary", IsUnknown},
          {"dependencies", IsUnknown},
          {"dependentRequired", IsUnknown},
      };
  return checks;
}

bool IsOf(const Value& schema, int depth) {
  if (schema.is_bool()) return true;
  if (!schema.is_object() || depth > kMaxDepth) return false;
  for (const Value::Member& member : schema.object()) {
    const auto check = Checks().find(member.key);
    if (check != Checks().end() && !check->second(member.value, depth + 1)) {
      return false;
    }
  }
  return true;
}

}  // namespace

bool IsPlainSchema(const Value& schema) { return IsOf(schema, 0); }

}  // namespace weir::helm
