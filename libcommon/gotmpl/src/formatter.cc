#include "formatter.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "go_strconv.h"

namespace weir::gotmpl {

void Formatter::WritePadding(int count) {
  if (count <= 0) return;
  out_.append(static_cast<size_t>(count),
              flags.zero && !flags.minus ? '0' : ' ');
}

void Formatter::Pad(absl::string_view text) {
  if (!flags.has_width || flags.width == 0) {
    absl::StrAppend(&out_, text);
    return;
  }
  const int padding = flags.width - static_cast<int>(RuneCount(text));
  if (!flags.minus) WritePadding(padding);
  absl::StrAppend(&out_, text);
  if (flags.minus) WritePadding(padding);
}

void Formatter::PadWithSpaces(absl::string_view text) {
  const bool zero = std::exchange(flags.zero, false);
  Pad(text);
  flags.zero = zero;
}

absl::string_view Formatter::Truncated(absl::string_view text) const {
  if (!flags.has_precision) return text;
  size_t end = 0;
  for (int i = 0; i < flags.precision && end < text.size(); ++i) {
    size_t size = 1;
    DecodeRune(text.substr(end), &size);
    end += size;
  }
  return text.substr(0, end);
}

void Formatter::String(absl::string_view text) { Pad(Truncated(text)); }

void Formatter::Hex(absl::string_view bytes, bool upper) {
  if (flags.has_precision &&
      static_cast<size_t>(flags.precision) < bytes.size()) {
    bytes = bytes.substr(0, static_cast<size_t>(flags.precision));
  }
  if (bytes.empty()) {
    if (flags.has_width) WritePadding(flags.width);
    return;
  }
  const absl::string_view digits =
      upper ? "0123456789ABCDEF" : "0123456789abcdef";
  const absl::string_view prefix = upper ? "0X" : "0x";
  std::string text;
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (flags.space && i > 0) text.push_back(' ');
    if (flags.sharp && (i == 0 || flags.space)) absl::StrAppend(&text, prefix);
    const auto byte = static_cast<uint8_t>(bytes[i]);
    text.push_back(digits[byte >> 4]);
    text.push_back(digits[byte & 15]);
  }
  const int padding =
      flags.has_width ? flags.width - static_cast<int>(text.size()) : 0;
  if (!flags.minus) WritePadding(padding);
  absl::StrAppend(&out_, text);
  if (flags.minus) WritePadding(padding);
}

void Formatter::Quoted(absl::string_view text) {
  text = Truncated(text);
  if (flags.sharp && CanBackquote(text)) {
    Pad(absl::StrCat("`", text, "`"));
    return;
  }
  std::string quoted;
  constexpr size_t kMostBytes = size_t{64} << 20;
  AppendQuoted(text, flags.plus, &quoted, kMostBytes);
  Pad(quoted);
}

void Formatter::Character(uint64_t code) {
  std::string text;
  AppendRune(code > kMaxRune ? kRuneError : static_cast<Rune>(code), &text);
  Pad(text);
}

void Formatter::QuotedCharacter(uint64_t code) {
  std::string text;
  AppendQuotedRune(code > kMaxRune ? kRuneError : static_cast<Rune>(code),
                   flags.plus, &text);
  Pad(text);
}

void Formatter::Unicode(uint64_t code) {
  const int digits =
      flags.has_precision && flags.precision > 4 ? flags.precision : 4;
  std::string text = absl::StrFormat("%X", code);
  if (text.size() < static_cast<size_t>(digits)) {
    text.insert(0, static_cast<size_t>(digits) - text.size(), '0');
  }
  text.insert(0, "U+");
  if (flags.sharp && code <= kMaxRune && IsPrint(static_cast<Rune>(code))) {
    text.append(" '");
    AppendRune(static_cast<Rune>(code), &text);
    text.push_back('\'');
  }
  PadWithSpaces(text);
}

void Formatter::Integer(uint64_t value, int base, bool is_signed, Rune verb,
                        bool upper) {
  const bool negative = is_signed && static_cast<int64_t>(value) < 0;
  if (negative) value = 0 - value;
  int precision = 0;
  if (flags.has_precision) {
    precision = flags.precision;
    if (precision == 0 && value == 0) {
      const bool zero = std::exchange(flags.zero, false);
      WritePadding(flags.width);
      flags.zero = zero;
      return;
    }
  } else if (flags.zero && !flags.minus && flags.has_width) {
    precision = flags.width;
    if (negative || flags.plus || flags.space) --precision;
  }
  const absl::string_view digits =
      upper ? "0123456789ABCDEF" : "0123456789abcdef";
  std::string text;
  do {
    text.push_back(digits[value % static_cast<uint64_t>(base)]);
    value /= static_cast<uint64_t>(base);
  } while (value > 0);
  if (text.size() < static_cast<size_t>(std::max(precision, 0))) {
    text.append(static_cast<size_t>(precision) - text.size(), '0');
  }
  if (flags.sharp) {
    if (base == 2) text.append("b0");
    if (base == 8 && text.back() != '0') text.push_back('0');
    if (base == 16) absl::StrAppend(&text, upper ? "X0" : "x0");
  }
  if (verb == 'O') text.append("o0");
  if (negative) {
    text.push_back('-');
  } else if (flags.plus) {
    text.push_back('+');
  } else if (flags.space) {
    text.push_back(' ');
  }
  std::reverse(text.begin(), text.end());
  PadWithSpaces(text);
}

// The sharp flag keeps the point and trailing zeros.
void Formatter::KeepPoint(Rune verb, int precision, std::string* number) const {
  int digits = 0;
  if (verb == 'g' || verb == 'G' || verb == 'x' || verb == 'X') {
    digits = precision == -1 ? 6 : precision;
    if (verb == 'X') digits = 0;
  }
  std::string tail;
  bool has_point = false, has_nonzero = false;
  for (size_t i = 1; i < number->size(); ++i) {
    const char c = (*number)[i];
    const bool is_hex = verb == 'x' || verb == 'X';
    if (c == '.') {
      has_point = true;
    } else if (c == 'p' || c == 'P' || ((c == 'e' || c == 'E') && !is_hex)) {
      tail = number->substr(i);
      number->resize(i);
      break;
    } else {
      if (c != '0') has_nonzero = true;
      if (has_nonzero) --digits;
    }
  }
  if (!has_point) {
    if (number->size() == 2 && (*number)[1] == '0') --digits;
    number->push_back('.');
  }
  if (digits > 0) number->append(static_cast<size_t>(digits), '0');
  absl::StrAppend(number, tail);
}

void Formatter::Float(double value, Rune verb, int precision) {
  if (flags.has_precision) precision = flags.precision;
  std::string number;
  AppendFloat(value, static_cast<char>(verb), precision, &number);
  if (number[0] != '-' && number[0] != '+') number.insert(0, 1, '+');
  if (flags.space && number[0] == '+' && !flags.plus) number[0] = ' ';
  if (number[1] == 'I' || number[1] == 'N') {
    if (number[1] == 'N' && !flags.space && !flags.plus) number.erase(0, 1);
    PadWithSpaces(number);
    return;
  }
  if (flags.sharp && verb != 'b') KeepPoint(verb, precision, &number);
  if (flags.plus || number[0] != '+') {
    if (flags.zero && !flags.minus && flags.has_width &&
        flags.width > static_cast<int>(number.size())) {
      out_.push_back(number[0]);
      WritePadding(flags.width - static_cast<int>(number.size()));
      out_.append(number, 1);
      return;
    }
    Pad(number);
    return;
  }
  Pad(absl::string_view(number).substr(1));
}

}  // namespace weir::gotmpl
