// A set of token types, and the sets that begin the grammar's rules.
//
// Touches: nothing.
// Threads: plain data.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>

#include "absl/strings/str_cat.h"
#include "lexer.h"

namespace weir::cel {

class TokenSet {
 public:
  constexpr TokenSet() = default;
  constexpr TokenSet(std::initializer_list<TokenType> types) {
    for (const TokenType type : types) bits_ |= Bit(type);
  }
  constexpr bool Has(TokenType type) const { return bits_ & Bit(type); }
  constexpr TokenSet operator|(TokenSet other) const {
    TokenSet both;
    both.bits_ = bits_ | other.bits_;
    return both;
  }
  // "':'" or "{'[', '{'}".
  std::string ToString() const {
    std::string out;
    int count = 0;
    for (int i = 0; i < 64; ++i) {
      if ((bits_ >> i & 1) == 0) continue;
      absl::StrAppend(&out, count++ == 0 ? "" : ", ",
                      TokenName(static_cast<TokenType>(i)));
    }
    return count == 1 ? out : absl::StrCat("{", out, "}");
  }

 private:
  static constexpr uint64_t Bit(TokenType type) {
    return uint64_t{1} << static_cast<int>(type);
  }
  uint64_t bits_ = 0;
};

inline constexpr TokenSet kPrimaryStarts = {
    TokenType::kLeftBracket, TokenType::kLeftBrace, TokenType::kLeftParen,
    TokenType::kDot,         TokenType::kMinus,     TokenType::kTrue,
    TokenType::kFalse,       TokenType::kNull,      TokenType::kFloat,
    TokenType::kInt,         TokenType::kUint,      TokenType::kString,
    TokenType::kBytes,       TokenType::kIdentifier};
inline constexpr TokenSet kExprStarts =
    kPrimaryStarts | TokenSet{TokenType::kExclamation};
inline constexpr TokenSet kOptionalExprStarts =
    kExprStarts | TokenSet{TokenType::kQuestion};
inline constexpr TokenSet kEscapedIdents = {TokenType::kIdentifier,
                                            TokenType::kEscapedIdentifier};
inline constexpr TokenSet kRelations = {
    TokenType::kEquals,       TokenType::kNotEquals,  TokenType::kIn,
    TokenType::kLess,         TokenType::kLessEquals, TokenType::kGreater,
    TokenType::kGreaterEquals};
inline constexpr TokenSet kProducts = {TokenType::kStar, TokenType::kSlash,
                                       TokenType::kPercent};
inline constexpr TokenSet kSums = {TokenType::kPlus, TokenType::kMinus};
inline constexpr TokenSet kMembers = {TokenType::kDot, TokenType::kLeftBracket};

}  // namespace weir::cel
