#include "go_strconv.h"

#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>

#include "absl/strings/ascii.h"
#include "absl/strings/charconv.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace weir::gotmpl {
namespace {

char Lower(char c) { return static_cast<char>(c | ('x' - 'X')); }

// Whether underscores stand only between digits, the base prefix counting as
// one.
bool UnderscoresAreGood(absl::string_view text) {
  char saw = '^';
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) {
    text.remove_prefix(1);
  }
  bool is_hex = false;
  if (text.size() >= 2 && text[0] == '0' &&
      (Lower(text[1]) == 'b' || Lower(text[1]) == 'o' ||
       Lower(text[1]) == 'x')) {
    saw = '0';
    is_hex = Lower(text[1]) == 'x';
    text.remove_prefix(2);
  }
  for (const char c : text) {
    if (absl::ascii_isdigit(c) ||
        (is_hex && Lower(c) >= 'a' && Lower(c) <= 'f')) {
      saw = '0';
    } else if (c == '_') {
      if (saw != '0') return false;
      saw = '_';
    } else {
      if (saw == '_') return false;
      saw = '!';
    }
  }
  return saw != '_';
}

// The base that a prefix names; the prefix is removed.
int BaseOf(absl::string_view* digits) {
  const absl::string_view text = *digits;
  if (text.empty() || text[0] != '0') return 10;
  if (text.size() >= 3) {
    const char letter = Lower(text[1]);
    const int base = letter == 'b'   ? 2
                     : letter == 'o' ? 8
                     : letter == 'x' ? 16
                                     : 0;
    if (base != 0) {
      digits->remove_prefix(2);
      return base;
    }
  }
  digits->remove_prefix(1);
  return 8;
}

int DigitOf(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = Lower(c);
  return lower >= 'a' && lower <= 'z' ? lower - 'a' + 10 : 99;
}

}  // namespace

std::optional<uint64_t> ParseUint(absl::string_view text, int base) {
  if (text.empty()) return std::nullopt;
  const absl::string_view all = text;
  const bool is_base0 = base == 0;
  if (is_base0) base = BaseOf(&text);
  uint64_t value = 0;
  bool has_underscore = false;
  for (const char c : text) {
    if (c == '_' && is_base0) {
      has_underscore = true;
      continue;
    }
    const int digit = DigitOf(c);
    if (digit >= base) return std::nullopt;
    if (__builtin_mul_overflow(value, static_cast<uint64_t>(base), &value) ||
        __builtin_add_overflow(value, static_cast<uint64_t>(digit), &value)) {
      return std::nullopt;
    }
  }
  if (has_underscore && !UnderscoresAreGood(all)) return std::nullopt;
  return value;
}

std::optional<int64_t> ParseInt(absl::string_view text, int base) {
  bool negative = false;
  if (!text.empty() && (text[0] == '+' || text[0] == '-')) {
    negative = text[0] == '-';
    text.remove_prefix(1);
  }
  const std::optional<uint64_t> value = ParseUint(text, base);
  const uint64_t limit = uint64_t{1} << 63;
  if (!value || *value > limit || (!negative && *value == limit)) {
    return std::nullopt;
  }
  return static_cast<int64_t>(negative ? 0 - *value : *value);
}

namespace {

std::optional<double> ParseSpecial(absl::string_view text) {
  double sign = 1;
  if (!text.empty() && (text[0] == '+' || text[0] == '-')) {
    sign = text[0] == '-' ? -1 : 1;
    text.remove_prefix(1);
    if (absl::EqualsIgnoreCase(text, "nan")) return std::nullopt;
  }
  if (absl::EqualsIgnoreCase(text, "inf") ||
      absl::EqualsIgnoreCase(text, "infinity")) {
    return sign * std::numeric_limits<double>::infinity();
  }
  if (absl::EqualsIgnoreCase(text, "nan")) {
    return std::numeric_limits<double>::quiet_NaN();
  }
  return std::nullopt;
}

// Whether the text is [digits][.digits][e digits], with a p for hexadecimal.
bool IsFloatSyntax(absl::string_view text, bool is_hex) {
  bool has_digit = false, has_dot = false;
  size_t i = 0;
  for (; i < text.size(); ++i) {
    if (text[i] == '.') {
      if (has_dot) return false;
      has_dot = true;
    } else if (absl::ascii_isdigit(text[i]) ||
               (is_hex && absl::ascii_isxdigit(text[i]))) {
      has_digit = true;
    } else {
      break;
    }
  }
  if (!has_digit) return false;
  if (i == text.size()) return !is_hex;
  if (Lower(text[i]) != (is_hex ? 'p' : 'e')) return false;
  ++i;
  if (i < text.size() && (text[i] == '+' || text[i] == '-')) ++i;
  if (i == text.size()) return false;
  for (; i < text.size(); ++i) {
    if (!absl::ascii_isdigit(text[i])) return false;
  }
  return true;
}

}  // namespace

std::optional<double> ParseFloat(absl::string_view text) {
  if (text.empty()) return std::nullopt;
  if (std::optional<double> special = ParseSpecial(text)) return special;
  std::string digits;
  if (absl::StrContains(text, '_')) {
    if (!UnderscoresAreGood(text)) return std::nullopt;
    for (const char c : text) {
      if (c != '_') digits.push_back(c);
    }
    text = digits;
  }
  bool negative = false;
  if (text[0] == '+' || text[0] == '-') {
    negative = text[0] == '-';
    text.remove_prefix(1);
  }
  bool is_hex = false;
  if (text.size() >= 2 && text[0] == '0' && Lower(text[1]) == 'x') {
    is_hex = true;
    text.remove_prefix(2);
  }
  if (!IsFloatSyntax(text, is_hex)) return std::nullopt;
  double value = 0;
  const absl::from_chars_result result = absl::from_chars(
      text.data(), text.data() + text.size(), value,
      is_hex ? absl::chars_format::hex : absl::chars_format::general);
  if (result.ec == std::errc::result_out_of_range && std::fabs(value) > 1) {
    return std::nullopt;
  }
  if (result.ptr != text.data() + text.size()) return std::nullopt;
  return negative ? -value : value;
}

namespace {

// "1.25e-7" to its digits "125" and the decimal exponent of the first, -7.
struct Digits {
  std::string digits;
  int exponent = 0;
};

Digits Scientific(double number, int precision) {
  char buffer[1600];
  const std::to_chars_result end =
      precision < 0 ? std::to_chars(buffer, buffer + sizeof(buffer), number,
                                    std::chars_format::scientific)
                    : std::to_chars(buffer, buffer + sizeof(buffer), number,
                                    std::chars_format::scientific, precision);
  const absl::string_view text(buffer, end.ptr - buffer);
  Digits result;
  const size_t e = text.find('e');
  for (const char c : text.substr(0, e)) {
    if (c != '.') result.digits.push_back(c);
  }
  result.exponent = std::atoi(std::string(text.substr(e + 1)).c_str());
  return result;
}

void AppendExponent(int exponent, char letter, std::string* out) {
  out->push_back(letter);
  out->push_back(exponent < 0 ? '-' : '+');
  exponent = std::abs(exponent);
  if (exponent < 10) out->push_back('0');
  absl::StrAppend(out, exponent);
}

void AppendScientific(const Digits& digits, char letter, std::string* out) {
  out->push_back(digits.digits[0]);
  if (digits.digits.size() > 1) {
    out->push_back('.');
    out->append(digits.digits, 1);
  }
  AppendExponent(digits.exponent, letter, out);
}

// %f of digits that are exact as they are.
void AppendPlain(const Digits& d, std::string* out) {
  const int point = d.exponent + 1;
  if (point <= 0) {
    out->append("0.");
    out->append(static_cast<size_t>(-point), '0');
    absl::StrAppend(out, d.digits);
    return;
  }
  const size_t whole = static_cast<size_t>(point);
  out->append(d.digits, 0, whole);
  if (d.digits.size() <= whole) {
    out->append(whole - d.digits.size(), '0');
  } else {
    out->push_back('.');
    out->append(d.digits, whole);
  }
}

void AppendGeneral(double number, char format, int precision,
                   std::string* out) {
  const bool is_shortest = precision < 0;
  if (precision == 0) precision = 1;
  Digits digits = Scientific(number, is_shortest ? -1 : precision - 1);
  while (digits.digits.size() > 1 && digits.digits.back() == '0') {
    digits.digits.pop_back();
  }
  int limit = is_shortest ? 6 : precision;
  if (!is_shortest && limit > static_cast<int>(digits.digits.size()) &&
      static_cast<int>(digits.digits.size()) >= digits.exponent + 1) {
    limit = static_cast<int>(digits.digits.size());
  }
  if (digits.exponent < -4 || digits.exponent >= limit) {
    AppendScientific(digits, format == 'G' ? 'E' : 'e', out);
  } else {
    AppendPlain(digits, out);
  }
}

void AppendHexFloat(double number, char format, int precision, size_t zeros,
                    std::string* out) {
  char buffer[1600];
  const std::to_chars_result end =
      precision < 0 ? std::to_chars(buffer, buffer + sizeof(buffer), number,
                                    std::chars_format::hex)
                    : std::to_chars(buffer, buffer + sizeof(buffer), number,
                                    std::chars_format::hex, precision);
  std::string text(buffer, end.ptr - buffer);
  const size_t p = text.find('p');
  const int exponent = std::atoi(text.c_str() + p + 1);
  text.resize(p);
  text.append(zeros, '0');
  std::string result = absl::StrCat("0x", text);
  AppendExponent(exponent, 'p', &result);
  if (format == 'X') absl::AsciiStrToUpper(&result);
  absl::StrAppend(out, result);
}

void AppendBinaryFloat(double number, std::string* out) {
  int exponent = 0;
  const double fraction = std::frexp(number, &exponent);
  absl::StrAppend(out, static_cast<int64_t>(std::ldexp(fraction, 53)), "p");
  absl::StrAppend(out, exponent - 53 >= 0 ? "+" : "", exponent - 53);
}

}  // namespace

void AppendFloat(double number, char format, int precision, std::string* out) {
  if (std::isnan(number)) {
    out->append("NaN");
    return;
  }
  if (std::isinf(number)) {
    absl::StrAppend(out, number < 0 ? "-Inf" : "+Inf");
    return;
  }
  if (std::signbit(number)) {
    out->push_back('-');
    number = -number;
  }
  // No double has more digits than this: what follows is zeros.
  constexpr int kMostDigits = 1100;
  const auto zeros = static_cast<size_t>(std::max(0, precision - kMostDigits));
  precision = std::min(precision, kMostDigits);
  switch (format) {
    case 'e':
    case 'E': {
      Digits digits = Scientific(number, precision);
      digits.digits.append(zeros, '0');
      AppendScientific(digits, format, out);
      return;
    }
    case 'f':
    case 'F': {
      if (precision < 0) {
        AppendPlain(Scientific(number, -1), out);
        return;
      }
      char buffer[1600];
      const std::to_chars_result end =
          std::to_chars(buffer, buffer + sizeof(buffer), number,
                        std::chars_format::fixed, precision);
      out->append(buffer, end.ptr - buffer);
      out->append(zeros, '0');
      return;
    }
    case 'b':
      AppendBinaryFloat(number, out);
      return;
    case 'x':
    case 'X':
      AppendHexFloat(number, format, precision, zeros, out);
      return;
    default:
      AppendGeneral(number, format, precision, out);
  }
}

namespace {

constexpr char kHex[] = "0123456789abcdef";

void AppendHex(uint32_t value, int digits, std::string* out) {
  for (int shift = (digits - 1) * 4; shift >= 0; shift -= 4) {
    out->push_back(kHex[value >> shift & 15]);
  }
}

void AppendEscaped(Rune rune, char quote, bool ascii, std::string* out) {
  if (rune == quote || rune == '\\') {
    out->push_back('\\');
    out->push_back(static_cast<char>(rune));
    return;
  }
  if ((ascii ? rune < 0x80 : true) && IsPrint(rune)) {
    AppendRune(rune, out);
    return;
  }
  static constexpr absl::string_view kLetters = "abfnrtv";
  static constexpr absl::string_view kControls = "\a\b\f\n\r\t\v";
  const size_t control =
      rune < 0x80 ? kControls.find(static_cast<char>(rune)) : std::string::npos;
  out->push_back('\\');
  if (control != absl::string_view::npos) {
    out->push_back(kLetters[control]);
  } else if (rune < ' ' || rune == 0x7F) {
    out->push_back('x');
    AppendHex(static_cast<uint32_t>(rune), 2, out);
  } else if (rune < 0x10000) {
    out->push_back('u');
    AppendHex(static_cast<uint32_t>(rune), 4, out);
  } else {
    out->push_back('U');
    AppendHex(static_cast<uint32_t>(rune), 8, out);
  }
}

}  // namespace

void AppendQuoted(absl::string_view text, bool ascii, std::string* out,
                  size_t most) {
  out->push_back('"');
  while (!text.empty() && out->size() <= most) {
    size_t size = 1;
    const Rune rune = DecodeRune(text, &size);
    if (rune == kRuneError && size == 1) {
      out->append("\\x");
      AppendHex(static_cast<uint8_t>(text[0]), 2, out);
    } else {
      AppendEscaped(rune, '"', ascii, out);
    }
    text.remove_prefix(size);
  }
  out->push_back('"');
}

void AppendQuotedRune(Rune rune, bool ascii, std::string* out) {
  if (rune < 0 || rune > kMaxRune || (rune >= 0xD800 && rune < 0xE000)) {
    rune = kRuneError;
  }
  out->push_back('\'');
  AppendEscaped(rune, '\'', ascii, out);
  out->push_back('\'');
}

bool CanBackquote(absl::string_view text) {
  while (!text.empty()) {
    size_t size = 1;
    const Rune rune = DecodeRune(text, &size);
    text.remove_prefix(size);
    if (size > 1) {
      if (rune == 0xFEFF) return false;
      continue;
    }
    if (rune == kRuneError || (rune < ' ' && rune != '\t') || rune == '`' ||
        rune == 0x7F) {
      return false;
    }
  }
  return true;
}

namespace {

std::optional<Rune> HexEscape(absl::string_view* text, size_t digits) {
  if (text->size() < digits) return std::nullopt;
  uint64_t value = 0;
  for (size_t i = 0; i < digits; ++i) {
    if (!absl::ascii_isxdigit((*text)[i])) return std::nullopt;
    value = value << 4 | static_cast<uint64_t>(DigitOf((*text)[i]));
  }
  text->remove_prefix(digits);
  if (digits > 2 && (value > kMaxRune || (value >= 0xD800 && value < 0xE000))) {
    return std::nullopt;
  }
  return static_cast<Rune>(value);
}

std::optional<Rune> OctalEscape(char first, absl::string_view* text) {
  Rune value = first - '0';
  if (text->size() < 2) return std::nullopt;
  for (size_t i = 0; i < 2; ++i) {
    const int digit = (*text)[i] - '0';
    if (digit < 0 || digit > 7) return std::nullopt;
    value = value << 3 | digit;
  }
  text->remove_prefix(2);
  if (value > 255) return std::nullopt;
  return value;
}

}  // namespace

std::optional<Rune> UnquoteChar(absl::string_view text, char quote,
                                absl::string_view* tail, bool* is_byte) {
  *is_byte = false;
  if (text.empty()) return std::nullopt;
  if (text[0] == quote && (quote == '\'' || quote == '"')) return std::nullopt;
  if (text[0] != '\\') {
    size_t size = 1;
    const Rune rune = DecodeRune(text, &size);
    // An invalid byte is kept as it is.
    *is_byte = rune == kRuneError && size == 1;
    *tail = text.substr(size);
    return *is_byte ? static_cast<uint8_t>(text[0]) : rune;
  }
  if (text.size() <= 1) return std::nullopt;
  const char c = text[1];
  *tail = text.substr(2);
  static constexpr absl::string_view kLetters = "abfnrtv";
  static constexpr absl::string_view kControls = "\a\b\f\n\r\t\v";
  const size_t control = kLetters.find(c);
  if (control != absl::string_view::npos) return kControls[control];
  switch (c) {
    case 'x':
      *is_byte = true;
      return HexEscape(tail, 2);
    case 'u':
      return HexEscape(tail, 4);
    case 'U':
      return HexEscape(tail, 8);
    case '\\':
      return '\\';
    case '\'':
    case '"':
      if (c != quote) return std::nullopt;
      return c;
    default:
      if (c < '0' || c > '7') return std::nullopt;
      *is_byte = true;
      return OctalEscape(c, tail);
  }
}

std::optional<absl::string_view> PlainUnquote(absl::string_view quoted) {
  if (quoted.size() < 2 || quoted.front() != quoted.back()) {
    return std::nullopt;
  }
  const absl::string_view text = quoted.substr(1, quoted.size() - 2);
  if (quoted.front() == '`') {
    if (text.find('\r') != absl::string_view::npos) return std::nullopt;
    return text;
  }
  for (const char c : text) {
    if (c == '"' || c == '\\' || c == '\n') return std::nullopt;
  }
  return text;
}

std::optional<std::string> Unquote(absl::string_view quoted) {
  if (quoted.size() < 2 || quoted.front() != quoted.back()) {
    return std::nullopt;
  }
  const char quote = quoted.front();
  absl::string_view text = quoted.substr(1, quoted.size() - 2);
  std::string out;
  out.reserve(text.size());
  if (quote == '`') {
    for (const char c : text) {
      if (c != '\r') out.push_back(c);
    }
    return out;
  }
  while (!text.empty()) {
    if (text[0] == '\n') return std::nullopt;
    bool is_byte = false;
    const std::optional<Rune> rune = UnquoteChar(text, quote, &text, &is_byte);
    if (!rune) return std::nullopt;
    if (is_byte) {
      out.push_back(static_cast<char>(*rune));
    } else {
      AppendRune(*rune, &out);
    }
  }
  return out;
}

}  // namespace weir::gotmpl
