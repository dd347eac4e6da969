// The keywords of objects, lists, texts and numbers, and those that combine
// schemas.
#include <algorithm>
#include <cmath>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "src/go_text.h"
#include "src/schema/schema_text.h"
#include "src/schema/validator.h"

namespace weir::helm {
namespace {

// A whole number that a keyword gives.
std::optional<size_t> CountOf(const Value& schema, absl::string_view keyword) {
  const Value& value = schema[keyword];
  if (!value.is_number()) return std::nullopt;
  const double number = value.AsDouble();
  if (std::floor(number) != number || number < 0 || number > 9e15) {
    return std::nullopt;
  }
  return static_cast<size_t>(number);
}

std::vector<std::string> Missing(const Value& value, const Value& names) {
  std::vector<std::string> out;
  for (const Value& name : names.array()) {
    if (name.is_string() && !value.Has(name.AsString())) {
      out.push_back(name.AsString());
    }
  }
  return out;
}

std::string GotWant(absl::string_view keyword, size_t got, size_t want) {
  return absl::StrCat(keyword, ": got ", LocalCount(got), ", want ",
                      LocalCount(want));
}

size_t CountRunes(absl::string_view text) {
  size_t count = 0;
  for (size_t i = 0; i < text.size(); ++count) {
    size_t length = 0;
    RuneAt(text, i, &length);
    i += length;
  }
  return count;
}

// As decimals: 0.3 is a multiple of 0.1.
bool IsMultiple(double number, double of) {
  if (of == 0) return true;
  double scale = 1;
  for (int i = 0; i < 15; ++i) {
    const double a = number * scale;
    const double b = of * scale;
    if (std::fabs(a - std::round(a)) < 1e-9 * std::max(1.0, std::fabs(a)) &&
        std::fabs(b - std::round(b)) < 1e-9 * std::max(1.0, std::fabs(b))) {
      return std::fmod(std::round(a), std::round(b)) == 0;
    }
    scale *= 10;
  }
  return std::fmod(number, of) == 0;
}

// Whether schemas are combined, or what is left over is looked at: of most
// schemas not.
bool HasConditions(const Value& schema) {
  constexpr absl::string_view kKeywords[] = {"$dynamicRef",
                                             "$recursiveRef",
                                             "allOf",
                                             "anyOf",
                                             "if",
                                             "not",
                                             "oneOf",
                                             "unevaluatedItems",
                                             "unevaluatedProperties"};
  return std::any_of(schema.object().begin(), schema.object().end(),
                     [&](const Value::Member& member) {
                       return std::find(std::begin(kKeywords),
                                        std::end(kKeywords),
                                        member.key) != std::end(kKeywords);
                     });
}

std::string RequiredText(const std::vector<std::string>& missing) {
  return absl::StrCat(
      missing.size() == 1 ? "missing property " : "missing properties ",
      JoinQuoted(missing));
}

}  // namespace

void SchemaValidator::ValidateObject(Frame& frame) {
  const Value& schema = *frame.schema;
  const size_t size = frame.value->size();
  if (const auto least = CountOf(schema, "minProperties");
      least.has_value() && size < *least) {
    Add(frame, GotWant("minProperties", size, *least));
  }
  if (const auto most = CountOf(schema, "maxProperties");
      most.has_value() && size > *most) {
    Add(frame, GotWant("maxProperties", size, *most));
  }
  const auto missing = Missing(*frame.value, schema["required"]);
  if (!missing.empty()) Add(frame, RequiredText(missing));
  if (frame.only_result && !frame.errors.empty()) return;
  for (const auto& [name, needs] : schema["dependencies"].object()) {
    if (!frame.value->Has(name)) continue;
    if (!needs.is_array()) {
      Add(frame, ValidateSelf(frame, needs, false));
    } else if (const auto absent = Missing(*frame.value, needs);
               !absent.empty()) {
      Add(frame, absl::StrCat("properties ", JoinQuoted(absent),
                              " required, if ", SchemaQuote(name), " exists"));
    }
  }
  ValidateMembers(frame);
  if (draft_ >= 6) ValidateDependencies(frame);
}

void SchemaValidator::ValidateMembers(Frame& frame) {
  const Value& schema = *frame.schema;
  const Value* additional = schema.Find("additionalProperties");
  const Value& properties = schema["properties"];
  const Value::Object& patterns = schema["patternProperties"].object();
  std::vector<std::string> not_allowed;
  for (const auto& [name, value] : frame.value->object()) {
    if (frame.only_result && !frame.errors.empty()) return;
    bool is_evaluated = false;
    if (const Value* one = properties.Find(name); one != nullptr) {
      is_evaluated = true;
      Add(frame, ValidateInner(frame, *one, value, name));
    }
    for (const auto& [pattern, one] : patterns) {
      const text::Regex* regex = RegexOf(pattern);
      if (regex == nullptr || !regex->Matches(name)) continue;
      is_evaluated = true;
      Add(frame, ValidateInner(frame, one, value, name));
    }
    if (!is_evaluated && additional != nullptr) {
      is_evaluated = true;
      if (!additional->is_bool()) {
        Add(frame, ValidateInner(frame, *additional, value, name));
      } else if (!additional->AsBool()) {
        not_allowed.push_back(name);
      }
    }
    if (is_evaluated) frame.unevaluated.properties.erase(name);
  }
  if (not_allowed.empty()) return;
  Add(frame, absl::StrCat("additional properties ", JoinQuoted(not_allowed),
                          " not allowed"));
}

void SchemaValidator::ValidateDependencies(Frame& frame) {
  const Value& schema = *frame.schema;
  if (const Value* names = schema.Find("propertyNames"); names != nullptr) {
    for (const auto& [name, value] : frame.value->object()) {
      // A validation of its own: the location starts anew.
      std::vector<std::string> outer;
      outer.swap(location_);
      const Value text(name);
      Frame inner{names, &text, &frame, next_value_id_++, false, {}, {}};
      Outcome outcome = ValidateFrame(inner);
      outer.swap(location_);
      if (!outcome.has_value()) continue;
      SchemaError error{
          SchemaError::Kind::kPlain,
          {},
          absl::StrCat("invalid propertyName ", SchemaQuote(name)),
          {}};
      if (outcome->kind == SchemaError::Kind::kGroup) {
        error.causes = std::move(outcome->causes);
      } else {
        error.causes.push_back(*std::move(outcome));
      }
      frame.errors.push_back(std::move(error));
    }
  }
  if (draft_ < 2019) return;
  for (const auto& [name, one] : schema["dependentSchemas"].object()) {
    if (frame.value->Has(name)) Add(frame, ValidateSelf(frame, one, false));
  }
  for (const auto& [name, needs] : schema["dependentRequired"].object()) {
    if (!frame.value->Has(name)) continue;
    const auto absent = Missing(*frame.value, needs);
    if (absent.empty()) continue;
    Add(frame, absl::StrCat("properties ", JoinQuoted(absent), " required, if ",
                            SchemaQuote(name), " exists"));
  }
}

void SchemaValidator::ValidateArray(Frame& frame) {
  const Value& schema = *frame.schema;
  const Value::Array& items = frame.value->array();
  if (const auto least = CountOf(schema, "minItems");
      least.has_value() && items.size() < *least) {
    Add(frame, GotWant("minItems", items.size(), *least));
  }
  if (const auto most = CountOf(schema, "maxItems");
      most.has_value() && items.size() > *most) {
    Add(frame, GotWant("maxItems", items.size(), *most));
  }
  if (schema.GetBool("uniqueItems")) {
    for (size_t i = 1; i < items.size(); ++i) {
      const auto same = std::find(items.begin(), items.begin() + i, items[i]);
      if (same == items.begin() + i) continue;
      Add(frame, absl::StrCat("items at ", LocalCount(same - items.begin()),
                              " and ", LocalCount(i), " are equal"));
      break;
    }
  }
  ValidateItems(frame);
  if (draft_ >= 6 && schema.Has("contains")) ValidateContains(frame);
}

void SchemaValidator::ValidateItems(Frame& frame) {
  const Value& schema = *frame.schema;
  const Value::Array& items = frame.value->array();
  const bool is_new = draft_ >= 2020;
  const Value* each = schema.Find("items");
  const bool is_tuple = !is_new && each != nullptr && each->is_array();
  const Value first = is_new     ? schema["prefixItems"]
                      : is_tuple ? *each
                                 : Value();
  const size_t evaluated = std::min(first.size(), items.size());
  for (size_t i = 0; i < evaluated; ++i) {
    Add(frame, ValidateInner(frame, first[i], items[i], absl::StrCat(i)));
  }
  const Value* rest = each;
  if (is_tuple) {
    rest = schema.Find("additionalItems");
    if (rest != nullptr && rest->is_bool()) {
      if (!rest->AsBool() && evaluated != items.size()) {
        Add(frame, absl::StrCat("last ", LocalCount(items.size() - evaluated),
                                " additionalItem(s) not allowed"));
      }
      return;
    }
  }
  if (rest == nullptr) return;
  // Positions count from the first that the schema is for.
  for (size_t i = evaluated; i < items.size(); ++i) {
    Add(frame,
        ValidateInner(frame, *rest, items[i], absl::StrCat(i - evaluated)));
  }
}

void SchemaValidator::ValidateContains(Frame& frame) {
  const Value& schema = *frame.schema;
  const Value::Array& items = frame.value->array();
  std::vector<SchemaError> errors;
  std::vector<size_t> matched;
  for (size_t i = 0; i < items.size(); ++i) {
    Outcome outcome =
        ValidateInner(frame, schema["contains"], items[i], absl::StrCat(i));
    if (outcome.has_value()) {
      errors.push_back(*std::move(outcome));
    } else {
      matched.push_back(i);
      if (draft_ >= 2020) frame.unevaluated.items.erase(i);
    }
  }
  const auto least =
      draft_ >= 2019 ? CountOf(schema, "minContains") : std::nullopt;
  const auto most =
      draft_ >= 2019 ? CountOf(schema, "maxContains") : std::nullopt;
  if (least.has_value() && matched.size() < *least) {
    AddWithCauses(
        frame,
        absl::StrCat(
            "min ", LocalCount(*least),
            " items required to match contains schema, but ",
            matched.empty()
                ? std::string("none matched")
                : absl::StrCat("matched ", LocalCount(matched.size()),
                               " items at ", absl::StrJoin(matched, " "))),
        std::move(errors));
  } else if (!least.has_value() && matched.empty()) {
    AddWithCauses(frame, "no items match contains schema", std::move(errors));
  }
  if (most.has_value() && matched.size() > *most) {
    Add(frame, absl::StrCat("max ", LocalCount(*most),
                            " items required to match contains schema, but "
                            "matched ",
                            LocalCount(matched.size()), " items at ",
                            absl::StrJoin(matched, " ")));
  }
}

void SchemaValidator::ValidateText(Frame& frame) {
  const Value& schema = *frame.schema;
  const std::string& text = frame.value->AsString();
  const auto least = CountOf(schema, "minLength");
  const auto most = CountOf(schema, "maxLength");
  if (least.has_value() || most.has_value()) {
    const size_t length = CountRunes(text);
    if (least.has_value() && length < *least) {
      Add(frame, GotWant("minLength", length, *least));
    }
    if (most.has_value() && length > *most) {
      Add(frame, GotWant("maxLength", length, *most));
    }
  }
  if (!schema["pattern"].is_string()) return;
  const text::Regex* regex = RegexOf(schema["pattern"].AsString());
  if (regex != nullptr && !regex->Matches(text)) {
    Add(frame, absl::StrCat(SchemaQuote(text), " does not match pattern ",
                            SchemaQuote(regex->pattern())));
  }
}

void SchemaValidator::ValidateNumber(Frame& frame) {
  const Value& schema = *frame.schema;
  const double number = frame.value->AsDouble();
  const auto check = [&](absl::string_view keyword, const Value& limit,
                         bool (*is_wrong)(double, double)) {
    if (!limit.is_number() || !is_wrong(number, limit.AsDouble())) return;
    Add(frame, absl::StrCat(keyword, ": got ", LocalNumber(number), ", want ",
                            LocalNumber(limit.AsDouble())));
  };
  const auto is_below = [](double a, double b) { return a < b; };
  const auto is_above = [](double a, double b) { return a > b; };
  const auto is_at_most = [](double a, double b) { return a <= b; };
  const auto is_at_least = [](double a, double b) { return a >= b; };
  // In draft 4 these are booleans.
  const bool is_least_excluded = schema.GetBool("exclusiveMinimum");
  const bool is_most_excluded = schema.GetBool("exclusiveMaximum");
  if (!is_least_excluded) check("minimum", schema["minimum"], is_below);
  if (!is_most_excluded) check("maximum", schema["maximum"], is_above);
  check("exclusiveMinimum",
        is_least_excluded ? schema["minimum"] : schema["exclusiveMinimum"],
        is_at_most);
  check("exclusiveMaximum",
        is_most_excluded ? schema["maximum"] : schema["exclusiveMaximum"],
        is_at_least);
  check("multipleOf", schema["multipleOf"],
        [](double a, double b) { return !IsMultiple(a, b); });
}

void SchemaValidator::ValidateConditions(Frame& frame) {
  const Value& schema = *frame.schema;
  if (!HasConditions(schema)) return;
  for (const auto& [keyword, since] : kDynamicReferences) {
    if (draft_ >= since && schema[keyword].is_string()) {
      Add(frame, ValidateReference(frame, keyword));
    }
  }
  if (const Value* one = schema.Find("not"); one != nullptr) {
    if (!ValidateSelf(frame, *one, true).has_value()) {
      Add(frame, std::string("'not' failed"));
    }
  }
  std::vector<SchemaError> errors;
  for (const Value& one : schema["allOf"].array()) {
    Outcome outcome = ValidateSelf(frame, one, false);
    if (outcome.has_value()) errors.push_back(*std::move(outcome));
    if (!errors.empty() && frame.only_result) break;
  }
  if (!errors.empty()) {
    AddWithCauses(frame, "'allOf' failed", std::exchange(errors, {}));
  }
  if (!schema["anyOf"].empty()) {
    bool is_matched = false;
    for (const Value& one : schema["anyOf"].array()) {
      Outcome outcome = ValidateSelf(frame, one, false);
      if (outcome.has_value()) {
        errors.push_back(*std::move(outcome));
        continue;
      }
      is_matched = true;
      if (frame.unevaluated.empty()) break;
    }
    if (!is_matched) AddWithCauses(frame, "'anyOf' failed", std::move(errors));
  }
  ValidateOneOf(frame);
  const Value* condition = draft_ >= 7 ? schema.Find("if") : nullptr;
  if (condition != nullptr) {
    const bool holds = !ValidateSelf(frame, *condition, true).has_value();
    const Value* branch = schema.Find(holds ? "then" : "else");
    if (branch != nullptr) Add(frame, ValidateSelf(frame, *branch, false));
  }
  if (draft_ >= 2019) ValidateUnevaluated(frame);
}

void SchemaValidator::ValidateOneOf(Frame& frame) {
  const Value::Array& schemas = (*frame.schema)["oneOf"].array();
  if (schemas.empty()) return;
  std::optional<size_t> matched;
  std::vector<SchemaError> errors;
  for (size_t i = 0; i < schemas.size(); ++i) {
    Outcome outcome = ValidateSelf(frame, schemas[i], matched.has_value());
    if (outcome.has_value()) {
      if (!matched.has_value()) errors.push_back(*std::move(outcome));
      continue;
    }
    if (matched.has_value()) {
      Add(frame,
          absl::StrCat("'oneOf' failed, subschemas ", LocalCount(*matched),
                       ", ", LocalCount(i), " matched"));
      break;
    }
    matched = i;
  }
  if (!matched.has_value()) {
    AddWithCauses(frame, "'oneOf' failed, none matched", std::move(errors));
  }
}

void SchemaValidator::ValidateUnevaluated(Frame& frame) {
  const Value& schema = *frame.schema;
  if (const Value* one = schema.Find("unevaluatedProperties");
      one != nullptr && frame.value->is_object()) {
    for (const std::string& name :
         std::exchange(frame.unevaluated.properties, {})) {
      Add(frame, ValidateInner(frame, *one, (*frame.value)[name], name));
    }
  }
  if (const Value* one = schema.Find("unevaluatedItems");
      one != nullptr && frame.value->is_array()) {
    for (size_t index : std::exchange(frame.unevaluated.items, {})) {
      Add(frame, ValidateInner(frame, *one, (*frame.value)[index],
                               absl::StrCat(index)));
    }
  }
}

}  // namespace weir::helm
