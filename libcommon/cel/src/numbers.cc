#include "numbers.h"

#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <optional>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace weir::cel {
namespace {

constexpr double kTwoTo63 = 9223372036854775808.0;
constexpr double kTwoTo64 = 18446744073709551616.0;

std::string Special(double value) {
  if (std::isnan(value)) return "NaN";
  return value < 0 ? "-Inf" : "+Inf";
}

// The fewest digits that read back as this number, and the power of ten of
// the first.
struct Digits {
  bool is_negative;
  std::string digits;
  int exponent;
};

Digits ShortestDigits(double value) {
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, std::fabs(value),
                                 std::chars_format::scientific);
  const absl::string_view all(text, end.ptr - text);
  const size_t e = all.find('e');
  Digits result{std::signbit(value), "", 0};
  for (const char c : all.substr(0, e)) {
    if (c != '.') result.digits += c;
  }
  absl::string_view power = all.substr(e + 1);
  if (power[0] == '+') power.remove_prefix(1);
  (void)absl::SimpleAtoi(power, &result.exponent);
  return result;
}

std::string Plain(const Digits& d) {
  std::string out = d.is_negative ? "-" : "";
  const int count = static_cast<int>(d.digits.size());
  if (d.exponent < 0) {
    absl::StrAppend(&out, "0.", std::string(-d.exponent - 1, '0'), d.digits);
  } else if (d.exponent >= count - 1) {
    absl::StrAppend(&out, d.digits, std::string(d.exponent - count + 1, '0'));
  } else {
    absl::StrAppend(&out, d.digits.substr(0, d.exponent + 1), ".",
                    d.digits.substr(d.exponent + 1));
  }
  return out;
}

// Go takes no underscores, "nan(...)" or blanks here, and spells infinity in
// any case.
bool IsGoFloat(absl::string_view text) {
  if (!text.empty() && (text[0] == '+' || text[0] == '-')) {
    text.remove_prefix(1);
  }
  const std::string lower = absl::AsciiStrToLower(text);
  if (lower == "inf" || lower == "infinity") return true;
  if (lower == "nan") return true;
  if (absl::StartsWith(lower, "0x")) return absl::StrContains(lower, 'p');
  bool has_digit = false;
  for (const char c : lower) {
    if (absl::ascii_isdigit(c)) has_digit = true;
    if (!absl::ascii_isdigit(c) && c != '.' && c != 'e' && c != '+' &&
        c != '-') {
      return false;
    }
  }
  return has_digit;
}

}  // namespace

std::optional<int64_t> DoubleToInt(double value) {
  if (std::isnan(value) || value <= -kTwoTo63 || value >= kTwoTo63) {
    return std::nullopt;
  }
  return static_cast<int64_t>(value);
}

std::optional<uint64_t> DoubleToUint(double value) {
  if (std::isnan(value) || value < 0 || value >= kTwoTo64) return std::nullopt;
  return static_cast<uint64_t>(value);
}

std::optional<int64_t> LosslessInt(const Value& value) {
  switch (value.kind()) {
    case Kind::kInt:
      return value.AsInt();
    case Kind::kUint:
      if (value.AsUint() > std::numeric_limits<int64_t>::max()) break;
      return static_cast<int64_t>(value.AsUint());
    case Kind::kDouble: {
      const auto number = DoubleToInt(value.AsDouble());
      if (!number || static_cast<double>(*number) != value.AsDouble()) break;
      return number;
    }
    default:
      break;
  }
  return std::nullopt;
}

std::optional<uint64_t> LosslessUint(const Value& value) {
  switch (value.kind()) {
    case Kind::kInt:
      if (value.AsInt() < 0) break;
      return static_cast<uint64_t>(value.AsInt());
    case Kind::kUint:
      return value.AsUint();
    case Kind::kDouble: {
      const auto number = DoubleToUint(value.AsDouble());
      if (!number || static_cast<double>(*number) != value.AsDouble()) break;
      return number;
    }
    default:
      break;
  }
  return std::nullopt;
}

std::string FormatShortest(double value) {
  if (!std::isfinite(value)) return Special(value);
  const Digits d = ShortestDigits(value);
  const int count = static_cast<int>(d.digits.size());
  constexpr int kLimit = 6;
  if (d.exponent >= -4 && d.exponent < kLimit) return Plain(d);
  std::string out = d.is_negative ? "-" : "";
  out += d.digits[0];
  if (count > 1) absl::StrAppend(&out, ".", d.digits.substr(1));
  absl::StrAppend(&out, "e", d.exponent < 0 ? "-" : "+");
  const int power = std::abs(d.exponent);
  if (power < 10) out += '0';
  absl::StrAppend(&out, power);
  return out;
}

std::string FormatPlain(double value) {
  if (!std::isfinite(value)) return Special(value);
  return Plain(ShortestDigits(value));
}

std::optional<double> ParseGoFloat(absl::string_view text) {
  if (!IsGoFloat(text)) return std::nullopt;
  const std::string copy(text);
  char* end = nullptr;
  const double value = std::strtod(copy.c_str(), &end);
  if (end != copy.c_str() + copy.size()) return std::nullopt;
  const bool names_infinity =
      absl::StrContains(absl::AsciiStrToLower(text), "inf");
  if (std::isinf(value) && !names_infinity) return std::nullopt;
  return value;
}

std::optional<int64_t> ParseGoInt(absl::string_view text) {
  if (!text.empty() && text[0] == '+') {
    text.remove_prefix(1);
    if (text.empty() || !absl::ascii_isdigit(text[0])) return std::nullopt;
  }
  int64_t value = 0;
  const auto end =
      std::from_chars(text.data(), text.data() + text.size(), value);
  if (end.ec != std::errc() || end.ptr != text.data() + text.size()) {
    return std::nullopt;
  }
  return value;
}

std::optional<uint64_t> ParseGoUint(absl::string_view text) {
  if (text.empty() || !absl::ascii_isdigit(text[0])) return std::nullopt;
  uint64_t value = 0;
  const auto end =
      std::from_chars(text.data(), text.data() + text.size(), value);
  if (end.ec != std::errc() || end.ptr != text.data() + text.size()) {
    return std::nullopt;
  }
  return value;
}

}  // namespace weir::cel
