// The tokens of an expression, longest match first, as the grammar of cel-go
// has them.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/strings/string_view.h"
#include "source.h"

namespace weir::cel {

// In the order in which messages list them.
enum class TokenType : uint8_t {
  kEnd,
  kEquals,
  kNotEquals,
  kIn,
  kLess,
  kLessEquals,
  kGreaterEquals,
  kGreater,
  kAnd,
  kOr,
  kLeftBracket,
  kRightBracket,
  kLeftBrace,
  kRightBrace,
  kLeftParen,
  kRightParen,
  kDot,
  kComma,
  kMinus,
  kExclamation,
  kQuestion,
  kColon,
  kPlus,
  kStar,
  kSlash,
  kPercent,
  kTrue,
  kFalse,
  kNull,
  kFloat,
  kInt,
  kUint,
  kString,
  kBytes,
  kIdentifier,
  kEscapedIdentifier,
};

// As messages name it: "'=='", "IDENTIFIER", "<EOF>".
absl::string_view TokenName(TokenType type);

struct Token {
  TokenType type;
  uint32_t begin;  // Offsets in code points.
  uint32_t end;
};

// Ends with one kEnd. What is no token is reported and left out.
std::vector<Token> Tokenize(const Source& source, Errors& errors);

}  // namespace weir::cel
