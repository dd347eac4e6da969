#include "lexer.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

namespace weir::cel {
namespace {

constexpr std::array<absl::string_view, 36> kNames = {
    "<EOF>",   "'=='",     "'!='",   "'in'",    "'<'",        "'<='",
    "'>='",    "'>'",      "'&&'",   "'||'",    "'['",        "']'",
    "'{'",     "'}'",      "'('",    "')'",     "'.'",        "','",
    "'-'",     "'!'",      "'?'",    "':'",     "'+'",        "'*'",
    "'/'",     "'%'",      "'true'", "'false'", "'null'",     "NUM_FLOAT",
    "NUM_INT", "NUM_UINT", "STRING", "BYTES",   "IDENTIFIER", "ESC_IDENTIFIER",
};

bool IsDigit(char32_t c) { return c >= '0' && c <= '9'; }
bool IsHex(char32_t c) {
  return IsDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
bool IsLetter(char32_t c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool IsSpace(char32_t c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f';
}

class Lexer {
 public:
  Lexer(const Source& source, Errors& errors)
      : source_(source), errors_(errors) {}

  std::vector<Token> Run() {
    while (at_ < source_.size()) {
      if (!SkipHidden()) Next();
    }
    Add(TokenType::kEnd, at_);
    return std::move(tokens_);
  }

 private:
  char32_t Peek(size_t ahead = 0) const { return source_[at_ + ahead]; }
  bool HasPoint(size_t offset) const { return offset < source_.size(); }

  void Add(TokenType type, size_t end) {
    tokens_.push_back(
        {type, static_cast<uint32_t>(at_), static_cast<uint32_t>(end)});
    at_ = end;
  }

  // The character at `failed` fits no token that begins here.
  void Fail(size_t failed) {
    errors_.Add(static_cast<int32_t>(at_),
                absl::StrCat("Syntax error: token recognition error at: '",
                             source_.Text(at_, failed + 1), "'"));
    at_ = std::min(failed + 1, source_.size());
  }

  bool SkipHidden() {
    if (IsSpace(Peek())) {
      ++at_;
      return true;
    }
    if (Peek() != '/' || Peek(1) != '/') return false;
    while (HasPoint(at_) && Peek() != '\n') ++at_;
    return true;
  }

  void Next() {
    const char32_t c = Peek();
    if (IsDigit(c) || (c == '.' && IsDigit(Peek(1)))) return Number();
    if (c == '"' || c == '\'') return Quoted(at_, false);
    if (IsLetter(c)) return Word();
    if (c == '`') return Escaped();
    Operator();
  }

  void Number() {
    size_t end = at_;
    if (Peek() == '0' && Peek(1) == 'x' && IsHex(Peek(2))) {
      end += 2;
      while (IsHex(source_[end])) ++end;
      return IntegerUpTo(end);
    }
    while (IsDigit(source_[end])) ++end;
    bool is_float = false;
    if (source_[end] == '.' && IsDigit(source_[end + 1])) {
      is_float = true;
      ++end;
      while (IsDigit(source_[end])) ++end;
    }
    if (source_[end] == 'e' || source_[end] == 'E') {
      size_t power = end + 1;
      if (source_[power] == '+' || source_[power] == '-') ++power;
      if (IsDigit(source_[power])) {
        is_float = true;
        while (IsDigit(source_[power])) ++power;
        end = power;
      }
    }
    if (is_float) return Add(TokenType::kFloat, end);
    IntegerUpTo(end);
  }

  void IntegerUpTo(size_t end) {
    const bool is_unsigned = source_[end] == 'u' || source_[end] == 'U';
    Add(is_unsigned ? TokenType::kUint : TokenType::kInt, end + is_unsigned);
  }

  void Word() {
    size_t quote = at_;
    bool is_bytes = false;
    bool is_raw = false;
    if (source_[quote] == 'b' || source_[quote] == 'B') {
      is_bytes = true;
      ++quote;
    }
    if (source_[quote] == 'r' || source_[quote] == 'R') {
      is_raw = true;
      ++quote;
    }
    size_t end = 0;
    size_t failed = 0;
    if ((is_bytes || is_raw) &&
        (source_[quote] == '"' || source_[quote] == '\'') &&
        StringEnd(quote, is_raw, end, failed)) {
      return Add(is_bytes ? TokenType::kBytes : TokenType::kString, end);
    }
    end = at_;
    while (IsLetter(source_[end]) || IsDigit(source_[end])) ++end;
    const std::string text = source_.Text(at_, end);
    TokenType type = TokenType::kIdentifier;
    if (text == "in") type = TokenType::kIn;
    if (text == "true") type = TokenType::kTrue;
    if (text == "false") type = TokenType::kFalse;
    if (text == "null") type = TokenType::kNull;
    Add(type, end);
  }

  void Quoted(size_t quote, bool is_raw) {
    size_t end = 0;
    size_t failed = 0;
    if (StringEnd(quote, is_raw, end, failed)) {
      return Add(TokenType::kString, end);
    }
    Fail(failed);
  }

  bool StringEnd(size_t quote, bool is_raw, size_t& end, size_t& failed) const {
    const char32_t mark = source_[quote];
    if (source_[quote + 1] == mark && source_[quote + 2] == mark &&
        LongStringEnd(quote, is_raw, end)) {
      return true;
    }
    size_t i = quote + 1;
    for (; HasPoint(i); ++i) {
      const char32_t c = source_[i];
      if (c == mark) {
        end = i + 1;
        return true;
      }
      if (c == '\n' || c == '\r') break;
      if (c == '\\' && !is_raw && !SkipEscape(i)) break;
    }
    failed = i;
    return false;
  }

  bool LongStringEnd(size_t quote, bool is_raw, size_t& end) const {
    const char32_t mark = source_[quote];
    for (size_t i = quote + 3; HasPoint(i); ++i) {
      if (source_[i] == mark && source_[i + 1] == mark &&
          source_[i + 2] == mark) {
        end = i + 3;
        return true;
      }
      if (source_[i] == '\\' && !is_raw && !SkipEscape(i)) return false;
    }
    return false;
  }

  // From a backslash to the last character of its sequence, or to the one
  // that fits none.
  bool SkipEscape(size_t& i) const {
    const char32_t c = source_[++i];
    int digits = 0;
    if (c == 'x' || c == 'X') digits = 2;
    if (c == 'u') digits = 4;
    if (c == 'U') digits = 8;
    for (int k = 0; k < digits; ++k) {
      if (!IsHex(source_[++i])) return false;
    }
    if (digits > 0) return true;
    if (c >= '0' && c <= '3') {
      for (int k = 0; k < 2; ++k) {
        ++i;
        if (source_[i] < '0' || source_[i] > '7') return false;
      }
      return true;
    }
    return c != 0 && c < 0x80 &&
           absl::string_view("abfnrtv\"'\\?`").find(static_cast<char>(c)) !=
               absl::string_view::npos;
  }

  void Escaped() {
    size_t end = at_ + 1;
    const auto fits = [](char32_t c) {
      return IsLetter(c) || IsDigit(c) || c == '.' || c == '-' || c == '/' ||
             c == ' ';
    };
    while (fits(source_[end])) ++end;
    if (source_[end] != '`' || end == at_ + 1) return Fail(end);
    Add(TokenType::kEscapedIdentifier, end + 1);
  }

  void Operator() {
    static constexpr std::pair<absl::string_view, TokenType> kOperators[] = {
        {"==", TokenType::kEquals},     {"!=", TokenType::kNotEquals},
        {"<=", TokenType::kLessEquals}, {">=", TokenType::kGreaterEquals},
        {"&&", TokenType::kAnd},        {"||", TokenType::kOr},
        {"<", TokenType::kLess},        {">", TokenType::kGreater},
        {"[", TokenType::kLeftBracket}, {"]", TokenType::kRightBracket},
        {"{", TokenType::kLeftBrace},   {"}", TokenType::kRightBrace},
        {"(", TokenType::kLeftParen},   {")", TokenType::kRightParen},
        {".", TokenType::kDot},         {",", TokenType::kComma},
        {"-", TokenType::kMinus},       {"!", TokenType::kExclamation},
        {"?", TokenType::kQuestion},    {":", TokenType::kColon},
        {"+", TokenType::kPlus},        {"*", TokenType::kStar},
        {"/", TokenType::kSlash},       {"%", TokenType::kPercent},
    };
    for (const auto& [text, type] : kOperators) {
      if (Peek() != static_cast<char32_t>(text[0])) continue;
      if (text.size() == 2 && Peek(1) != static_cast<char32_t>(text[1])) {
        continue;
      }
      return Add(type, at_ + text.size());
    }
    const bool begins_one = Peek() == '=' || Peek() == '&' || Peek() == '|';
    Fail(at_ + begins_one);
  }

  const Source& source_;
  Errors& errors_;
  std::vector<Token> tokens_;
  size_t at_ = 0;
};

}  // namespace

absl::string_view TokenName(TokenType type) {
  return kNames[static_cast<size_t>(type)];
}

std::vector<Token> Tokenize(const Source& source, Errors& errors) {
  return Lexer(source, errors).Run();
}

}  // namespace weir::cel
