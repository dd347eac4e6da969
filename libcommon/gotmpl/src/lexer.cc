#include "lexer.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "go_strconv.h"

namespace weir::gotmpl {
namespace {

constexpr absl::string_view kComment = "/*", kCommentEnd = "*/";
constexpr size_t kDelimBytes = 2, kTrimBytes = 2;

// In the order of their first letters.
constexpr std::pair<absl::string_view, TokenType> kKeywords[] = {
    {"block", TokenType::kBlock},       {"break", TokenType::kBreak},
    {"continue", TokenType::kContinue}, {"define", TokenType::kDefine},
    {"else", TokenType::kElse},         {"end", TokenType::kEnd},
    {"false", TokenType::kBool},        {"if", TokenType::kIf},
    {"nil", TokenType::kNil},           {"range", TokenType::kRange},
    {"template", TokenType::kTemplate}, {"true", TokenType::kBool},
    {"with", TokenType::kWith},
};

// Where a letter's keywords start, and behind the last letter where they end.
constexpr std::array<uint8_t, 27> MakeFirstKeywords() {
  std::array<uint8_t, 27> first{};
  for (const auto& [keyword, type] : kKeywords) {
    for (size_t i = static_cast<size_t>(keyword[0] - 'a') + 1; i < 27; ++i) {
      ++first[i];
    }
  }
  return first;
}
constexpr std::array<uint8_t, 27> kFirstKeywords = MakeFirstKeywords();

// What a byte may be; several at once.
enum : uint8_t {
  kBlank = 1,
  kWord = 2,        // Letters, digits and the underscore.
  kTerminator = 4,  // May follow a word or a field.
  kSmall = 8,       // "a" to "z".
  kDigit = 16,
  kMark = 32,  // What LexMark knows.
};

constexpr std::array<uint8_t, 256> MakeClasses() {
  constexpr absl::string_view kLetters = "abcdefghijklmnopqrstuvwxyz";
  std::array<uint8_t, 256> classes{};
  const auto add = [&classes](absl::string_view bytes, uint8_t what) {
    for (const char c : bytes) {
      classes[static_cast<unsigned char>(c)] |= what;
    }
  };
  add(" \t\r\n", kBlank | kTerminator | kMark);
  add(kLetters, kWord | kSmall);
  add("ABCDEFGHIJKLMNOPQRSTUVWXYZ_", kWord);
  add("0123456789", kWord | kDigit);
  add(".,|:)(", kTerminator);
  add("}=:|\"`$'()", kMark);
  return classes;
}
constexpr std::array<uint8_t, 256> kClasses = MakeClasses();

bool Is(char c, uint8_t what) {
  return (kClasses[static_cast<unsigned char>(c)] & what) != 0;
}

bool IsAscii(char c) { return (static_cast<unsigned char>(c) & 0x80) == 0; }

bool IsLetterOrDigit(Rune rune) {
  if (rune < 0) return false;
  if (rune < 0x80) return Is(static_cast<char>(rune), kWord);
  return IsLetter(rune) || IsDigit(rune);
}

// %#U
std::string DescribeRune(Rune rune) {
  if (rune < 0) return "U+FFFFFFFFFFFFFFFF";
  std::string out = absl::StrFormat("U+%04X", rune);
  if (IsPrint(rune)) {
    out.append(" '");
    AppendRune(rune, &out);
    out.push_back('\'');
  }
  return out;
}

// Where the next "{{" is, or the end.
const char* FindLeftDelim(const char* at, const char* end) {
  while (end - at >= 2) {
    const void* found = std::memchr(at, '{', static_cast<size_t>(end - at) - 1);
    if (found == nullptr) return end;
    at = static_cast<const char*>(found);
    if (at[1] == '{') return at;
    ++at;
  }
  return end;
}

const char* SkipBlanks(const char* at, const char* end) {
  while (at != end && Is(*at, kBlank)) ++at;
  return at;
}

bool IsLeftTrim(const char* at, const char* end) {
  return end - at >= 2 && at[0] == '-' && Is(at[1], kBlank);
}

}  // namespace

std::string Token::ToString() const {
  if (type == TokenType::kEof) return "EOF";
  if (type == TokenType::kError) return std::string(text);
  if (type >= TokenType::kBlock) return absl::StrCat("<", text, ">");
  absl::string_view shown = text;
  std::string out;
  if (text.size() > 10) {
    size_t end = 0;
    for (int i = 0; i < 10 && end < text.size(); ++i) {
      size_t size = 1;
      DecodeRune(text.substr(end), &size);
      end += size;
    }
    shown = text.substr(0, end);
  }
  AppendQuoted(shown, false, &out);
  if (text.size() > 10) out.append("...");
  return out;
}

int Lexer::LineOf(uint32_t pos) const {
  if (pos == Token::kNowhere) return 0;
  return 1 + static_cast<int>(std::count(begin_, begin_ + pos, '\n'));
}

inline void Lexer::Take(TokenType type, const char* begin, Token* token) const {
  token->type = type;
  token->pos = static_cast<uint32_t>(begin - begin_);
  token->text = absl::string_view(begin, static_cast<size_t>(at_ - begin));
}

void Lexer::Fail(const char* begin, std::string text, Token* token) {
  has_failed_ = true;
  error_ = std::move(text);
  error_pos_ = static_cast<uint32_t>(begin - begin_);
  Next(token);
}

// The code point at `at`, which is -1 at the end.
Rune Lexer::RuneAt(const char* at, size_t* size) const {
  *size = 1;
  if (at == end_) return -1;
  if (IsAscii(*at)) return *at;
  return DecodeRune(absl::string_view(at, static_cast<size_t>(end_ - at)),
                    size);
}

inline bool Lexer::IsRightDelim(const char* at) const {
  return end_ - at >= 2 && at[0] == '}' && at[1] == '}';
}

// " -}}"
inline bool Lexer::IsRightTrim(const char* at) const {
  return end_ - at >= 4 && at[1] == '-' && Is(at[0], kBlank) &&
         IsRightDelim(at + kTrimBytes);
}

void Lexer::LexText(Token* token) {
  while (true) {
    const char* const begin = at_;
    const char* const delim = FindLeftDelim(begin, end_);
    at_ = delim;
    if (delim == end_) {
      return Take(begin == end_ ? TokenType::kEof : TokenType::kText, begin,
                  token);
    }
    const char* inside = delim + kDelimBytes;
    const bool is_trimmed = IsLeftTrim(inside, end_);
    if (delim != begin) {
      if (is_trimmed) {
        while (at_ != begin && Is(at_[-1], kBlank)) --at_;
      }
      if (at_ != begin) {
        Take(TokenType::kText, begin, token);
        at_ = delim;
        return;
      }
    }
    if (is_trimmed) inside += kTrimBytes;
    at_ = inside;
    if (absl::StartsWith({inside, static_cast<size_t>(end_ - inside)},
                         kComment)) {
      if (!SkipComment(token)) return;
      continue;
    }
    inside_action_ = true;
    paren_depth_ = 0;
    at_ = delim + kDelimBytes;
    Take(TokenType::kLeftDelim, delim, token);
    at_ = inside;
    return;
  }
}

// Stands at "/*"; false, and an error, when the comment is none.
bool Lexer::SkipComment(Token* token) {
  const char* const begin = at_;
  const char* const text = at_ + kComment.size();
  const size_t size = absl::string_view(text, static_cast<size_t>(end_ - text))
                          .find(kCommentEnd);
  if (size == absl::string_view::npos) {
    Fail(begin, "unclosed comment", token);
    return false;
  }
  at_ = text + size + kCommentEnd.size();
  if (IsRightTrim(at_)) {
    at_ = SkipBlanks(at_ + kTrimBytes + kDelimBytes, end_);
  } else if (IsRightDelim(at_)) {
    at_ += kDelimBytes;
  } else {
    Fail(begin, "comment ends before closing delimiter", token);
    return false;
  }
  return true;
}

// Stands at "}}" or " -}}".
void Lexer::LexRightDelim(Token* token) {
  if (paren_depth_ != 0) return Fail(at_, "unclosed left paren", token);
  const bool is_trimmed = *at_ != '}';
  const char* const begin = is_trimmed ? at_ + kTrimBytes : at_;
  at_ = begin + kDelimBytes;
  Take(TokenType::kRightDelim, begin, token);
  if (is_trimmed) at_ = SkipBlanks(at_, end_);
  inside_action_ = false;
}

// Skips letters, digits and underscores.
inline void Lexer::SkipWord() {
  while (true) {
    while (at_ != end_ && Is(*at_, kWord)) ++at_;
    if (at_ == end_ || IsAscii(*at_)) return;
    size_t size = 1;
    if (!IsLetterOrDigit(RuneAt(at_, &size))) return;
    at_ += size;
  }
}

inline bool Lexer::AtTerminator() const {
  return at_ == end_ || Is(*at_, kTerminator) || IsRightDelim(at_);
}

// What follows the word that starts with `begin` may not follow it.
void Lexer::FailWord(const char* begin, Token* token) {
  size_t size = 1;
  Fail(begin, absl::StrCat("bad character ", DescribeRune(RuneAt(at_, &size))),
       token);
}

inline void Lexer::LexIdentifier(Token* token) {
  const char* const begin = at_;
  SkipWord();
  if (!AtTerminator()) return FailWord(begin, token);
  Take(TokenType::kIdentifier, begin, token);
  if (!Is(*begin, kSmall)) return;
  const auto letter = static_cast<size_t>(*begin - 'a');
  for (size_t i = kFirstKeywords[letter]; i < kFirstKeywords[letter + 1]; ++i) {
    const auto& [keyword, type] = kKeywords[i];
    if (keyword != token->text) continue;
    const bool is_function = (type == TokenType::kBreak && !break_ok_) ||
                             (type == TokenType::kContinue && !continue_ok_);
    if (!is_function) token->type = type;
    return;
  }
}

inline void Lexer::LexFieldOrVariable(TokenType type, Token* token) {
  const char* const begin = at_++;
  if (AtTerminator()) {
    return Take(type == TokenType::kField ? TokenType::kDot : type, begin,
                token);
  }
  SkipWord();
  if (!AtTerminator()) return FailWord(begin, token);
  Take(type, begin, token);
}

inline void Lexer::LexInside(Token* token) {
  if (at_ == end_) return Fail(at_, "unclosed action", token);
  const char first = *at_;
  // Most are one space before an argument.
  if (first == ' ' && end_ - at_ >= 2 && at_[1] != '-' && !Is(at_[1], kBlank)) {
    return Take(TokenType::kSpace, at_++, token);
  }
  if (Is(first, kMark)) return LexMark(token);
  if (Is(first, kDigit)) return LexNumber(token);
  if (Is(first, kWord)) return LexIdentifier(token);
  if (first == '.' && end_ - at_ >= 2 && !Is(at_[1], kDigit)) {
    return LexFieldOrVariable(TokenType::kField, token);
  }
  LexOther(token);
}

// Blanks, quotes, parentheses and the like.
void Lexer::LexMark(Token* token) {
  const char* const begin = at_;
  const auto one = [&](TokenType type) {
    ++at_;
    Take(type, begin, token);
  };
  switch (*begin) {
    case ' ':
    case '\t':
    case '\r':
    case '\n': {
      if (IsRightTrim(begin)) return LexRightDelim(token);
      const char* after = SkipBlanks(begin, end_);
      // The last of them may belong to " -}}".
      at_ = IsRightTrim(after - 1) ? after - 1 : after;
      return Take(TokenType::kSpace, begin, token);
    }
    case '}':
      if (IsRightDelim(begin)) return LexRightDelim(token);
      return one(TokenType::kChar);
    case '=':
      return one(TokenType::kAssign);
    case ':':
      if (end_ - begin < 2 || begin[1] != '=') {
        return Fail(begin, "expected :=", token);
      }
      ++at_;
      return one(TokenType::kDeclare);
    case '|':
      return one(TokenType::kPipe);
    case '"':
      return LexQuoted(TokenType::kString, "unterminated quoted string", token);
    case '`':
      return LexRawQuote(token);
    case '$':
      return LexFieldOrVariable(TokenType::kVariable, token);
    case '\'':
      return LexQuoted(TokenType::kCharConstant,
                       "unterminated character constant", token);
    case '(':
      ++paren_depth_;
      return one(TokenType::kLeftParen);
    case ')':
      if (--paren_depth_ < 0) {
        return Fail(begin, "unexpected right paren", token);
      }
      return one(TokenType::kRightParen);
    default:
      return one(TokenType::kChar);
  }
}

// Signed numbers, words of other letters, and what is none of them.
void Lexer::LexOther(Token* token) {
  const char* const begin = at_;
  if (*begin == '.' || *begin == '+' || *begin == '-') return LexNumber(token);
  size_t size = 1;
  const Rune rune = RuneAt(begin, &size);
  if (IsLetterOrDigit(rune)) return LexIdentifier(token);
  if (rune < 0x80 && IsPrint(rune)) {
    ++at_;
    return Take(TokenType::kChar, begin, token);
  }
  Fail(begin,
       absl::StrCat("unrecognized character in action: ", DescribeRune(rune)),
       token);
}

// Ends with the byte that it starts with.
void Lexer::LexQuoted(TokenType type, absl::string_view message, Token* token) {
  const char* const begin = at_++;
  bool has_escape = false;
  for (; at_ != end_ && *at_ != '\n'; ++at_) {
    if (*at_ == *begin) {
      ++at_;
      token->has_escape = has_escape;
      return Take(type, begin, token);
    }
    if (*at_ == '\\') {
      has_escape = true;
      ++at_;
      if (at_ == end_ || *at_ == '\n') break;
    }
  }
  Fail(begin, std::string(message), token);
}

void Lexer::LexRawQuote(Token* token) {
  const char* const begin = at_;
  const void* const end =
      std::memchr(begin + 1, '`', static_cast<size_t>(end_ - begin) - 1);
  if (end == nullptr) {
    return Fail(begin, "unterminated raw quoted string", token);
  }
  at_ = static_cast<const char*>(end) + 1;
  Take(TokenType::kRawString, begin, token);
}

bool Lexer::Accept(absl::string_view valid) {
  if (at_ == end_ || !absl::StrContains(valid, *at_)) return false;
  ++at_;
  return true;
}

void Lexer::AcceptRun(absl::string_view valid) {
  while (Accept(valid)) {
  }
}

void Lexer::LexNumber(Token* token) {
  const char* const begin = at_;
  // Most are digits before a space or the end of something.
  const char* end = begin;
  while (end != end_ && Is(*end, kDigit)) ++end;
  if (end != begin && end != end_ &&
      (Is(*end, kBlank) || *end == ')' || IsRightDelim(end))) {
    at_ = end;
    return Take(TokenType::kNumber, begin, token);
  }
  bool is_good = ScanNumber();
  TokenType type = TokenType::kNumber;
  if (is_good && at_ != end_ && (*at_ == '+' || *at_ == '-')) {
    is_good = ScanNumber() && at_[-1] == 'i';
    type = TokenType::kComplex;
  }
  if (is_good) return Take(type, begin, token);
  std::string text = "bad number syntax: ";
  AppendQuoted({begin, static_cast<size_t>(at_ - begin)}, false, &text);
  Fail(begin, std::move(text), token);
}

bool Lexer::ScanNumber() {
  Accept("+-");
  absl::string_view digits = "0123456789_";
  bool is_decimal = true, is_hex = false;
  if (Accept("0")) {
    if (Accept("xX")) {
      digits = "0123456789abcdefABCDEF_";
      is_hex = true;
      is_decimal = false;
    } else if (Accept("oO")) {
      digits = "01234567_";
      is_decimal = false;
    } else if (Accept("bB")) {
      digits = "01_";
      is_decimal = false;
    }
  }
  AcceptRun(digits);
  if (Accept(".")) AcceptRun(digits);
  if ((is_decimal && Accept("eE")) || (is_hex && Accept("pP"))) {
    Accept("+-");
    AcceptRun("0123456789_");
  }
  Accept("i");
  size_t size = 1;
  if (!IsLetterOrDigit(RuneAt(at_, &size))) return true;
  at_ += size;
  return false;
}

void Lexer::Next(Token* token) {
  if (has_failed_) {
    token->type = TokenType::kError;
    token->pos = error_pos_;
    token->text = error_;
  } else if (inside_action_) {
    LexInside(token);
  } else {
    LexText(token);
  }
}

bool Lexer::NextField(absl::string_view* name, uint32_t* pos) {
  if (!inside_action_ || has_failed_ || end_ - at_ < 2 || *at_ != '.' ||
      !Is(at_[1], kWord) || Is(at_[1], kDigit)) {
    return false;
  }
  const char* end = at_ + 1;
  while (end != end_ && Is(*end, kWord)) ++end;
  if (end == end_ || !(Is(*end, kTerminator) || IsRightDelim(end))) {
    return false;
  }
  *name = absl::string_view(at_ + 1, static_cast<size_t>(end - at_) - 1);
  *pos = static_cast<uint32_t>(at_ - begin_);
  at_ = end;
  return true;
}

void Lexer::NextNonSpace(Token* token) {
  if (inside_action_ && !has_failed_ && at_ != end_ && Is(*at_, kBlank)) {
    const char* after = SkipBlanks(at_, end_);
    // The last of them may belong to " -}}".
    at_ = IsRightTrim(after - 1) ? after - 1 : after;
  }
  Next(token);
}

}  // namespace weir::gotmpl
