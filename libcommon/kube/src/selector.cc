#include "weir/kube/selector.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "weir/base/status.h"

namespace weir::kube {
namespace {

using Operator = Requirement::Operator;

bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
bool IsSpecial(char c) {
  return absl::string_view("=!(),><").find(c) != absl::string_view::npos;
}

// --- Validation. Source: apimachinery, util/validation.

constexpr absl::string_view kNameRule =
    "must consist of alphanumeric characters, '-', '_' or '.', and must start "
    "and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or "
    "'123-abc', regex used for validation is "
    "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
constexpr absl::string_view kSubdomainRule =
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric "
    "characters, '-' or '.', and must start and end with an alphanumeric "
    "character (e.g. 'example.com', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
constexpr absl::string_view kLabelValueRule =
    "a valid label must be an empty string or consist of alphanumeric "
    "characters, '-', '_' or '.', and must start and end with an alphanumeric "
    "character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for "
    "validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

bool IsName(absl::string_view text) {
  if (text.empty() || !absl::ascii_isalnum(text.front()) ||
      !absl::ascii_isalnum(text.back())) {
    return false;
  }
  return std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isalnum(c) || c == '-' || c == '_' || c == '.';
  });
}

bool IsSubdomain(absl::string_view text) {
  for (absl::string_view label : absl::StrSplit(text, '.')) {
    if (label.empty() || label.front() == '-' || label.back() == '-') {
      return false;
    }
    for (char c : label) {
      if (!absl::ascii_islower(c) && !absl::ascii_isdigit(c) && c != '-') {
        return false;
      }
    }
  }
  return true;
}

// What is wrong with a label key; empty: nothing.
std::string CheckKey(absl::string_view key) {
  std::vector<std::string> problems;
  absl::string_view name = key;
  const std::vector<absl::string_view> parts = absl::StrSplit(key, '/');
  if (parts.size() > 2) {
    return absl::StrCat("a qualified name ", kNameRule,
                        " with an optional DNS subdomain prefix and '/' "
                        "(e.g. 'example.com/MyName')");
  }
  if (parts.size() == 2) {
    name = parts[1];
    if (parts[0].empty()) {
      problems.push_back("prefix part must be non-empty");
    } else if (parts[0].size() > 253) {
      problems.push_back("prefix part must be no more than 253 bytes");
    } else if (!IsSubdomain(parts[0])) {
      problems.push_back(absl::StrCat("prefix part ", kSubdomainRule));
    }
  }
  if (name.empty()) {
    problems.push_back("name part must be non-empty");
  } else if (name.size() > 63) {
    problems.push_back("name part must be no more than 63 bytes");
  }
  if (!IsName(name)) problems.push_back(absl::StrCat("name part ", kNameRule));
  return absl::StrJoin(problems, "; ");
}

std::string CheckValue(absl::string_view value) {
  if (value.size() > 63) return "must be no more than 63 bytes";
  if (!value.empty() && !IsName(value)) return std::string(kLabelValueRule);
  return "";
}

absl::Status Invalid(absl::string_view path, absl::string_view value,
                     absl::string_view problem) {
  return absl::InvalidArgumentError(absl::StrCat(path, ": Invalid value: \"",
                                                 absl::Utf8SafeCEscape(value),
                                                 "\": ", problem));
}

absl::Status CheckRequirement(const Requirement& requirement) {
  if (std::string problem = CheckKey(requirement.key); !problem.empty()) {
    return Invalid("key", requirement.key, problem);
  }
  const bool compares = requirement.op == Operator::kGreaterThan ||
                        requirement.op == Operator::kLessThan;
  for (size_t i = 0; i < requirement.values.size(); ++i) {
    const std::string& value = requirement.values[i];
    int64_t number;
    if (compares && !absl::SimpleAtoi(value, &number)) {
      return Invalid(absl::StrCat("values[", i, "]"), value,
                     "for 'Gt', 'Lt' operators, the value must be an integer");
    }
    if (std::string problem = CheckValue(value); !problem.empty()) {
      return Invalid(absl::StrCat("values[", i, "][", requirement.key, "]"),
                     value, problem);
    }
  }
  return absl::OkStatus();
}

// --- Parsing. Grammar and messages: apimachinery, labels.Parse.

enum class Token {
  kError,
  kEnd,
  kClose,
  kComma,
  kNot,
  kEquals,
  kNotEquals,
  kGreater,
  kLess,
  kIdentifier,
  kIn,
  kNotIn,
  kOpen,
};

struct Scanned {
  Token token;
  std::string text;
};

std::optional<Token> Symbol(absl::string_view text) {
  static constexpr std::pair<absl::string_view, Token> kSymbols[] = {
      {")", Token::kClose},   {",", Token::kComma},      {"!", Token::kNot},
      {"==", Token::kEquals}, {"=", Token::kEquals},     {">", Token::kGreater},
      {"<", Token::kLess},    {"!=", Token::kNotEquals}, {"(", Token::kOpen},
      {"in", Token::kIn},     {"notin", Token::kNotIn}};
  for (const auto& [symbol, token] : kSymbols) {
    if (symbol == text) return token;
  }
  return std::nullopt;
}

std::vector<Scanned> Scan(absl::string_view text) {
  std::vector<Scanned> out;
  size_t at = 0;
  while (true) {
    while (at < text.size() && IsSpace(text[at])) ++at;
    if (at >= text.size() || text[at] == '\0') {
      out.push_back({Token::kEnd, ""});
      return out;
    }
    const size_t start = at;
    if (!IsSpecial(text[at])) {
      while (at < text.size() && text[at] != '\0' && !IsSpecial(text[at]) &&
             !IsSpace(text[at])) {
        ++at;
      }
      const absl::string_view word = text.substr(start, at - start);
      out.push_back(
          {Symbol(word).value_or(Token::kIdentifier), std::string(word)});
      continue;
    }
    // The longest symbol; all have one or two characters.
    ++at;
    if (at < text.size() && Symbol(text.substr(start, 2)).has_value()) ++at;
    const absl::string_view symbol = text.substr(start, at - start);
    out.push_back({*Symbol(symbol), std::string(symbol)});
  }
}

class Parser {
 public:
  explicit Parser(absl::string_view text) : items_(Scan(text)) {}

  absl::StatusOr<std::vector<Requirement>> Parse() {
    std::vector<Requirement> requirements;
    while (true) {
      const Token token = Peek();
      if (token == Token::kEnd) return requirements;
      if (token != Token::kIdentifier && token != Token::kNot) {
        return Found("expected: !, identifier, or 'end of string'");
      }
      absl::StatusOr<Requirement> requirement = ParseRequirement();
      WEIR_RETURN_IF_ERROR(requirement, "unable to parse requirement");
      requirements.push_back(*std::move(requirement));
      if (Peek() == Token::kEnd) return requirements;
      if (Peek() != Token::kComma) {
        return Found("expected: ',' or 'end of string'");
      }
      Take();
      if (Peek() != Token::kIdentifier && Peek() != Token::kNot) {
        return Found("expected: identifier after ','");
      }
    }
  }

 private:
  // "in" and "notin" are words where a key or a value may stand.
  Token Peek() const {
    const Token token = items_[at_].token;
    return token == Token::kIn || token == Token::kNotIn ? Token::kIdentifier
                                                         : token;
  }
  // The end is never passed.
  Scanned Take() {
    Scanned item{Peek(), items_[at_].text};
    if (item.token != Token::kEnd) ++at_;
    return item;
  }
  absl::Status Found(absl::string_view expected) const {
    return absl::InvalidArgumentError(
        absl::StrCat("found '", items_[at_].text, "', ", expected));
  }

  absl::StatusOr<Requirement> ParseRequirement() {
    Requirement requirement{Operator::kExists, "", {}};
    if (Peek() == Token::kNot) {
      requirement.op = Operator::kNotExists;
      Take();
    }
    if (Peek() != Token::kIdentifier) return Found("expected: identifier");
    requirement.key = Take().text;
    if (std::string problem = CheckKey(requirement.key); !problem.empty()) {
      return Invalid("<nil>", requirement.key, problem);
    }
    if (Peek() == Token::kEnd || Peek() == Token::kComma) return requirement;
    WEIR_RETURN_IF_ERROR(ParseOperator(requirement.op));
    const Token used = items_[at_ - 1].token;
    if (used == Token::kIn || used == Token::kNotIn) {
      WEIR_RETURN_IF_ERROR(ParseValues(requirement.values));
    } else if (Peek() == Token::kEnd || Peek() == Token::kComma) {
      requirement.values.push_back("");
    } else if (Peek() == Token::kIdentifier) {
      requirement.values.push_back(Take().text);
    } else {
      return Found("expected: identifier");
    }
    WEIR_RETURN_IF_ERROR(CheckRequirement(requirement));
    return requirement;
  }

  absl::Status ParseOperator(Operator& op) {
    switch (items_[at_].token) {
      case Token::kIn:
      case Token::kEquals:
        op = Operator::kIn;
        break;
      case Token::kNotIn:
      case Token::kNotEquals:
        op = Operator::kNotIn;
        break;
      case Token::kGreater:
        op = Operator::kGreaterThan;
        break;
      case Token::kLess:
        op = Operator::kLessThan;
        break;
      default:
        return Found("expected: in, notin, =, ==, !=, gt, lt");
    }
    ++at_;
    return absl::OkStatus();
  }

  // "(a,,b)": an absent value is the empty string.
  absl::Status ParseValues(std::vector<std::string>& values) {
    if (Peek() != Token::kOpen) {
      return absl::InvalidArgumentError(
          absl::StrCat("found '", items_[at_].text, "' expected: '('"));
    }
    Take();
    bool wants_value = true;
    while (true) {
      switch (Peek()) {
        case Token::kIdentifier:
          if (!wants_value) return Found("expected: ',' or ')'");
          values.push_back(Take().text);
          wants_value = false;
          continue;
        case Token::kComma:
          if (wants_value) values.push_back("");
          Take();
          wants_value = true;
          continue;
        case Token::kClose:
          if (wants_value) values.push_back("");
          Take();
          std::sort(values.begin(), values.end());
          values.erase(std::unique(values.begin(), values.end()), values.end());
          return absl::OkStatus();
        default:
          return Found(values.empty() ? "expected: ',', ')' or identifier"
                       : wants_value  ? "expected: ',', or identifier"
                                      : "expected: ',' or ')'");
      }
    }
  }

  const std::vector<Scanned> items_;
  size_t at_ = 0;
};

bool Holds(const Requirement& requirement, const Value* label) {
  const bool exists = label != nullptr && label->is_string();
  const auto has_value = [&] {
    return exists &&
           std::find(requirement.values.begin(), requirement.values.end(),
                     label->AsString()) != requirement.values.end();
  };
  switch (requirement.op) {
    case Operator::kIn:
      return has_value();
    case Operator::kNotIn:
      return !has_value();
    case Operator::kExists:
      return exists;
    case Operator::kNotExists:
      return !exists;
    case Operator::kGreaterThan:
    case Operator::kLessThan: {
      int64_t have, bound;
      if (!exists || requirement.values.size() != 1 ||
          !absl::SimpleAtoi(label->AsString(), &have) ||
          !absl::SimpleAtoi(requirement.values[0], &bound)) {
        return false;
      }
      return requirement.op == Operator::kGreaterThan ? have > bound
                                                      : have < bound;
    }
  }
  return false;
}

std::string Format(const Requirement& requirement) {
  const std::string& key = requirement.key;
  const std::vector<std::string>& values = requirement.values;
  const std::string joined = absl::StrJoin(values, ",");
  switch (requirement.op) {
    case Operator::kIn:
      return values.size() == 1 ? absl::StrCat(key, "=", joined)
                                : absl::StrCat(key, " in (", joined, ")");
    case Operator::kNotIn:
      return values.size() == 1 ? absl::StrCat(key, "!=", joined)
                                : absl::StrCat(key, " notin (", joined, ")");
    case Operator::kExists:
      return key;
    case Operator::kNotExists:
      return absl::StrCat("!", key);
    case Operator::kGreaterThan:
      return absl::StrCat(key, ">", joined);
    case Operator::kLessThan:
      return absl::StrCat(key, "<", joined);
  }
  return "";
}

void SortByKey(std::vector<Requirement>& requirements) {
  std::stable_sort(
      requirements.begin(), requirements.end(),
      [](const Requirement& a, const Requirement& b) { return a.key < b.key; });
}

absl::StatusOr<Requirement> FromExpression(const Value& expression) {
  static constexpr std::pair<absl::string_view, Operator> kOperators[] = {
      {"In", Operator::kIn},
      {"NotIn", Operator::kNotIn},
      {"Exists", Operator::kExists},
      {"DoesNotExist", Operator::kNotExists}};
  const absl::string_view name = expression.GetString("operator");
  const auto* found =
      std::find_if(std::begin(kOperators), std::end(kOperators),
                   [&](const auto& pair) { return pair.first == name; });
  if (found == std::end(kOperators)) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", name, "\" is not a valid label selector operator"));
  }
  Requirement requirement{
      found->second, std::string(expression.GetString("key")), {}};
  for (const Value& value : expression["values"].array()) {
    if (!value.is_string()) {
      return absl::InvalidArgumentError(
          "values of a label selector must be strings");
    }
    requirement.values.push_back(value.AsString());
  }
  std::sort(requirement.values.begin(), requirement.values.end());
  const bool takes_values =
      requirement.op == Operator::kIn || requirement.op == Operator::kNotIn;
  if (takes_values && requirement.values.empty()) {
    return absl::InvalidArgumentError(
        "values: Invalid value: []: for 'in', 'notin' operators, values set "
        "can't be empty");
  }
  if (!takes_values && !requirement.values.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "values: Invalid value: [\"",
        absl::StrJoin(requirement.values, "\",\""),
        "\"]: values set must be empty for exists and does not exist"));
  }
  WEIR_RETURN_IF_ERROR(CheckRequirement(requirement));
  return requirement;
}

}  // namespace

absl::StatusOr<LabelSelector> LabelSelector::Parse(absl::string_view text) {
  LabelSelector selector;
  WEIR_ASSIGN_OR_RETURN(selector.requirements_, Parser(text).Parse());
  SortByKey(selector.requirements_);
  return selector;
}

absl::StatusOr<LabelSelector> LabelSelector::FromValue(const Value& value) {
  if (value.is_null()) return Nothing();
  LabelSelector selector;
  for (const Value::Member& label : value["matchLabels"].object()) {
    if (!label.value.is_string()) {
      return absl::InvalidArgumentError(absl::StrCat(
          "matchLabels[", label.key, "] of a label selector must be a string"));
    }
    Requirement requirement{Operator::kIn, label.key, {label.value.AsString()}};
    WEIR_RETURN_IF_ERROR(CheckRequirement(requirement));
    selector.requirements_.push_back(std::move(requirement));
  }
  for (const Value& expression : value["matchExpressions"].array()) {
    WEIR_ASSIGN_OR_RETURN(Requirement requirement, FromExpression(expression));
    selector.requirements_.push_back(std::move(requirement));
  }
  SortByKey(selector.requirements_);
  return selector;
}

LabelSelector LabelSelector::Nothing() {
  LabelSelector selector;
  selector.matches_nothing_ = true;
  return selector;
}

bool LabelSelector::Matches(const Value& labels) const {
  if (matches_nothing_) return false;
  return std::all_of(requirements_.begin(), requirements_.end(),
                     [&](const Requirement& requirement) {
                       return Holds(requirement, labels.Find(requirement.key));
                     });
}

std::string LabelSelector::ToString() const {
  return absl::StrJoin(requirements_, ",",
                       [](std::string* out, const Requirement& requirement) {
                         out->append(Format(requirement));
                       });
}

namespace {

// Splits at commas that no backslash precedes; keeps the escapes.
std::vector<absl::string_view> SplitTerms(absl::string_view text) {
  std::vector<absl::string_view> terms;
  size_t start = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == ',') {
      terms.push_back(text.substr(start, i - start));
      start = i + 1;
    }
  }
  terms.push_back(text.substr(std::min(start, text.size())));
  return terms;
}

absl::StatusOr<std::string> Unescape(absl::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == ',' || text[i] == '=') {
      return absl::InvalidArgumentError(
          absl::StrCat("invalid field selector: unescaped character in value: ",
                       absl::string_view(&text[i], 1)));
    }
    if (text[i] != '\\') {
      out.push_back(text[i]);
      continue;
    }
    ++i;
    if (i == text.size() ||
        absl::string_view("\\,=").find(text[i]) == absl::string_view::npos) {
      return absl::InvalidArgumentError(
          absl::StrCat("invalid field selector: invalid escape sequence: ",
                       text.substr(i - 1, 2)));
    }
    out.push_back(text[i]);
  }
  return out;
}

}  // namespace

absl::StatusOr<std::vector<Requirement>> ParseFieldSelector(
    absl::string_view text) {
  std::vector<Requirement> requirements;
  for (absl::string_view term : SplitTerms(text)) {
    if (term.empty()) continue;
    // The first operator splits the term.
    size_t at = 0, length = 0;
    for (; at < term.size() && length == 0; at += length == 0 ? 1 : 0) {
      if (term[at] == '\\') {
        ++at;
      } else if (absl::StartsWith(term.substr(at), "!=") ||
                 absl::StartsWith(term.substr(at), "==")) {
        length = 2;
      } else if (term[at] == '=') {
        length = 1;
      }
    }
    if (length == 0) {
      return absl::InvalidArgumentError(absl::StrCat(
          "invalid selector: '", text, "'; can't understand '", term, "'"));
    }
    Requirement requirement{term[at] == '!' ? Operator::kNotIn : Operator::kIn,
                            std::string(term.substr(0, at)),
                            {}};
    WEIR_ASSIGN_OR_RETURN(std::string value,
                          Unescape(term.substr(at + length)));
    requirement.values.push_back(std::move(value));
    requirements.push_back(std::move(requirement));
  }
  return requirements;
}

}  // namespace weir::kube
