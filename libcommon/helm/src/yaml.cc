#include "src/yaml.h"

#include <cmath>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "weir/base/status.h"
#include "weir/value/go_error.h"
#include "weir/value/json.h"
#include "weir/value/json_decoder.h"
#include "weir/value/yaml.h"
#include "weir/value/yaml_members.h"

namespace weir::helm {
namespace {

// JSON has no infinity; what Go's encoder says of one, or nothing.
std::string UnsupportedNumber(const Value& value) {
  switch (value.kind()) {
    case Value::Kind::kDouble: {
      const double number = value.AsDouble();
      if (std::isfinite(number)) return "";
      return std::isnan(number) ? "NaN" : number > 0 ? "+Inf" : "-Inf";
    }
    case Value::Kind::kArray:
      for (const Value& item : value.array()) {
        std::string text = UnsupportedNumber(item);
        if (!text.empty()) return text;
      }
      return "";
    case Value::Kind::kObject:
      for (const Value::Member& member : value.object()) {
        std::string text = UnsupportedNumber(member.value);
        if (!text.empty()) return text;
      }
      return "";
    default:
      return "";
  }
}

}  // namespace

namespace {

// What was parsed as it becomes JSON.
absl::StatusOr<Value> AsJson(absl::StatusOr<Value> parsed) {
  if (!parsed.ok()) {
    if (absl::IsResourceExhausted(parsed.status())) return parsed.status();
    return absl::InvalidArgumentError(absl::StrCat(
        "error converting YAML to JSON: ", GoError(parsed.status())));
  }
  if (const std::string wrong = UnsupportedNumber(*parsed); !wrong.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "error converting YAML to JSON: json: unsupported value: ", wrong));
  }
  return parsed;
}

}  // namespace

absl::StatusOr<Value> ReadYaml(absl::string_view text) {
  return AsJson(ParseYaml(text));
}

absl::StatusOr<Value> ReadYamlMembers(
    absl::string_view text,
    absl::FunctionRef<bool(absl::string_view key)> is_wanted) {
  return AsJson(ParseYamlMembers(text, is_wanted));
}

absl::StatusOr<Value> ReadYamlStrictly(absl::string_view text) {
  YamlParseOptions options;
  options.reject_duplicate_keys = true;
  options.max_nodes = options.max_document_nodes = text.size() + 1000;
  return AsJson(ParseYaml(text, options));
}

absl::StatusOr<JsonInPart> ReadJsonInPart(absl::string_view text) {
  JsonParseOptions options;
  options.keep_integers = false;
  absl::StatusOr<JsonInPart> parsed = ParseJsonInPart(text, options);
  if (!parsed.ok()) return absl::InvalidArgumentError(GoError(parsed.status()));
  if (!parsed->error.ok()) {
    parsed->error = absl::InvalidArgumentError(GoError(parsed->error));
  }
  return parsed;
}

void MakeDoubles(Value& value) {
  switch (value.kind()) {
    case Value::Kind::kInt:
    case Value::Kind::kUint:
      value = Value(value.AsDouble());
      return;
    case Value::Kind::kArray:
      if (value.empty()) return;
      for (Value& item : value.MutableArray()) MakeDoubles(item);
      return;
    case Value::Kind::kObject:
      if (value.empty()) return;
      for (Value::Member& member : value.MutableObject()) {
        MakeDoubles(member.value);
      }
      return;
    default:
      return;
  }
}

absl::StatusOr<Value> ReadYamlMap(absl::string_view text) {
  WEIR_ASSIGN_OR_RETURN(Value value, ReadYaml(text));
  if (value.is_null()) return Value::MakeObject();
  if (!value.is_object()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal ",
        JsonKindName(value), " into Go value of type map[string]interface {}"));
  }
  MakeDoubles(value);
  return value;
}

}  // namespace weir::helm
