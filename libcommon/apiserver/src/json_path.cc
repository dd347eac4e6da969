#include "json_path.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "weir/base/status.h"
#include "weir/value/json.h"

namespace weir::apiserver {
namespace {

constexpr size_t kMaxSteps = 64;

absl::Status Bad(absl::string_view text, absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat("JSONPath ", text, ": ", why));
}

bool IsQuoted(absl::string_view text) {
  return text.size() >= 2 && (text.front() == '\'' || text.front() == '"') &&
         text.back() == text.front();
}

std::string Unquote(absl::string_view text) {
  std::string out;
  text = text.substr(1, text.size() - 2);
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) ++i;
    out.push_back(text[i]);
  }
  return out;
}

// A dotted name; "\." is a dot inside a name. Ends at "." or "[".
std::string TakeName(absl::string_view& text) {
  std::string name;
  while (!text.empty() && text[0] != '.' && text[0] != '[') {
    if (text[0] == '\\' && text.size() > 1) text.remove_prefix(1);
    name.push_back(text[0]);
    text.remove_prefix(1);
  }
  return name;
}

// The length of a bracket's text up to its "]", quotes respected.
size_t BracketEnd(absl::string_view text) {
  char quote = 0;
  int depth = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quote != 0) {
      if (c == '\\') {
        ++i;
      } else if (c == quote) {
        quote = 0;
      }
    } else if (c == '\'' || c == '"') {
      quote = c;
    } else if (c == '[' || c == '(') {
      ++depth;
    } else if (c == ')') {
      --depth;
    } else if (c == ']') {
      if (depth <= 0) return i;
      --depth;
    }
  }
  return absl::string_view::npos;
}

// -1, 0, 1; nothing when the two cannot be ordered.
std::optional<int> Compare(const Value& a, const Value& b) {
  if (a.is_number() && b.is_number()) {
    const double x = a.AsDouble(), y = b.AsDouble();
    return x < y ? -1 : x > y ? 1 : 0;
  }
  if (a.is_string() && b.is_string()) {
    const int order = a.AsString().compare(b.AsString());
    return order < 0 ? -1 : order > 0 ? 1 : 0;
  }
  if (a.is_bool() && b.is_bool() && a == b) return 0;
  return std::nullopt;
}

}  // namespace

absl::StatusOr<JsonPath::Step> JsonPath::ParseFilter(absl::string_view text) {
  Step step;
  step.kind = Step::Kind::kFilter;
  absl::string_view rest = absl::StripAsciiWhitespace(text);
  if (!absl::ConsumePrefix(&rest, "@")) {
    return Bad(text, "a filter begins with @");
  }
  size_t end = 0;
  while (end < rest.size() && rest[end] != '=' && rest[end] != '!' &&
         rest[end] != '<' && rest[end] != '>' && rest[end] != ' ') {
    ++end;
  }
  absl::string_view operand = rest.substr(0, end);
  rest = absl::StripLeadingAsciiWhitespace(rest.substr(end));
  while (absl::ConsumePrefix(&operand, ".")) {
    step.operand.push_back(TakeName(operand));
  }
  if (!operand.empty()) return Bad(text, "only members can be compared");
  if (rest.empty()) return step;
  for (const char* op : {"==", "!=", "<=", ">=", "<", ">"}) {
    if (absl::ConsumePrefix(&rest, op)) {
      step.op = op;
      break;
    }
  }
  rest = absl::StripAsciiWhitespace(rest);
  if (step.op.empty() || rest.empty()) return Bad(text, "no comparison");
  if (IsQuoted(rest)) {
    step.literal = Unquote(rest);
    return step;
  }
  absl::StatusOr<Value> literal = ParseJson(rest);
  if (!literal.ok()) return Bad(text, "the right side is no literal");
  step.literal = *std::move(literal);
  return step;
}

absl::StatusOr<JsonPath::Step> JsonPath::ParseBracket(absl::string_view text) {
  text = absl::StripAsciiWhitespace(text);
  Step step;
  if (text == "*") {
    step.kind = Step::Kind::kAll;
    return step;
  }
  if (IsQuoted(text)) {
    step.name = Unquote(text);
    return step;
  }
  if (absl::StartsWith(text, "?(") && absl::EndsWith(text, ")")) {
    return ParseFilter(text.substr(2, text.size() - 3));
  }
  step.kind = Step::Kind::kIndex;
  if (!absl::SimpleAtoi(text, &step.index)) {
    return Bad(text, "neither an index nor a filter");
  }
  return step;
}

absl::StatusOr<JsonPath> JsonPath::Parse(absl::string_view text) {
  const absl::string_view whole = text;
  text = absl::StripAsciiWhitespace(text);
  if (absl::ConsumePrefix(&text, "{")) absl::ConsumeSuffix(&text, "}");
  absl::ConsumePrefix(&text, "$");
  JsonPath path;
  while (!text.empty()) {
    if (path.steps_.size() >= kMaxSteps) return Bad(whole, "too long");
    if (absl::ConsumePrefix(&text, "[")) {
      const size_t end = BracketEnd(text);
      if (end == text.npos) return Bad(whole, "a bracket does not end");
      WEIR_ASSIGN_OR_RETURN(Step step, ParseBracket(text.substr(0, end)));
      path.steps_.push_back(std::move(step));
      text.remove_prefix(end + 1);
      continue;
    }
    if (!absl::ConsumePrefix(&text, ".") && !path.steps_.empty()) {
      return Bad(whole, "a dot or a bracket was expected");
    }
    if (text.empty() && path.steps_.empty()) break;  // "." is all.
    Step step;
    step.name = TakeName(text);
    if (step.name.empty()) {
      if (absl::StartsWith(text, "[")) continue;
      return Bad(whole, "an empty name");
    }
    if (step.name == "*") step.kind = Step::Kind::kAll;
    path.steps_.push_back(std::move(step));
  }
  return path;
}

bool JsonPath::Matches(const Step& filter, const Value& item) {
  const Value* at = &item;
  for (const std::string& name : filter.operand) at = &(*at)[name];
  if (filter.op.empty()) return !at->is_null();
  const std::optional<int> order = Compare(*at, filter.literal);
  if (!order.has_value()) return filter.op == "!=";
  if (filter.op == "==") return *order == 0;
  if (filter.op == "!=") return *order != 0;
  if (filter.op == "<") return *order < 0;
  if (filter.op == "<=") return *order <= 0;
  if (filter.op == ">") return *order > 0;
  return *order >= 0;
}

std::vector<Value> JsonPath::Find(const Value& root, size_t limit) const {
  std::vector<Value> found = {root};
  for (const Step& step : steps_) {
    std::vector<Value> next;
    for (const Value& value : found) {
      if (next.size() >= limit) break;
      switch (step.kind) {
        case Step::Kind::kMember:
          if (const Value* member = value.Find(step.name)) {
            next.push_back(*member);
          }
          break;
        case Step::Kind::kIndex: {
          const auto size = static_cast<int64_t>(value.array().size());
          const int64_t index = step.index < 0 ? step.index + size : step.index;
          if (index >= 0 && index < size) {
            next.push_back(value.array()[static_cast<size_t>(index)]);
          }
          break;
        }
        case Step::Kind::kAll:
          for (const Value& item : value.array()) next.push_back(item);
          for (const Value::Member& member : value.object()) {
            next.push_back(member.value);
          }
          break;
        case Step::Kind::kFilter:
          for (const Value& item : value.array()) {
            if (Matches(step, item)) next.push_back(item);
          }
          break;
      }
    }
    if (next.size() > limit) next.resize(limit);
    found = std::move(next);
  }
  return found;
}

}  // namespace weir::apiserver
