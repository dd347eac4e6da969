#include "src/model/selector.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "src/model/scalar.h"
#include "weir/base/status.h"
#include "weir/text/regex.h"

namespace weir::kustomize {

struct Pattern::Regex {
  text::Regex re;
};

namespace {

// What Go's package says where RE2's library says otherwise.
std::string GoRegexError(absl::string_view message,
                         const std::string& pattern) {
  const absl::string_view reason =
      message.substr(std::min(message.size(), message.rfind("': ") + 3));
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(reason, absl::MaxSplits(": ", 1));
  static constexpr std::pair<absl::string_view, absl::string_view> kWords[] = {
      {"missing )", "missing closing )"},
      {"missing ]", "missing closing ]"},
      {"no argument for repetition operator",
       "missing argument to repetition operator"},
      {"bad repetition operator", "invalid nested repetition operator"},
      {"invalid repetition size", "invalid repeat count"},
      {"trailing \\", "trailing backslash at end of expression"}};
  absl::string_view words = parts.first;
  for (const auto& [theirs, go] : kWords) {
    if (theirs == words) words = go;
  }
  return absl::StrCat(
      "error parsing regexp: ", words, ": `",
      parts.second.empty() ? absl::string_view(pattern) : parts.second, "`");
}

absl::StatusOr<std::shared_ptr<const Pattern::Regex>> CompileRegex(
    const std::string& pattern) {
  absl::StatusOr<text::Regex> regex = text::Regex::Compile(pattern);
  if (!regex.ok()) {
    return BuildError(GoRegexError(regex.status().message(), pattern));
  }
  return std::make_shared<const Pattern::Regex>(
      Pattern::Regex{*std::move(regex)});
}

bool Search(const Pattern::Regex& regex, absl::string_view text) {
  return regex.re.Matches(text);
}

bool IsPlain(absl::string_view text) {
  for (char c : text) {
    if (!absl::ascii_isalnum(c) && c != '-' && c != '_' && c != '/') {
      return false;
    }
  }
  return true;
}

// Reads the words and signs of a label selector.
class SelectorLexer {
 public:
  explicit SelectorLexer(absl::string_view text) : text_(text) {}

  // The next token, empty at the end. "in" and "notin" are words.
  absl::string_view Next() {
    while (at_ < text_.size() && absl::ascii_isspace(text_[at_])) ++at_;
    if (at_ >= text_.size()) return {};
    const size_t start = at_;
    if (IsSign(text_[at_])) {
      ++at_;
      if (text_[start] != ',' && text_[start] != '(' && text_[start] != ')' &&
          at_ < text_.size() && text_[at_] == '=') {
        ++at_;
      }
    } else {
      while (at_ < text_.size() && !IsSign(text_[at_]) &&
             !absl::ascii_isspace(text_[at_])) {
        ++at_;
      }
    }
    return text_.substr(start, at_ - start);
  }
  absl::string_view Peek() {
    const size_t saved = at_;
    absl::string_view token = Next();
    at_ = saved;
    return token;
  }
  static bool IsSign(char c) {
    return c == '=' || c == '!' || c == '(' || c == ')' || c == ',' ||
           c == '<' || c == '>';
  }
  static bool IsWord(absl::string_view token) {
    return !token.empty() && !IsSign(token[0]);
  }

 private:
  absl::string_view text_;
  size_t at_ = 0;
};

}  // namespace

absl::StatusOr<Pattern> Pattern::Compile(const std::string& text) {
  Pattern pattern;
  if (text.empty() || IsPlain(text)) {
    pattern.literal_ = text;
    return pattern;
  }
  pattern.is_literal_ = false;
  WEIR_ASSIGN_OR_RETURN(pattern.regex_,
                        CompileRegex(absl::StrCat("^(?:", text, ")$")));
  return pattern;
}

bool Pattern::Matches(absl::string_view text) const {
  if (is_literal_) return literal_.empty() || literal_ == text;
  return Search(*regex_, text);
}

absl::StatusOr<SearchPattern> SearchPattern::Compile(const std::string& text) {
  SearchPattern pattern;
  WEIR_ASSIGN_OR_RETURN(pattern.regex_, CompileRegex(text));
  return pattern;
}

bool SearchPattern::Matches(absl::string_view text) const {
  return Search(*regex_, text);
}

absl::StatusOr<LabelSelector> LabelSelector::Parse(absl::string_view text) {
  LabelSelector selector;
  SelectorLexer lexer(text);
  const absl::Status bad =
      BuildError(absl::StrCat("unable to parse requirement: \"", text, "\""));
  if (lexer.Peek().empty()) return selector;
  while (true) {
    Requirement requirement;
    using Op = Requirement::Op;
    absl::string_view token = lexer.Next();
    if (token == "!") {
      requirement.op = Op::kAbsent;
      token = lexer.Next();
      if (!SelectorLexer::IsWord(token)) return bad;
      requirement.key = std::string(token);
    } else {
      if (!SelectorLexer::IsWord(token)) return bad;
      requirement.key = std::string(token);
      requirement.op = Op::kExists;
      const absl::string_view sign = lexer.Peek();
      if (sign == "in" || sign == "notin") {
        requirement.op = sign == "in" ? Op::kIn : Op::kNotIn;
        lexer.Next();
        if (lexer.Next() != "(") return bad;
        while (true) {
          token = lexer.Next();
          if (SelectorLexer::IsWord(token)) {
            requirement.values.emplace_back(token);
            token = lexer.Next();
          } else {
            requirement.values.emplace_back();
          }
          if (token == ")") break;
          if (token != ",") return bad;
        }
      } else if (sign == "=" || sign == "==" || sign == "!=" || sign == ">" ||
                 sign == "<") {
        requirement.op = sign == ">"    ? Op::kGreater
                         : sign == "<"  ? Op::kLess
                         : sign == "!=" ? Op::kNotIn
                                        : Op::kIn;
        lexer.Next();
        if (SelectorLexer::IsWord(lexer.Peek())) {
          requirement.values.emplace_back(lexer.Next());
        } else {
          requirement.values.emplace_back();
        }
      }
    }
    selector.requirements_.push_back(std::move(requirement));
    token = lexer.Next();
    if (token.empty()) return selector;
    if (token != ",") return bad;
  }
}

bool LabelSelector::Matches(const Resource& resource,
                            absl::string_view field) const {
  if (requirements_.empty()) return true;
  const Value& map = resource.tree()["metadata"][field];
  for (const Requirement& requirement : requirements_) {
    using Op = Requirement::Op;
    const Value* found = map.Find(requirement.key);
    const std::string text = found == nullptr ? "" : ScalarText(*found);
    bool in = false;
    for (const std::string& value : requirement.values) in |= value == text;
    bool holds = false;
    switch (requirement.op) {
      case Op::kIn:
        holds = found != nullptr && in;
        break;
      case Op::kNotIn:
        holds = found == nullptr || !in;
        break;
      case Op::kExists:
        holds = found != nullptr;
        break;
      case Op::kAbsent:
        holds = found == nullptr;
        break;
      case Op::kGreater:
      case Op::kLess: {
        int64_t have = 0;
        int64_t limit = 0;
        holds = found != nullptr && absl::SimpleAtoi(text, &have) &&
                absl::SimpleAtoi(requirement.values[0], &limit) &&
                (requirement.op == Op::kGreater ? have > limit : have < limit);
        break;
      }
    }
    if (!holds) return false;
  }
  return true;
}

absl::StatusOr<Selector> Selector::Compile(const SelectorSpec& spec) {
  Selector selector;
  WEIR_ASSIGN_OR_RETURN(selector.group_, Pattern::Compile(spec.group));
  WEIR_ASSIGN_OR_RETURN(selector.version_, Pattern::Compile(spec.version));
  WEIR_ASSIGN_OR_RETURN(selector.kind_, Pattern::Compile(spec.kind));
  WEIR_ASSIGN_OR_RETURN(selector.name_, Pattern::Compile(spec.name));
  WEIR_ASSIGN_OR_RETURN(selector.ns_, Pattern::Compile(spec.ns));
  WEIR_ASSIGN_OR_RETURN(selector.labels_,
                        LabelSelector::Parse(spec.label_selector));
  WEIR_ASSIGN_OR_RETURN(selector.annotations_,
                        LabelSelector::Parse(spec.annotation_selector));
  return selector;
}

bool Selector::Matches(const Resource& resource) const {
  const ResId& current = resource.CurId();
  if (!kind_.Matches(current.gvk.kind) || !group_.Matches(current.gvk.group) ||
      !version_.Matches(current.gvk.version)) {
    return false;
  }
  const bool renamed = !resource.previous.empty();
  if (!name_.Matches(current.name) &&
      !(renamed && name_.Matches(resource.previous[0].name))) {
    return false;
  }
  if (!ns_.Matches(current.EffectiveNamespace()) &&
      !(renamed && ns_.Matches(resource.previous[0].ns))) {
    return false;
  }
  return MatchesMetadata(resource);
}

bool Selector::MatchesId(const ResId& id) const {
  return kind_.Matches(id.gvk.kind) && group_.Matches(id.gvk.group) &&
         version_.Matches(id.gvk.version) && name_.Matches(id.name) &&
         ns_.Matches(id.ns);
}

bool Selector::MatchesMetadata(const Resource& resource) const {
  return labels_.Matches(resource, "labels") &&
         annotations_.Matches(resource, "annotations");
}

}  // namespace weir::kustomize
