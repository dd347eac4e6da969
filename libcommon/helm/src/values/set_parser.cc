#include "src/values/set_parser.h"

#include <cstddef>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "src/go_text.h"
#include "src/values/json_prefix.h"
#include "src/yaml.h"
#include "weir/helm/set_values.h"

namespace weir::helm {

absl::Status SetParser::Parse(Value& values) {
  while (true) {
    const SetOutcome outcome = ParseKey(values, 0);
    if (outcome.is_end()) return absl::OkStatus();
    if (outcome.is_failed()) {
      return absl::InvalidArgumentError(outcome.message);
    }
  }
}

SetOutcome SetParser::ParseKey(Value& map, int depth) {
  std::string key;
  switch (
      scanner_.ReadUntil(kind_ == Values::kLiteral ? "=[." : "=[,.", &key)) {
    case '[':
      return ParseIndexed(map, key, depth);
    case '=': {
      Value value;
      const SetOutcome outcome = ParseValue(&value);
      if (!outcome.is_failed()) SetMember(map, key, std::move(value));
      return outcome;
    }
    case ',':
      SetMember(map, key, "");
      return SetOutcome::Failed(absl::StrCat(
          "key ", GoQuote(key), " has no value (cannot end with ,)"));
    case '.':
      return ParseBelow(map, key, depth + 1);
    default:
      if (key.empty()) return SetOutcome::End();
      return SetOutcome::Failed(
          absl::StrCat("key ", GoQuote(key), " has no value"));
  }
}

SetOutcome SetParser::ParseBelow(Value& map, const std::string& key,
                                 int depth) {
  if (depth > kMaxSetDepth) {
    return SetOutcome::Failed(absl::StrCat(
        "value name nested level is greater than maximum supported nested "
        "level of ",
        kMaxSetDepth));
  }
  Value fresh = Value::MakeObject();
  Value* inner = map.FindMutable(key);
  if (inner != nullptr && !inner->is_object()) {
    return WrongType(*inner, "map[string]interface {}");
  }
  const bool is_new = inner == nullptr;
  if (is_new) inner = &fresh;
  const SetOutcome outcome = ParseKey(*inner, depth);
  if (outcome.is_done() && inner->empty()) {
    return SetOutcome::Failed(
        absl::StrCat("key map ", GoQuote(key), " has no value"));
  }
  if (is_new && !fresh.empty()) SetMember(map, key, std::move(fresh));
  return outcome;
}

SetOutcome SetParser::ParseIndexed(Value& map, const std::string& key,
                                   int depth) {
  int index = 0;
  SetOutcome outcome = scanner_.ReadIndex(&index);
  if (!outcome.is_done()) return outcome;
  Value list = Value::MakeArray();
  if (Value* found = map.FindMutable(key); found != nullptr) {
    if (!found->is_array()) return WrongType(*found, "[]interface {}");
    list = std::move(*found);
  }
  outcome = ParseElement(list, index, depth);
  SetMember(map, key, std::move(list));
  return outcome;
}

SetOutcome SetParser::ParseElement(Value& list, int index, int depth) {
  if (index < 0) return NegativeIndex(index);
  std::string text;
  const char mark = scanner_.ReadUntil("[.=", &text);
  if (!text.empty()) {
    return SetOutcome::Failed(absl::StrCat(
        "unexpected data at end of array index: ", GoQuoteRunes(text)));
  }
  if (mark == '[') return ParseInnerList(list, index, depth);
  if (mark == '.') return ParseInnerMap(list, index, depth);
  if (mark == 0) return SetOutcome::End();
  Value value;
  const SetOutcome outcome = ParseValue(&value);
  if (outcome.is_failed()) return outcome;
  return SetElement(list, index, std::move(value));
}

SetOutcome SetParser::ParseInnerList(Value& list, int index, int depth) {
  int inner_index = 0;
  SetOutcome outcome = scanner_.ReadIndex(&inner_index);
  if (!outcome.is_done()) return outcome;
  Value inner = Value::MakeArray();
  if (list.size() > static_cast<size_t>(index) && !list[index].is_null()) {
    if (!list[index].is_array()) {
      return WrongType(list[index], "[]interface {}");
    }
    inner = std::move(list.MutableAt(index));
  }
  outcome = ParseElement(inner, inner_index, depth);
  if (!outcome.is_done()) return outcome;
  return SetElement(list, index, std::move(inner));
}

SetOutcome SetParser::ParseInnerMap(Value& list, int index, int depth) {
  if (list.size() > static_cast<size_t>(index)) {
    Value& item = list.MutableAt(index);
    if (!item.is_object()) item = Value::MakeObject();
    return ParseKey(item, depth);
  }
  Value fresh = Value::MakeObject();
  const SetOutcome outcome = ParseKey(fresh, depth);
  if (!outcome.is_done()) return outcome;
  return SetElement(list, index, std::move(fresh));
}

bool SetParser::SkipEmpty() {
  while (!scanner_.is_at_end()) {
    size_t length = 0;
    const char32_t rune = RuneAt(scanner_.rest(), 0, &length);
    if (rune == ',') {
      scanner_.Skip(1);
      return true;
    }
    if (!IsSpaceRune(rune)) return false;
    scanner_.Skip(length);
  }
  return true;
}

SetOutcome SetParser::ParseJsonValue(Value* out) {
  if (SkipEmpty()) return SetOutcome::Done();
  size_t length = 0;
  absl::StatusOr<Value> value = ParseJsonPrefix(scanner_.rest(), &length);
  if (!value.ok()) {
    return SetOutcome::Failed(std::string(value.status().message()));
  }
  *out = *std::move(value);
  scanner_.Skip(length);
  SkipEmpty();
  return SetOutcome::Done();
}

SetOutcome SetParser::ParseValue(Value* out) {
  switch (kind_) {
    case Values::kText:
      return ParseTextValue(out);
    case Values::kJson:
      return ParseJsonValue(out);
    case Values::kLiteral:
      *out = scanner_.rest();
      scanner_.Skip(scanner_.rest().size());
      return SetOutcome::Done();
  }
  return SetOutcome::Done();
}

SetOutcome SetParser::ParseTextValue(Value* out) {
  if (scanner_.is_at_end()) {
    *out = "";
    return SetOutcome::End();
  }
  if (scanner_.rest()[0] == '{') return ParseList(out);
  std::string text;
  scanner_.ReadUntil(",", &text);
  absl::StatusOr<Value> value = convert_(std::move(text));
  if (!value.ok()) {
    return SetOutcome::Failed(std::string(value.status().message()));
  }
  *out = *std::move(value);
  return SetOutcome::Done();
}

SetOutcome SetParser::AppendConverted(std::string text, Value& list) {
  absl::StatusOr<Value> value = convert_(std::move(text));
  if (!value.ok()) {
    return SetOutcome::Failed(std::string(value.status().message()));
  }
  list.Append(*std::move(value));
  return SetOutcome::Done();
}

SetOutcome SetParser::ParseList(Value* out) {
  scanner_.Skip(1);
  *out = Value::MakeArray();
  while (true) {
    std::string text;
    const char mark = scanner_.ReadUntil(",}", &text);
    if (mark == 0) return SetOutcome::Failed("list must terminate with '}'");
    const SetOutcome outcome = AppendConverted(std::move(text), *out);
    if (!outcome.is_done()) return outcome;
    if (mark == ',') continue;
    if (!scanner_.is_at_end() && scanner_.rest()[0] == ',') scanner_.Skip(1);
    return SetOutcome::Done();
  }
}

}  // namespace weir::helm
