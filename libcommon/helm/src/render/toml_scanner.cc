#include "src/render/toml_scanner.h"

#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "src/go_text.h"
#include "weir/text/regex.h"

namespace weir::helm {
namespace {

using Kind = TomlToken::Kind;

bool IsBlank(char32_t rune) { return rune == ' ' || rune == '\t'; }
bool IsDigit(char32_t rune) { return rune >= '0' && rune <= '9'; }
bool IsBinary(char32_t rune) { return rune == '0' || rune == '1'; }
bool IsOctal(char32_t rune) { return rune >= '0' && rune <= '7'; }
bool IsHexadecimal(char32_t rune) {
  return rune < 0x80 && absl::ascii_isxdigit(static_cast<unsigned char>(rune));
}
bool IsBare(char32_t rune) {
  return rune == '_' || rune == '-' ||
         (rune < 0x80 && absl::ascii_isalnum(static_cast<unsigned char>(rune)));
}
bool IsOneOf(char32_t rune, absl::string_view runes) {
  return rune != 0 && rune < 0x80 &&
         absl::StrContains(runes, static_cast<char>(rune));
}

bool IsLetter(char32_t rune) {
  if (rune < 0x80) return absl::ascii_isalpha(static_cast<unsigned char>(rune));
  if (rune == TomlScanner::kBad) return false;
  static const text::Regex& letter =
      *new text::Regex(*text::Regex::Compile("\\pL"));
  std::string text;
  AppendRune(rune, &text);
  return letter.MatchesAll(text);
}

std::string TextOf(char32_t rune) {
  std::string text;
  AppendRune(rune, &text);
  return text;
}

constexpr char kNewlineInText[] = "strings cannot contain newlines";

}  // namespace

std::string QuotedTomlRune(char32_t rune) {
  if (rune == '"') return "'\"'";
  if (rune == '\'') return "'\\''";
  const std::string quoted = GoQuote(TextOf(rune));
  return absl::StrCat("'", quoted.substr(1, quoted.size() - 2), "'");
}

bool TomlScanner::FailOnLine(int line, absl::string_view message) {
  if (has_failed_) return false;
  has_failed_ = true;
  failed_line_ = line;
  message_ = std::string(message);
  return false;
}

bool TomlScanner::Fail(absl::string_view message) {
  // An end after a newline is reported where there is something to see.
  const bool is_after_newline =
      is_at_end_ && offset_ >= 1 && text_[offset_ - 1] == '\n';
  return FailOnLine(is_after_newline ? line_ - 1 : line_, message);
}

char32_t TomlScanner::Next() {
  if (has_failed_) return kBad;
  if (offset_ >= text_.size()) {
    is_at_end_ = true;
    return kEnd;
  }
  if (text_[offset_] == '\n') ++line_;
  size_t length = 0;
  const char32_t rune = RuneAt(text_, offset_, &length);
  const auto byte = static_cast<unsigned char>(text_[offset_]);
  if (length == 1 && byte >= 0x80) {
    FailOnLine(line_, absl::StrFormat("invalid UTF-8 byte: 0x%02x", byte));
    return kBad;
  }
  const bool is_lone_return = rune == '\r' && (offset_ + 1 == text_.size() ||
                                               text_[offset_ + 1] != '\n');
  if (is_lone_return || rune == 0x7F ||
      (rune < 0x20 && !IsOneOf(rune, "\t\r\n"))) {
    FailOnLine(line_, absl::StrFormat("TOML files cannot contain control "
                                      "characters: '0x%02x'",
                                      byte));
    return kBad;
  }
  offset_ += length;
  return rune;
}

void TomlScanner::Backup() {
  if (has_failed_) return;
  if (is_at_end_) {
    is_at_end_ = false;
    return;
  }
  do {
    --offset_;
  } while (offset_ > 0 &&
           (static_cast<unsigned char>(text_[offset_]) & 0xC0) == 0x80);
  if (text_[offset_] == '\n') --line_;
}

char32_t TomlScanner::Peek() {
  const char32_t rune = Next();
  Backup();
  return rune;
}

bool TomlScanner::Accept(char32_t wanted) {
  if (Next() == wanted) return true;
  Backup();
  return false;
}

template <typename Holds>
void TomlScanner::SkipWhile(Holds holds) {
  while (holds(Next())) {
  }
  Backup();
}

void TomlScanner::SkipBlanks() { SkipWhile(IsBlank); }

bool TomlScanner::SkipComment() {
  SkipWhile([](char32_t rune) {
    return rune != '\n' && rune != '\r' && rune != kEnd && rune != kBad;
  });
  return !has_failed_;
}

void TomlScanner::Emit(Kind kind, TomlToken* token) {
  *token = {kind, Current(), line_};
}

bool TomlScanner::ScanBareName(TomlToken* token) {
  start_ = offset_;
  SkipWhile(IsBare);
  Emit(Kind::kText, token);
  return !has_failed_;
}

bool TomlScanner::ScanQuotedName(TomlToken* token) {
  const char32_t quote = Next();
  start_ = offset_;
  return quote == '"' ? ScanText(token) : ScanRawText(token);
}

bool TomlScanner::ScanScalar(char32_t first, TomlToken* token) {
  if (IsDigit(first)) {
    Backup();
    start_ = offset_;
    return ScanNumberOrTime(token);
  }
  // The token begins with what was read.
  Backup();
  start_ = offset_;
  Next();
  if (first == '"' || first == '\'') {
    if (Accept(first)) {
      if (Accept(first)) return ScanLongText(first, token);
      Backup();
    }
    start_ = offset_;
    return first == '"' ? ScanText(token) : ScanRawText(token);
  }
  if (first == '.') return Fail("floats must start with a digit, not '.'");
  if (first == '-' || first == '+') return ScanSigned(token);
  if (first == 'i' || first == 'n') {
    if ((Accept('n') && Accept('f')) || (Accept('a') && Accept('n'))) {
      Emit(Kind::kFloat, token);
      return !has_failed_;
    }
  }
  if (IsLetter(first)) {
    Backup();
    return ScanBool(token);
  }
  if (first == kEnd) return Fail("unexpected EOF; expected value");
  return FailOnLine(first == '\n' ? line_ - 1 : line_,
                    absl::StrCat("expected value but found ",
                                 QuotedTomlRune(first), " instead"));
}

bool TomlScanner::ScanText(TomlToken* token) {
  while (true) {
    const char32_t rune = Next();
    if (rune == kBad) return false;
    if (rune == kEnd) return Fail("unexpected EOF; expected '\"'");
    if (rune == '\n' || rune == '\r') {
      return FailOnLine(line_ - 1, kNewlineInText);
    }
    if (rune == '\\' && !ScanEscape()) return false;
    if (rune == '"') break;
  }
  Backup();
  Emit(has_escapes_ ? Kind::kEscapedText : Kind::kText, token);
  has_escapes_ = false;
  Next();
  return true;
}

bool TomlScanner::ScanRawText(TomlToken* token) {
  while (true) {
    const char32_t rune = Next();
    if (rune == kBad) return false;
    if (rune == kEnd) return Fail("unexpected EOF; expected \"'\"");
    if (rune == '\n' || rune == '\r') {
      return FailOnLine(line_ - 1, kNewlineInText);
    }
    if (rune == '\'') break;
  }
  Backup();
  Emit(Kind::kText, token);
  Next();
  return true;
}

bool TomlScanner::ScanLongText(char32_t quote, TomlToken* token) {
  start_ = offset_;
  const bool is_raw = quote == '\'';
  const std::string five(5, static_cast<char>(quote));
  while (true) {
    const char32_t rune = Next();
    if (rune == kBad) return false;
    if (rune == kEnd) {
      return Fail(is_raw ? "unexpected EOF; expected \"'''\""
                         : "unexpected EOF; expected '\"\"\"'");
    }
    if (rune == '\\' && !is_raw) {
      const char32_t next = Peek();
      if (next == '\n' || next == '\r') {
        Next();
      } else if (!ScanEscape()) {
        return false;
      }
    }
    if (rune != quote || !Accept(quote)) continue;
    if (!Accept(quote)) {
      Backup();
      continue;
    }
    if (Peek() != quote) break;
    // One or two more quotes may stand before the three that end it.
    if (absl::EndsWith(Current(), five) &&
        (is_raw || !absl::EndsWith(Current(), "\\" + five))) {
      return Fail(is_raw ? "unexpected \"''''''\""
                         : "unexpected '\"\"\"\"\"\"'");
    }
    Backup();
    Backup();
  }
  if (has_failed_) return false;
  for (int i = 0; i < 3; ++i) Backup();
  has_escapes_ = false;
  Emit(is_raw ? Kind::kRawLongText : Kind::kLongText, token);
  for (int i = 0; i < 3; ++i) Next();
  return true;
}

// The backslash has been read. A blank after it is looked at again later: a
// newline may follow.
bool TomlScanner::ScanEscape() {
  has_escapes_ = true;
  const char32_t rune = Next();
  if (IsOneOf(rune, "ebtnfr\" \t\\")) return true;
  if (rune == 'x') {
    return ScanHexadecimal(2, "expected two hexadecimal digits after '\\x'");
  }
  if (rune == 'u') {
    return ScanHexadecimal(4, "expected four hexadecimal digits after '\\u'");
  }
  if (rune == 'U') {
    return ScanHexadecimal(8, "expected eight hexadecimal digits after '\\U'");
  }
  if (rune == kBad) return false;
  std::string message = "invalid escape in string '\\";
  AppendRune(rune, &message);
  return FailOnLine(is_at_end_ ? line_ - 1 : line_, message + "'");
}

bool TomlScanner::ScanHexadecimal(int digits, absl::string_view problem) {
  for (int i = 0; i < digits; ++i) {
    if (!IsHexadecimal(Next())) {
      return Fail(
          absl::StrCat(problem, ", but got ", GoQuote(Current()), " instead"));
    }
  }
  return true;
}

bool TomlScanner::ScanNumberOrTime(TomlToken* token) {
  if (Next() == '0') {
    const char32_t rune = Next();
    if (!IsDigit(rune)) {
      Backup();
      return ScanAfterZero(token);
    }
  }
  SkipWhile(IsDigit);
  const char32_t rune = Next();
  if (rune == '-' || rune == ':') return ScanTime(token);
  if (rune == '_') return ScanDecimal(token);
  if (IsOneOf(rune, ".eE")) return ScanFloat(token);
  Backup();
  Emit(Kind::kInteger, token);
  return !has_failed_;
}

bool TomlScanner::ScanAfterZero(TomlToken* token) {
  const char32_t rune = Next();
  if (rune == '_') return ScanDecimal(token);
  if (IsOneOf(rune, ".eE")) return ScanFloat(token);
  if (rune == 'b') return ScanBased(IsBinary, "a binary", token);
  if (rune == 'o') return ScanBased(IsOctal, "an octal", token);
  if (rune == 'x') return ScanBased(IsHexadecimal, "a hexadecimal", token);
  Backup();
  Emit(Kind::kInteger, token);
  return !has_failed_;
}

bool TomlScanner::ScanBased(bool (*is_digit)(char32_t), absl::string_view kind,
                            TomlToken* token) {
  if (const char32_t rune = Peek(); !is_digit(rune)) {
    if (rune == kBad) return false;
    return FailOnLine(line_, absl::StrCat("not ", kind, " number: '", Current(),
                                          TextOf(rune), "'"));
  }
  SkipWhile([&](char32_t rune) { return is_digit(rune) || rune == '_'; });
  Emit(Kind::kInteger, token);
  return !has_failed_;
}

bool TomlScanner::ScanDecimal(TomlToken* token) {
  SkipWhile([](char32_t rune) { return IsDigit(rune) || rune == '_'; });
  if (IsOneOf(Next(), ".eE")) return ScanFloat(token);
  Backup();
  Emit(Kind::kInteger, token);
  return !has_failed_;
}

bool TomlScanner::ScanSigned(TomlToken* token) {
  const char32_t rune = Next();
  if (rune == 'i' || rune == 'n') {
    const bool is_whole =
        rune == 'i' ? Accept('n') && Accept('f') : Accept('a') && Accept('n');
    if (!is_whole)
      return Fail(absl::StrCat("invalid float: '", Current(), "'"));
    Emit(Kind::kFloat, token);
    return true;
  }
  if (rune == '0') {
    const char32_t base = Peek();
    if (IsOneOf(base, "box")) {
      return Fail(absl::StrCat("cannot use sign with non-decimal numbers: '",
                               Current(), TextOf(base), "'"));
    }
  }
  if (rune == '.') return Fail("floats must start with a digit, not '.'");
  if (IsDigit(rune)) return ScanDecimal(token);
  return Fail(absl::StrCat("expected a digit but got ", QuotedTomlRune(rune)));
}

bool TomlScanner::ScanFloat(TomlToken* token) {
  SkipWhile(
      [](char32_t rune) { return IsDigit(rune) || IsOneOf(rune, "_.-+eE"); });
  Emit(Kind::kFloat, token);
  return !has_failed_;
}

bool TomlScanner::ScanTime(TomlToken* token) {
  SkipWhile([](char32_t rune) {
    return IsDigit(rune) || IsOneOf(rune, "-:Tt .Zz+");
  });
  Emit(Kind::kTime, token);
  token->text = absl::StripAsciiWhitespace(token->text);
  return !has_failed_;
}

bool TomlScanner::ScanBool(TomlToken* token) {
  const size_t from = offset_;
  SkipWhile(IsLetter);
  const absl::string_view word = text_.substr(from, offset_ - from);
  if (word == "true" || word == "false") {
    Emit(Kind::kBool, token);
    return !has_failed_;
  }
  return Fail(
      absl::StrCat("expected value but found ", GoQuote(word), " instead"));
}

}  // namespace weir::helm
