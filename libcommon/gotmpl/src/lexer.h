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
  static constexpr uint32_t kNowhere = UINT32_MAX;

  TokenType type = TokenType::kError;
  bool has_escape = false;  // Of kString: a backslash is in it.
  uint32_t pos = kNowhere;
  // Points into the input; of kError what is wrong, in the lexer.
  absl::string_view text;

  // As text/template's messages name it.
  std::string ToString() const;
};

class Lexer {
 public:
  // A function called break or continue takes the keyword's place.
  Lexer(absl::string_view input, bool break_ok, bool continue_ok)
      : begin_(input.data()),
        end_(input.data() + input.size()),
        at_(begin_),
        break_ok_(break_ok),
        continue_ok_(continue_ok) {}

  // After an error, the same error again.
  void Next(Token* token);
  // The next one that is no space.
  void NextNonSpace(Token* token);
  // Takes the field that comes next: its name, without the dot, and where the
  // dot is. False, and nothing is taken, when something else does, or what only
  // Next understands.
  bool NextField(absl::string_view* name, uint32_t* pos);

  // From 1; 0 for nowhere. Only messages ask, so lines are counted then.
  int LineOf(uint32_t pos) const;

 private:
  // What starts with `begin` and ends where the lexer is.
  void Take(TokenType type, const char* begin, Token* token) const;
  void Fail(const char* begin, std::string text, Token* token);
  Rune RuneAt(const char* at, size_t* size) const;

  void LexText(Token* token);
  bool SkipComment(Token* token);
  void LexInside(Token* token);
  void LexMark(Token* token);
  void LexRightDelim(Token* token);
  void LexOther(Token* token);
  void LexIdentifier(Token* token);
  void LexFieldOrVariable(TokenType type, Token* token);
  void LexQuoted(TokenType type, absl::string_view message, Token* token);
  void LexRawQuote(Token* token);
  void LexNumber(Token* token);
  bool ScanNumber();
  bool Accept(absl::string_view valid);
  void AcceptRun(absl::string_view valid);
  void SkipWord();
  void FailWord(const char* begin, Token* token);
  bool AtTerminator() const;
  bool IsRightDelim(const char* at) const;
  bool IsRightTrim(const char* at) const;

  const char* const begin_;
  const char* const end_;
  const char* at_;
  const bool break_ok_, continue_ok_;
  bool inside_action_ = false, has_failed_ = false;
  int paren_depth_ = 0;
  std::string error_;
  uint32_t error_pos_ = 0;
};

}  // namespace weir::gotmpl
