#include "token_stream.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace weir::cel {

const Token& TokenStream::Peek(size_t ahead) const {
  return tokens_[std::min(at_ + ahead, tokens_.size() - 1)];
}

std::string TokenStream::Text(const Token& token) const {
  return source_.Text(token.begin, token.end);
}

std::string TokenStream::Shown(const Token& token) const {
  const std::string text =
      token.type == TokenType::kEnd ? "<EOF>" : Text(token);
  return absl::StrCat(
      "'",
      absl::StrReplaceAll(text, {{"\n", "\\n"}, {"\r", "\\r"}, {"\t", "\\t"}}),
      "'");
}

Token TokenStream::Take() {
  is_recovering_ = false;
  failures_.clear();
  const Token token = Peek();
  if (at_ + 1 < tokens_.size()) ++at_;
  return token;
}

TokenSet TokenStream::InContext(TokenSet tokens, bool may_end) const {
  for (size_t i = rules_.size(); may_end && i > 0; --i) {
    tokens = tokens | rules_[i - 1].tokens;
    may_end = rules_[i - 1].may_end;
  }
  return tokens;
}

void TokenStream::Report(const Token& at, std::string message) {
  if (is_recovering_) return;
  is_recovering_ = true;
  errors_.Add(static_cast<int32_t>(at.begin),
              absl::StrCat("Syntax error: ", message));
}

void TokenStream::TellUnwanted(TokenSet expected) {
  Report(Peek(), absl::StrCat("extraneous input ", Shown(Peek()), " expecting ",
                              expected.ToString()));
}

bool TokenStream::Match(TokenType type, TokenSet next, bool may_end,
                        Token* token) {
  if (!At(type)) {
    if (Peek(1).type == type && !At(TokenType::kEnd)) {
      TellUnwanted({type});
      ++at_;
    } else if (InContext(next, may_end).Has(Peek().type)) {
      Report(Peek(),
             absl::StrCat("missing ", TokenName(type), " at ", Shown(Peek())));
      if (token != nullptr) *token = Peek();
      return true;
    } else {
      Report(Peek(), absl::StrCat("mismatched input ", Shown(Peek()),
                                  " expecting ", TokenName(type)));
      return false;
    }
  }
  const Token taken = Take();
  if (token != nullptr) *token = taken;
  return true;
}

bool TokenStream::Sync(TokenSet expected) {
  if (is_recovering_ || expected.Has(type())) return true;
  if (!At(TokenType::kEnd) && expected.Has(Peek(1).type)) {
    TellUnwanted(expected);
    ++at_;
    is_recovering_ = false;
    return true;
  }
  Report(Peek(), absl::StrCat("mismatched input ", Shown(Peek()), " expecting ",
                              expected.ToString()));
  return false;
}

void TokenStream::SyncLoop(TokenSet expected) {
  if (is_recovering_ || expected.Has(type())) return;
  TellUnwanted(expected);
  TokenSet stop = expected;
  for (const Follow& rule : rules_) stop = stop | rule.tokens;
  while (!At(TokenType::kEnd) && !stop.Has(type())) ++at_;
}

void TokenStream::NoViable(size_t begin) {
  std::string text;
  if (begin == at_ && At(TokenType::kEnd)) {
    text = "<EOF>";
  } else {
    text = source_.Text(tokens_[begin].begin, At(TokenType::kEnd) && at_ > 0
                                                  ? tokens_[at_ - 1].end
                                                  : Peek().end);
  }
  text =
      absl::StrReplaceAll(text, {{"\n", "\\n"}, {"\r", "\\r"}, {"\t", "\\t"}});
  // A message of before reserved words were tokens.
  if (text == ".true" || text == ".false" || text == ".null") {
    return Report(Peek(), absl::StrCat("mismatched input '", text.substr(1),
                                       "' expecting IDENTIFIER"));
  }
  Report(Peek(), absl::StrCat("no viable alternative at input '", text, "'"));
}

void TokenStream::Recover() {
  is_recovering_ = true;
  if (!failures_.emplace(at_, rules_.size()).second && !At(TokenType::kEnd)) {
    ++at_;
  }
  TokenSet stop;
  for (const Follow& rule : rules_) stop = stop | rule.tokens;
  while (!At(TokenType::kEnd) && !stop.Has(type())) ++at_;
}

}  // namespace weir::cel
