#include "src/yaml_scalar.h"

#include <charconv>
#include <cmath>
#include <limits>

#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "absl/time/civil_time.h"

namespace weir {
namespace {

using Type = YamlScalar::Type;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsSign(char c) { return c == '+' || c == '-'; }

// Digits of one base; nothing unless all of `text` is digits and fits.
template <typename T>
std::optional<T> Digits(absl::string_view text, int base) {
  T number = 0;
  const char* end = text.data() + text.size();
  if (text.empty() || IsSign(text[0])) return std::nullopt;
  const auto result = std::from_chars(text.data(), end, number, base);
  if (result.ec != std::errc() || result.ptr != end) return std::nullopt;
  return number;
}

// An integer with its sign taken off.
std::optional<Value> MakeInt(bool signed_text, bool negative,
                             absl::string_view digits, int base) {
  const std::optional<uint64_t> size = Digits<uint64_t>(digits, base);
  if (!size) return std::nullopt;
  constexpr uint64_t kLimit = uint64_t{1} << 63;
  if (negative) {
    if (*size > kLimit) return std::nullopt;
    return Value(static_cast<int64_t>(0 - *size));
  }
  if (*size >= kLimit && signed_text) return std::nullopt;
  return Value(*size);
}

// strconv.ParseInt and ParseUint with base 0, and the two fallbacks of the
// resolver, which take a sign after the prefix.
std::optional<Value> ParseInt(absl::string_view text, bool yaml12) {
  const bool is_signed = !text.empty() && IsSign(text[0]);
  const bool negative = is_signed && text[0] == '-';
  if (is_signed) text.remove_prefix(1);
  int base = 10;
  absl::string_view digits = text;
  if (text.size() >= 2 && text[0] == '0') {
    base = 8;
    digits = text.substr(1);
    const char prefix = static_cast<char>(text[1] | 0x20);
    if (prefix == 'x' || prefix == 'o' || prefix == 'b') {
      base = prefix == 'x' ? 16 : prefix == 'o' ? 8 : 2;
      digits = text.substr(2);
    }
  }
  if (auto number = MakeInt(is_signed, negative, digits, base)) return number;
  if (!is_signed && text.size() > 3 && text[0] == '0' && IsSign(text[2]) &&
      (text[1] == 'b' || (yaml12 && text[1] == 'o'))) {
    return MakeInt(true, text[2] == '-', text.substr(3),
                   text[1] == 'b' ? 2 : 8);
  }
  return std::nullopt;
}

// [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?
bool LooksLikeFloat(absl::string_view text) {
  size_t i = !text.empty() && IsSign(text[0]) ? 1 : 0;
  const auto digits = [&text, &i] {
    const size_t start = i;
    while (i < text.size() && IsDigit(text[i])) ++i;
    return i - start;
  };
  const size_t whole = digits();
  if (i < text.size() && text[i] == '.') {
    ++i;
    if (digits() == 0 && whole == 0) return false;
  } else if (whole == 0) {
    return false;
  }
  if (i < text.size() && (text[i] | 0x20) == 'e') {
    ++i;
    if (i < text.size() && IsSign(text[i])) ++i;
    if (digits() == 0) return false;
  }
  return i == text.size();
}

std::optional<Value> ParseFloat(absl::string_view text) {
  if (!LooksLikeFloat(text)) return std::nullopt;
  const char* start = text.data() + (text[0] == '+' ? 1 : 0);
  double number = 0;
  if (std::from_chars(start, text.data() + text.size(), number).ec !=
      std::errc()) {
    number = std::strtod(std::string(text).c_str(), nullptr);
    if (std::isinf(number)) return std::nullopt;
  }
  return Value(number);
}

// strconv.ParseFloat takes underscores between digits.
bool UnderscoresSeparateDigits(absl::string_view text) {
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '_' && (i == 0 || !IsDigit(text[i - 1]) ||
                           i + 1 == text.size() || !IsDigit(text[i + 1]))) {
      return false;
    }
  }
  return true;
}

std::optional<YamlScalar> LookUp(absl::string_view text, bool yaml12) {
  if (text.empty() || text == "~") return YamlScalar{Type::kNull, Value()};
  if (text.size() > 5) return std::nullopt;
  const auto is = [text](absl::string_view lower, absl::string_view title,
                         absl::string_view upper) {
    return text == lower || text == title || text == upper;
  };
  if (is("null", "Null", "NULL")) return YamlScalar{Type::kNull, Value()};
  if (is("true", "True", "TRUE")) return YamlScalar{Type::kBool, true};
  if (is("false", "False", "FALSE")) return YamlScalar{Type::kBool, false};
  if (!yaml12) {
    if (is("yes", "Yes", "YES") || is("on", "On", "ON") || is("y", "Y", "Y")) {
      return YamlScalar{Type::kBool, true};
    }
    if (is("no", "No", "NO") || is("off", "Off", "OFF") || is("n", "N", "N")) {
      return YamlScalar{Type::kBool, false};
    }
  }
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (is(".nan", ".NaN", ".NAN")) {
    return YamlScalar{Type::kFloat, std::numeric_limits<double>::quiet_NaN()};
  }
  if (is(".inf", ".Inf", ".INF") || is("+.inf", "+.Inf", "+.INF")) {
    return YamlScalar{Type::kFloat, kInfinity};
  }
  if (is("-.inf", "-.Inf", "-.INF"))
    return YamlScalar{Type::kFloat, -kInfinity};
  return std::nullopt;
}

// Takes `min` to `max` digits off the front; -1 when there are too few.
int TakeNumber(absl::string_view& text, size_t min, size_t max) {
  size_t n = 0;
  int number = 0;
  while (n < max && n < text.size() && IsDigit(text[n])) {
    number = number * 10 + (text[n++] - '0');
  }
  text.remove_prefix(n);
  return n < min ? -1 : number;
}

bool TakeChar(absl::string_view& text, char c) {
  if (text.empty() || text[0] != c) return false;
  text.remove_prefix(1);
  return true;
}

// "Z", "+01:00"; as it is to be printed. Empty when it is neither.
std::string TakeZone(absl::string_view text, bool* printable) {
  if (text == "Z") return "Z";
  if (text.size() != 6 || !IsSign(text[0]) || text[3] != ':') return "";
  absl::string_view hours = text.substr(1, 2);
  absl::string_view minutes = text.substr(4, 2);
  const int h = TakeNumber(hours, 2, 2);
  const int m = TakeNumber(minutes, 2, 2);
  if (h < 0 || h > 24 || m < 0 || m > 60) return "";
  const int all = h * 60 + m;
  if (all == 0) return "Z";
  *printable = all < 24 * 60;
  return absl::StrFormat("%c%02d:%02d", text[0], all / 60, all % 60);
}

}  // namespace

std::string YamlTimestampToRfc3339(absl::string_view text, bool* printable) {
  bool in_range = true;
  if (printable == nullptr) printable = &in_range;
  *printable = true;
  if (text.size() < 8 || text[4] != '-') return "";
  const int year = TakeNumber(text, 4, 4);
  if (year < 0 || !TakeChar(text, '-')) return "";
  const int month = TakeNumber(text, 1, 2);
  if (!TakeChar(text, '-')) return "";
  const int day = TakeNumber(text, 1, 2);
  if (month < 1 || month > 12 || day < 1) return "";
  const absl::CivilDay date(year, month, day);
  if (date.day() != day) return "";
  const std::string prefix =
      absl::StrFormat("%04d-%02d-%02dT", year, month, day);
  if (text.empty()) return prefix + "00:00:00Z";
  const char separator = text[0];
  if (separator != 'T' && separator != 't' && separator != ' ') return "";
  text.remove_prefix(1);
  while (separator == ' ' && !text.empty() && text[0] == ' ') {
    text.remove_prefix(1);
  }
  const int hour = TakeNumber(text, 1, 2);
  if (!TakeChar(text, ':')) return "";
  const int minute = TakeNumber(text, 1, 2);
  if (!TakeChar(text, ':')) return "";
  const int second = TakeNumber(text, 1, 2);
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 ||
      second > 59) {
    return "";
  }
  std::string fraction;
  if (text.size() > 1 && (text[0] == '.' || text[0] == ',') &&
      IsDigit(text[1])) {
    text.remove_prefix(1);
    size_t n = 0;
    while (n < text.size() && IsDigit(text[n])) ++n;
    fraction = absl::StrCat(".", text.substr(0, std::min<size_t>(n, 9)));
    while (fraction.back() == '0') fraction.pop_back();
    if (fraction == ".") fraction.clear();
    text.remove_prefix(n);
  }
  const std::string zone =
      separator == ' ' ? (text.empty() ? "Z" : "") : TakeZone(text, printable);
  if (zone.empty()) return "";
  return absl::StrFormat("%s%02d:%02d:%02d%s%s", prefix, hour, minute, second,
                         fraction, zone);
}

YamlScalar ResolveYamlScalar(absl::string_view text,
                             YamlParseOptions::Schema schema, bool timestamps) {
  const bool yaml12 = schema == YamlParseOptions::Schema::kYaml12;
  const char first = text.empty() ? '~' : text[0];
  switch (first) {
    case 'y':
    case 'Y':
    case 'n':
    case 'N':
    case 't':
    case 'T':
    case 'f':
    case 'F':
    case 'o':
    case 'O':
    case '~':
      if (auto found = LookUp(text, yaml12)) return *found;
      return {};
    case '.':
      if (auto found = LookUp(text, yaml12)) return *found;
      if (UnderscoresSeparateDigits(text)) {
        if (auto number = ParseFloat(absl::StrReplaceAll(text, {{"_", ""}}))) {
          return {Type::kFloat, *number};
        }
      }
      return {};
    case '+':
    case '-':
      if (auto found = LookUp(text, yaml12)) return *found;
      break;
    default:
      if (!IsDigit(first)) return {};
  }
  if (timestamps && text.size() > 4 && text[4] == '-' &&
      !YamlTimestampToRfc3339(text).empty()) {
    return {Type::kTimestamp, Value()};
  }
  std::string stripped;
  if (text.find('_') != absl::string_view::npos) {
    stripped = absl::StrReplaceAll(text, {{"_", ""}});
    text = stripped;
  }
  if (auto number = ParseInt(text, yaml12)) return {Type::kInt, *number};
  if (auto number = ParseFloat(text)) return {Type::kFloat, *number};
  return {};
}

namespace {

// [-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?
bool IsBase60(absl::string_view text) {
  if (text.find(':') == absl::string_view::npos) return false;
  const auto digit = [text](size_t i) {
    return i < text.size() && IsDigit(text[i]);
  };
  size_t i = IsSign(text[0]) ? 1 : 0;
  if (!digit(i)) return false;
  while (digit(i) || (i < text.size() && text[i] == '_')) ++i;
  if (i == text.size() || text[i] != ':') return false;
  while (i < text.size() && text[i] == ':') {
    ++i;
    if (!digit(i)) return false;
    i += text[i] <= '5' && digit(i + 1) ? 2 : 1;
  }
  if (i < text.size() && text[i] == '.') {
    ++i;
    while (digit(i) || (i < text.size() && text[i] == '_')) ++i;
  }
  return i == text.size();
}

}  // namespace

bool LooksLikeOtherThanString(absl::string_view text) {
  return ResolveYamlScalar(text, YamlParseOptions::Schema::kYaml11, true)
                 .type != Type::kString ||
         IsBase60(text);
}

}  // namespace weir
