#include "src/schema/validator.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "src/go_text.h"
#include "src/schema/formats.h"
#include "src/schema/schema_text.h"

namespace weir::helm {
namespace {

constexpr int kMaxDepth = 500;

constexpr std::pair<absl::string_view, int> kDrafts[] = {
    {"json-schema.org/draft-04/schema", 4},
    {"json-schema.org/draft-06/schema", 6},
    {"json-schema.org/draft-07/schema", 7},
    {"json-schema.org/draft/2019-09/schema", 2019},
    {"json-schema.org/draft/2020-12/schema", 2020},
};

// In the order in which messages list them.
constexpr absl::string_view kTypes[] = {
    "null", "boolean", "number", "integer", "string", "array", "object"};

absl::string_view TypeOf(const Value& value) {
  switch (value.kind()) {
    case Value::Kind::kNull:
      return "null";
    case Value::Kind::kBool:
      return "boolean";
    case Value::Kind::kString:
      return "string";
    case Value::Kind::kArray:
      return "array";
    case Value::Kind::kObject:
      return "object";
    default:
      return "number";
  }
}

bool IsInteger(const Value& value) {
  return value.is_number() && std::floor(value.AsDouble()) == value.AsDouble();
}

std::vector<std::string> WantedTypes(const Value& type) {
  std::vector<std::string> out;
  for (absl::string_view one : kTypes) {
    bool is_wanted = type.is_string() && type.AsString() == one;
    for (const Value& item : type.array()) {
      is_wanted = is_wanted || (item.is_string() && item.AsString() == one);
    }
    if (is_wanted) out.emplace_back(one);
  }
  return out;
}

// Whether it is of one of the types. True when none of them is one.
bool IsOfType(const Value& value, const Value& types) {
  bool is_one_known = false;
  const auto is_of = [&](const Value& type) {
    if (!type.is_string()) return false;
    const absl::string_view name = type.AsString();
    if (name == TypeOf(value)) return true;
    if (name == "integer" && IsInteger(value)) return true;
    is_one_known =
        is_one_known || std::find(std::begin(kTypes), std::end(kTypes), name) !=
                            std::end(kTypes);
    return false;
  };
  return is_of(types) ||
         std::any_of(types.array().begin(), types.array().end(), is_of) ||
         !is_one_known;
}

// Numbers are equal whatever their kinds.
bool Equal(const Value& a, const Value& b) {
  if (a.is_number() && b.is_number()) return a.AsDouble() == b.AsDouble();
  if (a.kind() != b.kind() || a.size() != b.size()) return false;
  if (a.is_array()) {
    for (size_t i = 0; i < a.size(); ++i) {
      if (!Equal(a[i], b[i])) return false;
    }
    return true;
  }
  if (a.is_object()) {
    for (size_t i = 0; i < a.size(); ++i) {
      if (a.object()[i].key != b.object()[i].key ||
          !Equal(a.object()[i].value, b.object()[i].value)) {
        return false;
      }
    }
    return true;
  }
  return a == b;
}

void AppendError(const SchemaError& error, int indent, std::string* out) {
  const bool is_hidden =
      error.kind == SchemaError::Kind::kReference && error.causes.size() == 1;
  if (!is_hidden) {
    absl::StrAppend(out, out->empty() ? "" : "\n",
                    std::string(2 * (indent - 1), ' '), "- at ",
                    SchemaQuote(PointerOf(error.location)), ": ", error.text);
    ++indent;
  }
  for (const SchemaError& cause : error.causes) AppendError(cause, indent, out);
}

// Whether a reference may be in it. What is as deep as nobody writes may have
// one.
bool MentionsReference(const Value& value, int depth) {
  if (depth > kMaxDepth) return true;
  for (const Value& item : value.array()) {
    if (MentionsReference(item, depth + 1)) return true;
  }
  for (const Value::Member& member : value.object()) {
    if (member.key == "$ref" || member.key == "$dynamicRef" ||
        member.key == "$recursiveRef" ||
        MentionsReference(member.value, depth + 1)) {
      return true;
    }
  }
  return false;
}

std::string EnumText(const Value::Array& wanted) {
  std::vector<std::string> texts;
  for (const Value& one : wanted) {
    if (one.is_array() || one.is_object()) return "'enum' failed";
    texts.push_back(DisplayValue(one));
  }
  return absl::StrCat(
      texts.size() == 1 ? "value must be " : "value must be one of ",
      absl::StrJoin(texts, ", "));
}

}  // namespace

std::string FormatSchemaErrors(const std::vector<SchemaError>& errors) {
  std::string out;
  for (const SchemaError& error : errors) AppendError(error, 1, &out);
  return out;
}

SchemaValidator::SchemaValidator(const Value& schema, const LoadSchema& load)
    : root_(schema), load_(load) {
  const absl::string_view dialect = schema.GetString("$schema");
  for (const auto& [url, draft] : kDrafts) {
    if (absl::StrContains(dialect, url)) draft_ = draft;
  }
  has_references_ = MentionsReference(schema, 0);
  if (has_references_) Register(schema, "file:///values.schema.json", 0);
}

absl::Status SchemaValidator::Validate(const Value& value,
                                       std::vector<SchemaError>* errors) {
  if (has_references_) Follow(root_, 0);
  if (!status_.ok()) return status_;
  Frame frame{&root_,  &value,
              nullptr, next_value_id_++,
              false,   UnevaluatedOf(value, root_, false),
              {}};
  Outcome outcome = ValidateFrame(frame);
  if (!status_.ok()) return status_;
  if (!outcome.has_value()) return absl::OkStatus();
  if (outcome->kind == SchemaError::Kind::kGroup) {
    *errors = std::move(outcome->causes);
  } else {
    errors->push_back(*std::move(outcome));
  }
  return absl::OkStatus();
}

SchemaError SchemaValidator::MakeError(const Frame& frame,
                                       std::string text) const {
  if (frame.only_result) return {};
  return {SchemaError::Kind::kPlain, location_, std::move(text), {}};
}

void SchemaValidator::Add(Frame& frame, std::string text) {
  frame.errors.push_back(MakeError(frame, std::move(text)));
}

void SchemaValidator::Add(Frame& frame, Outcome outcome) {
  if (outcome.has_value()) frame.errors.push_back(*std::move(outcome));
}

void SchemaValidator::AddWithCauses(Frame& frame, std::string text,
                                    std::vector<SchemaError> causes) {
  Add(frame, std::move(text));
  frame.errors.back().causes = std::move(causes);
}

// What is wrong with `const`; empty: nothing.
std::string SchemaValidator::WrongConstant(const Frame& frame) const {
  const Value* constant = draft_ >= 6 ? frame.schema->Find("const") : nullptr;
  if (constant == nullptr || Equal(*frame.value, *constant)) return "";
  if (constant->is_array() || constant->is_object()) return "'const' failed";
  return absl::StrCat("value must be ", DisplayValue(*constant));
}

// What is told of at once and alone: type, const, enum, format. False when
// `outcome` is the end of it.
bool SchemaValidator::ValidateBasics(Frame& frame, Outcome* outcome) {
  const Value& schema = *frame.schema;
  const Value& value = *frame.value;
  const auto fail = [&](std::string text) {
    *outcome = MakeError(frame, std::move(text));
    return false;
  };
  if (const Value& types = schema["type"]; !IsOfType(value, types)) {
    return fail(absl::StrCat("got ", TypeOf(value), ", want ",
                             absl::StrJoin(WantedTypes(types), " or ")));
  }
  const std::string wrong_constant = WrongConstant(frame);
  if (!wrong_constant.empty()) return fail(wrong_constant);
  if (const Value& wanted = schema["enum"]; wanted.is_array()) {
    bool is_one = false;
    for (const Value& one : wanted.array()) {
      is_one = is_one || Equal(value, one);
    }
    if (!is_one) return fail(EnumText(wanted.array()));
  }
  if ((draft_ < 2019 || asserts_formats_) && schema["format"].is_string() &&
      value.is_string()) {
    const std::string& format = schema["format"].AsString();
    const std::string wrong = CheckFormat(format, value.AsString());
    if (!wrong.empty()) {
      return fail(absl::StrCat(DisplayValue(value), " is not valid ", format,
                               ": ", wrong));
    }
  }
  return true;
}

SchemaValidator::Outcome SchemaValidator::ValidateFrame(Frame& frame) {
  const Value& schema = *frame.schema;
  if (schema.is_bool()) {
    if (schema.AsBool()) return std::nullopt;
    return MakeError(frame, "false schema");
  }
  if (!schema.is_object() || schema.empty()) return std::nullopt;
  for (const Frame* up = frame.parent;
       up != nullptr && up->value_id == frame.value_id; up = up->parent) {
    if (up->schema == frame.schema) {
      return MakeError(frame, "references of the schema go round in a circle");
    }
  }
  if (!status_.ok()) return std::nullopt;
  if (depth_ > kMaxDepth) {
    status_ = absl::ResourceExhaustedError("schema is nested too deeply");
    return std::nullopt;
  }
  ++depth_;
  Outcome outcome;
  const bool is_alone = draft_ < 2019 && schema["$ref"].is_string();
  if (is_alone) {
    // Beside a $ref, old drafts know nothing but `const`.
    const std::string wrong = WrongConstant(frame);
    outcome = wrong.empty() ? ValidateReference(frame, "$ref")
                            : Outcome(MakeError(frame, wrong));
  } else if (ValidateBasics(frame, &outcome)) {
    if (schema["$ref"].is_string()) {
      Add(frame, ValidateReference(frame, "$ref"));
    }
    if (frame.value->is_object()) ValidateObject(frame);
    if (frame.value->is_array()) ValidateArray(frame);
    if (frame.value->is_string()) ValidateText(frame);
    if (frame.value->is_number()) ValidateNumber(frame);
    if (frame.errors.empty() || !frame.only_result) ValidateConditions(frame);
    if (frame.errors.size() == 1) outcome = std::move(frame.errors[0]);
    if (frame.errors.size() > 1) {
      outcome = MakeError(frame, "validation failed");
      outcome->kind = SchemaError::Kind::kGroup;
      outcome->causes = std::move(frame.errors);
    }
  }
  --depth_;
  return outcome;
}

SchemaValidator::Outcome SchemaValidator::ValidateReference(
    Frame& frame, const std::string& keyword) {
  const Value* target =
      keyword == "$ref"
          ? Resolve(*frame.schema, (*frame.schema)[keyword].AsString())
          : ResolveDynamically(frame, keyword);
  if (target == nullptr) return std::nullopt;
  Outcome outcome = ValidateSelf(frame, *target, false);
  if (!outcome.has_value()) return std::nullopt;
  SchemaError error = MakeError(frame, "validation failed");
  error.kind = SchemaError::Kind::kReference;
  if (outcome->kind == SchemaError::Kind::kGroup) {
    error.causes = std::move(outcome->causes);
  } else {
    error.causes.push_back(*std::move(outcome));
  }
  return error;
}

SchemaValidator::Outcome SchemaValidator::ValidateSelf(Frame& frame,
                                                       const Value& schema,
                                                       bool only_result) {
  Frame inner{&schema,
              frame.value,
              &frame,
              frame.value_id,
              frame.only_result || only_result,
              UnevaluatedOf(*frame.value, schema, !frame.unevaluated.empty()),
              {}};
  Outcome outcome = ValidateFrame(inner);
  if (outcome.has_value()) return outcome;
  std::erase_if(frame.unevaluated.properties, [&](const std::string& name) {
    return inner.unevaluated.properties.count(name) == 0;
  });
  std::erase_if(frame.unevaluated.items, [&](size_t index) {
    return inner.unevaluated.items.count(index) == 0;
  });
  return std::nullopt;
}

SchemaValidator::Outcome SchemaValidator::ValidateInner(
    Frame& frame, const Value& schema, const Value& value,
    const std::string& token) {
  location_.push_back(token);
  Frame inner{&schema,
              &value,
              &frame,
              next_value_id_++,
              frame.only_result,
              UnevaluatedOf(value, schema, false),
              {}};
  Outcome outcome = ValidateFrame(inner);
  location_.pop_back();
  return outcome;
}

SchemaValidator::Unevaluated SchemaValidator::UnevaluatedOf(
    const Value& value, const Value& schema, bool is_needed) const {
  Unevaluated out;
  if (!schema.is_object() || draft_ < 2019) return out;
  if (value.is_object() && !schema.Has("additionalProperties") &&
      (is_needed || schema.Has("unevaluatedProperties"))) {
    for (const Value::Member& member : value.object()) {
      out.properties.insert(member.key);
    }
  }
  if (!value.is_array() || !(is_needed || schema.Has("unevaluatedItems"))) {
    return out;
  }
  const Value& items = schema["items"];
  size_t evaluated = schema["prefixItems"].size();
  if (draft_ == 2019) {
    if (schema.Has("additionalItems")) return out;
    evaluated = items.size();
    if (!items.is_null() && !items.is_array()) return out;
  } else if (!items.is_null()) {
    return out;
  }
  for (size_t i = evaluated; i < value.size(); ++i) out.items.insert(i);
  return out;
}

const text::Regex* SchemaValidator::RegexOf(const std::string& pattern) {
  auto found = regexes_.find(pattern);
  if (found == regexes_.end()) {
    absl::StatusOr<text::Regex> regex = text::Regex::Compile(pattern);
    found = regexes_.emplace(pattern, std::nullopt).first;
    if (regex.ok()) {
      found->second = *std::move(regex);
    } else if (status_.ok()) {
      status_ = absl::InvalidArgumentError(absl::StrCat(
          "invalid regex ", GoQuote(pattern), ": ", regex.status().message()));
    }
  }
  return found->second.has_value() ? &*found->second : nullptr;
}

}  // namespace weir::helm
