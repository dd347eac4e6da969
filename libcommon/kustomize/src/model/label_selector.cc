#include "src/model/label_selector.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "src/model/scalar.h"
#include "weir/base/status.h"
#include "weir/value/go_quote.h"

namespace weir::kustomize {
namespace {

using Requirement = LabelSelector::Requirement;
using Op = Requirement::Op;

enum class Token { kEnd, kError, kWord, kIn, kNotIn, kSign };

struct Item {
  Token token = Token::kEnd;
  std::string text;

  bool Is(absl::string_view sign) const {
    return token == Token::kSign && text == sign;
  }
  // Where a value may stand, "in" is one.
  bool is_word() const {
    return token == Token::kWord || token == Token::kIn ||
           token == Token::kNotIn;
  }
};

bool IsSignCharacter(char c) { return absl::StrContains("=!(),<>", c); }

bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

bool IsSign(absl::string_view text) {
  static constexpr absl::string_view kSigns[] = {"=", "==", "!=", "!", "(",
                                                 ")", ",",  "<",  ">"};
  return std::find(std::begin(kSigns), std::end(kSigns), text) !=
         std::end(kSigns);
}

std::vector<Item> Scan(absl::string_view text) {
  std::vector<Item> items;
  size_t at = 0;
  while (true) {
    while (at < text.size() && IsSpace(text[at])) ++at;
    if (at >= text.size() || text[at] == '\0') break;
    size_t end = at;
    if (IsSignCharacter(text[at])) {
      while (end < text.size() && IsSignCharacter(text[end]) &&
             IsSign(text.substr(at, end + 1 - at))) {
        ++end;
      }
      items.push_back({Token::kSign, std::string(text.substr(at, end - at))});
    } else {
      while (end < text.size() && !IsSignCharacter(text[end]) &&
             !IsSpace(text[end]) && text[end] != '\0') {
        ++end;
      }
      const absl::string_view word = text.substr(at, end - at);
      items.push_back({word == "in"      ? Token::kIn
                       : word == "notin" ? Token::kNotIn
                                         : Token::kWord,
                       std::string(word)});
    }
    at = end;
  }
  items.emplace_back();
  return items;
}

constexpr char kCharacters[] =
    "consist of alphanumeric characters, '-', '_' or '.', and must start and "
    "end with an alphanumeric character";
constexpr char kNameRegex[] = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";

bool IsName(absl::string_view text) {
  if (text.empty() || !absl::ascii_isalnum(text.front()) ||
      !absl::ascii_isalnum(text.back())) {
    return false;
  }
  return std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isalnum(c) || absl::StrContains("-_.", c);
  });
}

bool IsSubdomain(absl::string_view text) {
  for (absl::string_view part : absl::StrSplit(text, '.')) {
    const auto is_good = [](char c) {
      return absl::ascii_islower(c) || absl::ascii_isdigit(c);
    };
    if (part.empty() || !is_good(part.front()) || !is_good(part.back()) ||
        !std::all_of(part.begin(), part.end(),
                     [&](char c) { return is_good(c) || c == '-'; })) {
      return false;
    }
  }
  return true;
}

std::string TooLong(int limit) {
  return absl::StrCat("must be no more than ", limit, " characters");
}

std::string NameExample() {
  return absl::StrCat("must ", kCharacters,
                      " (e.g. 'MyName',  or 'my.name',  or '123-abc', regex "
                      "used for validation is '",
                      kNameRegex, "')");
}

absl::Status CheckKey(const std::string& key) {
  std::vector<std::string> wrong;
  const std::vector<std::string> parts = absl::StrSplit(key, '/');
  const std::string& name = parts.back();
  if (parts.size() > 2) {
    wrong.push_back(absl::StrCat("a qualified name ", NameExample(),
                                 " with an optional DNS subdomain prefix and "
                                 "'/' (e.g. 'example.com/MyName')"));
  } else {
    const bool has_prefix = parts.size() == 2;
    if (has_prefix && parts[0].empty()) {
      wrong.push_back("prefix part must be non-empty");
    } else if (has_prefix) {
      if (parts[0].size() > 253) {
        wrong.push_back(absl::StrCat("prefix part ", TooLong(253)));
      }
      if (!IsSubdomain(parts[0])) {
        wrong.push_back(
            "prefix part a DNS-1123 subdomain must consist of lower case "
            "alphanumeric characters, '-' or '.', and must start and end with "
            "an alphanumeric character (e.g. 'example.com', regex used for "
            "validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?"
            "(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')");
      }
    }
    if (name.empty()) {
      wrong.push_back("name part must be non-empty");
    } else if (name.size() > 63) {
      wrong.push_back(absl::StrCat("name part ", TooLong(63)));
    }
    if (!IsName(name)) {
      wrong.push_back(absl::StrCat("name part ", NameExample()));
    }
  }
  if (wrong.empty()) return absl::OkStatus();
  return BuildError(absl::StrCat("invalid label key ", GoQuote(key), ": ",
                                 absl::StrJoin(wrong, "; ")));
}

absl::Status CheckValue(const std::string& key, const std::string& value) {
  std::vector<std::string> wrong;
  if (value.size() > 63) wrong.push_back(TooLong(63));
  if (!value.empty() && !IsName(value)) {
    wrong.push_back(
        absl::StrCat("a valid label must be an empty string or ", kCharacters,
                     " (e.g. 'MyValue',  or 'my_value',  or '12345', regex "
                     "used for validation is '(",
                     kNameRegex, ")?')"));
  }
  if (wrong.empty()) return absl::OkStatus();
  return BuildError(absl::StrCat("invalid label value: ", GoQuote(value),
                                 ": at key: ", GoQuote(key), ": ",
                                 absl::StrJoin(wrong, "; ")));
}

absl::Status Found(const Item& item, absl::string_view expected) {
  return BuildError(absl::StrCat("found '", item.text, "'", expected));
}

class Parser {
 public:
  explicit Parser(absl::string_view text) : items_(Scan(text)) {}

  absl::Status Parse(std::vector<Requirement>* requirements) {
    while (true) {
      if (Peek().token == Token::kEnd) return absl::OkStatus();
      if (!Peek().is_word() && !Peek().Is("!")) {
        return Found(Peek(), ", expected: !, identifier, or 'end of string'");
      }
      Requirement requirement;
      WEIR_RETURN_IF_ERROR(ParseRequirement(&requirement),
                           "unable to parse requirement");
      requirements->push_back(std::move(requirement));
      const Item& next = Take();
      if (next.token == Token::kEnd) return absl::OkStatus();
      if (!next.Is(",")) {
        return Found(next, ", expected: ',' or 'end of string'");
      }
      if (!Peek().is_word() && !Peek().Is("!")) {
        return Found(Peek(), ", expected: identifier after ','");
      }
    }
  }

 private:
  const Item& Peek() const { return items_[std::min(at_, items_.size() - 1)]; }
  const Item& Take() {
    const Item& item = Peek();
    ++at_;
    return item;
  }

  absl::Status ParseRequirement(Requirement* out) {
    const bool absent = Peek().Is("!");
    if (absent) Take();
    const Item& key = Take();
    if (!key.is_word()) return Found(key, ", expected: identifier");
    WEIR_RETURN_IF_ERROR(CheckKey(key.text));
    out->key = key.text;
    out->op = absent ? Op::kAbsent : Op::kExists;
    if (absent || Peek().token == Token::kEnd || Peek().Is(",")) {
      return absl::OkStatus();
    }
    const Item& sign = Take();
    if (sign.token == Token::kIn || sign.token == Token::kNotIn) {
      out->op = sign.token == Token::kIn ? Op::kIn : Op::kNotIn;
      WEIR_RETURN_IF_ERROR(ParseValues(&out->values));
    } else if (sign.Is("=") || sign.Is("==") || sign.Is("!=") || sign.Is("<") ||
               sign.Is(">")) {
      out->op = sign.Is("!=")  ? Op::kNotIn
                : sign.Is("<") ? Op::kLess
                : sign.Is(">") ? Op::kGreater
                               : Op::kIn;
      WEIR_RETURN_IF_ERROR(ParseValue(&out->values));
    } else {
      return Found(sign, ", expected: '=', '!=', '==', 'in', notin'");
    }
    if ((out->op == Op::kLess || out->op == Op::kGreater) &&
        !absl::SimpleAtoi(out->values[0], &out->limit)) {
      return BuildError(
          "for 'Gt', 'Lt' operators, the value must be an integer");
    }
    std::sort(out->values.begin(), out->values.end());
    for (const std::string& value : out->values) {
      WEIR_RETURN_IF_ERROR(CheckValue(out->key, value));
    }
    return absl::OkStatus();
  }

  absl::Status ParseValue(std::vector<std::string>* values) {
    if (Peek().token == Token::kEnd || Peek().Is(",")) {
      values->emplace_back();
      return absl::OkStatus();
    }
    const Item& value = Take();
    if (!value.is_word()) return Found(value, ", expected: identifier");
    values->push_back(value.text);
    return absl::OkStatus();
  }

  absl::Status ParseValues(std::vector<std::string>* values) {
    if (!Peek().Is("(")) return Found(Peek(), " expected: '('");
    Take();
    if (Peek().Is(")")) {
      Take();
      values->emplace_back();
      return absl::OkStatus();
    }
    if (!Peek().is_word() && !Peek().Is(",")) {
      return Found(Peek(), ", expected: ',', ')' or identifier");
    }
    while (true) {
      const Item& item = Take();
      if (item.is_word()) {
        values->push_back(item.text);
        if (Peek().Is(")")) break;
        if (!Peek().Is(",")) return Found(Peek(), ", expected: ',' or ')'");
      } else if (item.Is(",")) {
        if (values->empty()) values->emplace_back();
        if (Peek().Is(")")) {
          values->emplace_back();
          break;
        }
        if (Peek().Is(",")) {
          Take();
          values->emplace_back();
        }
      } else {
        return Found(item, ", expected: ',', or identifier");
      }
    }
    Take();
    return absl::OkStatus();
  }

  const std::vector<Item> items_;
  size_t at_ = 0;
};

bool Holds(const Requirement& requirement, const Value* found) {
  const std::string text = found == nullptr ? "" : ScalarText(*found);
  const auto& values = requirement.values;
  const bool in = std::find(values.begin(), values.end(), text) != values.end();
  int64_t number = 0;
  switch (requirement.op) {
    case Op::kIn:
      return found != nullptr && in;
    case Op::kNotIn:
      return found == nullptr || !in;
    case Op::kExists:
      return found != nullptr;
    case Op::kAbsent:
      return found == nullptr;
    case Op::kGreater:
      return found != nullptr && absl::SimpleAtoi(text, &number) &&
             number > requirement.limit;
    case Op::kLess:
      return found != nullptr && absl::SimpleAtoi(text, &number) &&
             number < requirement.limit;
  }
  return false;
}

}  // namespace

LabelSelector::LabelSelector(absl::string_view text)
    : error_(Parser(text).Parse(&requirements_)) {}

absl::StatusOr<bool> LabelSelector::Matches(const Resource& resource,
                                            absl::string_view field) const {
  if (!error_.ok()) return error_;
  if (requirements_.empty()) return true;
  const Value& map = resource.tree()["metadata"][field];
  for (const Requirement& requirement : requirements_) {
    if (!Holds(requirement, map.Find(requirement.key))) return false;
  }
  return true;
}

}  // namespace weir::kustomize
