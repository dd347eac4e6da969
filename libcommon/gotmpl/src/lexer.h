// Tokens of a template's text.
//
// Touches: nothing.
// Threads: one thread each.
#pragma once

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "unicode.h"

namespace weir::gotmpl {

enum class TokenType : uint8_t {
  kError,
  kBool,
  kChar,
  kCharConstant,
  kComplex,
  kAssign,
  kDeclare,
  kEof,
  kField,
  kIdentifier,
  kLeftDelim,
  kLeftParen,
  kNumber,
  kPipe,
  kRawString,
  kRightDelim,
  kRightParen,
  kSpace,
  kString,
  kText,
  kVariable,
  // Keywords follow.
  kBlock,
  kBreak,
  kContinue,
  kDot,
  kDefine,
  kElse,
  kEnd,
  kIf,
  kNil,
  kRange,
  kTemplate,
  kWith,
};

struct Token {
  TokenType type = TokenType::kError;
  int line = 0;
  size_t pos = 0;
  // Points into the input; of kError what is wrong, in the lexer.
  absl::string_view text;

  // As text/template's messages name it.
  std::string ToString() const;
};

class Lexer {
 public:
  // A function called break or continue takes the keyword's place.
  Lexer(absl::string_view input, bool break_ok, bool continue_ok)
      : input_(input), break_ok_(break_ok), continue_ok_(continue_ok) {}

  Token Next();

 private:
  Rune Read();
  void Back();
  Rune Peek();
  bool Accept(absl::string_view valid);
  void AcceptRun(absl::string_view valid);
  Token Take(TokenType type);
  void Ignore();
  Token Error(std::string text);
  absl::string_view rest() const { return input_.substr(pos_); }

  Token LexText();
  bool SkipComment(Token* error);
  Token LexRightDelim();
  Token LexInside();
  Token LexSpace();
  Rune SkipWord();
  Token LexIdentifier();
  Token LexFieldOrVariable(TokenType type);
  Token LexNumber();
  bool ScanNumber();
  Token LexQuoted(Rune quote, TokenType type, absl::string_view message);
  Token LexRawQuote();
  bool AtTerminator();
  bool AtRightDelim(bool* trims) const;

  absl::string_view input_;
  std::string error_;  // The first one.
  const bool break_ok_, continue_ok_;
  size_t pos_ = 0, start_ = 0;
  bool at_eof_ = false, inside_action_ = false;
  int paren_depth_ = 0, line_ = 1, start_line_ = 1;
};

}  // namespace weir::gotmpl
