#include "lexer.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "go_strconv.h"

namespace weir::gotmpl {
namespace {

constexpr Rune kEof = -1;
constexpr absl::string_view kLeftDelim = "{{", kRightDelim = "}}";

constexpr std::pair<absl::string_view, TokenType> kKeywords[] = {
    {"block", TokenType::kBlock},
    {"break", TokenType::kBreak},
    {"continue", TokenType::kContinue},
    {"define", TokenType::kDefine},
    {"else", TokenType::kElse},
    {"end", TokenType::kEnd},
    {"if", TokenType::kIf},
    {"range", TokenType::kRange},
    {"nil", TokenType::kNil},
    {"template", TokenType::kTemplate},
    {"with", TokenType::kWith},
};

bool IsAscii(char c) { return (static_cast<unsigned char>(c) & 0x80) == 0; }

bool IsBlank(Rune rune) {
  return rune == ' ' || rune == '\t' || rune == '\r' || rune == '\n';
}

bool IsAlphaNumeric(Rune rune) {
  if (rune < 0) return false;
  if (rune < 0x80) {
    return rune == '_' || absl::ascii_isalnum(static_cast<unsigned char>(rune));
  }
  return IsLetter(rune) || IsDigit(rune);
}

bool HasLeftTrim(absl::string_view text) {
  return text.size() >= 2 && text[0] == '-' && IsBlank(text[1]);
}

bool HasRightTrim(absl::string_view text) {
  return text.size() >= 2 && IsBlank(text[0]) && text[1] == '-';
}

size_t LeadingBlanks(absl::string_view text) {
  size_t count = 0;
  while (count < text.size() && IsBlank(text[count])) ++count;
  return count;
}

size_t TrailingBlanks(absl::string_view text) {
  size_t count = 0;
  while (count < text.size() && IsBlank(text[text.size() - 1 - count])) ++count;
  return count;
}

int CountLines(absl::string_view text) {
  return static_cast<int>(std::count(text.begin(), text.end(), '\n'));
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

Rune Lexer::Read() {
  if (pos_ >= input_.size()) {
    at_eof_ = true;
    return kEof;
  }
  const char c = input_[pos_];
  if (IsAscii(c)) {
    ++pos_;
    if (c == '\n') ++line_;
    return c;
  }
  size_t size = 1;
  const Rune rune = DecodeRune(rest(), &size);
  pos_ += size;
  return rune;
}

void Lexer::Back() {
  if (at_eof_ || pos_ == 0) return;
  const char c = input_[pos_ - 1];
  size_t size = 1;
  if (!IsAscii(c)) DecodeLastRune(input_.substr(0, pos_), &size);
  pos_ -= size;
  if (c == '\n') --line_;
}

Rune Lexer::Peek() {
  if (pos_ < input_.size() && IsAscii(input_[pos_])) return input_[pos_];
  const Rune rune = Read();
  Back();
  return rune;
}

bool Lexer::Accept(absl::string_view valid) {
  const Rune rune = Read();
  if (rune >= 0 && rune < 0x80 &&
      absl::StrContains(valid, static_cast<char>(rune))) {
    return true;
  }
  Back();
  return false;
}

void Lexer::AcceptRun(absl::string_view valid) {
  while (Accept(valid)) {
  }
}

Token Lexer::Take(TokenType type) {
  Token token;
  token.type = type;
  token.pos = start_;
  token.text = input_.substr(start_, pos_ - start_);
  token.line = start_line_;
  start_ = pos_;
  start_line_ = line_;
  return token;
}

void Lexer::Ignore() {
  line_ += CountLines(input_.substr(start_, pos_ - start_));
  start_ = pos_;
  start_line_ = line_;
}

Token Lexer::Error(std::string text) {
  Token token;
  token.pos = start_;
  if (error_.empty()) error_ = std::move(text);
  token.text = error_;
  token.line = start_line_;
  start_ = pos_ = 0;
  input_ = input_.substr(0, 0);
  return token;
}

Token Lexer::Next() { return inside_action_ ? LexInside() : LexText(); }

Token Lexer::LexText() {
  while (true) {
    const size_t found = rest().find(kLeftDelim);
    if (found == absl::string_view::npos) break;
    if (found > 0) {
      pos_ += found;
      size_t trimmed = 0;
      if (HasLeftTrim(input_.substr(pos_ + kLeftDelim.size()))) {
        trimmed = TrailingBlanks(input_.substr(start_, pos_ - start_));
      }
      pos_ -= trimmed;
      line_ += CountLines(input_.substr(start_, pos_ - start_));
      Token text = Take(TokenType::kText);
      pos_ += trimmed;
      Ignore();
      if (!text.text.empty()) return text;
    }
    pos_ += kLeftDelim.size();
    const size_t marker = HasLeftTrim(rest()) ? 2 : 0;
    if (absl::StartsWith(input_.substr(pos_ + marker), "/*")) {
      pos_ += marker;
      Ignore();
      Token error;
      if (SkipComment(&error)) continue;
      return error;
    }
    Token delim = Take(TokenType::kLeftDelim);
    inside_action_ = true;
    pos_ += marker;
    Ignore();
    paren_depth_ = 0;
    return delim;
  }
  pos_ = input_.size();
  if (pos_ > start_) {
    line_ += CountLines(input_.substr(start_));
    return Take(TokenType::kText);
  }
  return Take(TokenType::kEof);
}

bool Lexer::SkipComment(Token* error) {
  pos_ += 2;
  const size_t end = rest().find("*/");
  if (end == absl::string_view::npos) {
    *error = Error("unclosed comment");
    return false;
  }
  pos_ += end + 2;
  bool trims = false;
  if (!AtRightDelim(&trims)) {
    *error = Error("comment ends before closing delimiter");
    return false;
  }
  line_ += CountLines(input_.substr(start_, pos_ - start_));
  Take(TokenType::kText);
  if (trims) pos_ += 2;
  pos_ += kRightDelim.size();
  if (trims) pos_ += LeadingBlanks(rest());
  Ignore();
  return true;
}

bool Lexer::AtRightDelim(bool* trims) const {
  *trims = HasRightTrim(rest()) &&
           absl::StartsWith(input_.substr(pos_ + 2), kRightDelim);
  return *trims || absl::StartsWith(rest(), kRightDelim);
}

Token Lexer::LexRightDelim() {
  bool trims = false;
  AtRightDelim(&trims);
  if (trims) {
    pos_ += 2;
    Ignore();
  }
  pos_ += kRightDelim.size();
  Token delim = Take(TokenType::kRightDelim);
  if (trims) {
    pos_ += LeadingBlanks(rest());
    Ignore();
  }
  inside_action_ = false;
  return delim;
}

Token Lexer::LexInside() {
  const char first = pos_ < input_.size() ? input_[pos_] : '\0';
  bool trims = false;
  if ((first == '}' || IsBlank(first)) && AtRightDelim(&trims)) {
    if (paren_depth_ == 0) return LexRightDelim();
    return Error("unclosed left paren");
  }
  const Rune rune = Read();
  switch (rune) {
    case kEof:
      return Error("unclosed action");
    case ' ':
    case '\t':
    case '\r':
    case '\n':
      Back();
      return LexSpace();
    case '=':
      return Take(TokenType::kAssign);
    case ':':
      if (Read() != '=') return Error("expected :=");
      return Take(TokenType::kDeclare);
    case '|':
      return Take(TokenType::kPipe);
    case '"':
      return LexQuoted('"', TokenType::kString, "unterminated quoted string");
    case '`':
      return LexRawQuote();
    case '$':
      return LexFieldOrVariable(TokenType::kVariable);
    case '\'':
      return LexQuoted('\'', TokenType::kCharConstant,
                       "unterminated character constant");
    case '(':
      ++paren_depth_;
      return Take(TokenType::kLeftParen);
    case ')':
      if (--paren_depth_ < 0) return Error("unexpected right paren");
      return Take(TokenType::kRightParen);
    default:
      break;
  }
  if (rune == '.' && pos_ < input_.size() && !IsDigit(Rune{input_[pos_]})) {
    return LexFieldOrVariable(TokenType::kField);
  }
  if (rune == '.' || rune == '+' || rune == '-' ||
      (rune >= '0' && rune <= '9')) {
    Back();
    return LexNumber();
  }
  if (IsAlphaNumeric(rune)) {
    Back();
    return LexIdentifier();
  }
  if (rune < 0x80 && IsPrint(rune)) return Take(TokenType::kChar);
  return Error(
      absl::StrCat("unrecognized character in action: ", DescribeRune(rune)));
}

Token Lexer::LexSpace() {
  int spaces = 0;
  for (; pos_ < input_.size() && IsBlank(input_[pos_]); ++pos_) {
    if (input_[pos_] == '\n') ++line_;
    ++spaces;
  }
  if (pos_ == input_.size()) at_eof_ = true;
  // The last of them may belong to " -}}".
  if (HasRightTrim(input_.substr(pos_ - 1)) &&
      absl::StartsWith(input_.substr(pos_ + 1), kRightDelim)) {
    Back();
    if (spaces == 1) return LexRightDelim();
  }
  return Take(TokenType::kSpace);
}

// Skips letters, digits and underscores; gives what comes next.
Rune Lexer::SkipWord() {
  while (true) {
    while (pos_ < input_.size() && IsAscii(input_[pos_]) &&
           IsAlphaNumeric(input_[pos_])) {
      ++pos_;
    }
    const Rune rune = Peek();
    if (!IsAlphaNumeric(rune)) return rune;
    Read();
  }
}

Token Lexer::LexIdentifier() {
  const Rune rune = SkipWord();
  const absl::string_view word = input_.substr(start_, pos_ - start_);
  if (!AtTerminator()) {
    return Error(absl::StrCat("bad character ", DescribeRune(rune)));
  }
  for (const auto& [keyword, type] : kKeywords) {
    if (keyword != word) continue;
    const bool is_function = (type == TokenType::kBreak && !break_ok_) ||
                             (type == TokenType::kContinue && !continue_ok_);
    return Take(is_function ? TokenType::kIdentifier : type);
  }
  if (word == "true" || word == "false") return Take(TokenType::kBool);
  return Take(TokenType::kIdentifier);
}

Token Lexer::LexFieldOrVariable(TokenType type) {
  if (AtTerminator()) {
    return Take(type == TokenType::kField ? TokenType::kDot : type);
  }
  const Rune rune = SkipWord();
  if (!AtTerminator()) {
    return Error(absl::StrCat("bad character ", DescribeRune(rune)));
  }
  return Take(type);
}

bool Lexer::AtTerminator() {
  switch (Peek()) {
    case ' ':
    case '\t':
    case '\r':
    case '\n':
    case kEof:
    case '.':
    case ',':
    case '|':
    case ':':
    case ')':
    case '(':
      return true;
    default:
      return absl::StartsWith(rest(), kRightDelim);
  }
}

Token Lexer::LexNumber() {
  const auto bad = [this] {
    std::string text = "bad number syntax: ";
    AppendQuoted(input_.substr(start_, pos_ - start_), false, &text);
    return Error(std::move(text));
  };
  if (!ScanNumber()) return bad();
  const Rune sign = Peek();
  if (sign == '+' || sign == '-') {
    if (!ScanNumber() || input_[pos_ - 1] != 'i') return bad();
    return Take(TokenType::kComplex);
  }
  return Take(TokenType::kNumber);
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
  if (IsAlphaNumeric(Peek())) {
    Read();
    return false;
  }
  return true;
}

Token Lexer::LexQuoted(Rune quote, TokenType type, absl::string_view message) {
  while (true) {
    while (pos_ < input_.size() && input_[pos_] != quote &&
           input_[pos_] != '\\' && input_[pos_] != '\n') {
      ++pos_;
    }
    Rune rune = Read();
    if (rune == quote) return Take(type);
    if (rune == '\\') {
      rune = Read();
      if (rune != kEof && rune != '\n') continue;
    }
    if (rune == kEof || rune == '\n') return Error(std::string(message));
  }
}

Token Lexer::LexRawQuote() {
  const size_t end = input_.find('`', pos_);
  if (end == absl::string_view::npos) {
    return Error("unterminated raw quoted string");
  }
  line_ += CountLines(input_.substr(pos_, end - pos_));
  pos_ = end + 1;
  return Take(TokenType::kRawString);
}

}  // namespace weir::gotmpl
