#include "quantity.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace weir::apiserver {
namespace {

constexpr __int128 kNano = 1000000000;
// Upstream caps multiples of 2^10 at 2^63 - 1, and others at nothing; they end
// at 10^28 here.
constexpr __int128 kMaxBinary = static_cast<__int128>(INT64_MAX) * kNano;
constexpr __int128 kMax = static_cast<__int128>(1'000'000'000'000'000'000) *
                          1'000'000'000 * 10'000'000'000;

struct Suffix {
  absl::string_view text;
  Quantity::Format format;
  int exponent;  // Of 10, or of 2.
};
constexpr Suffix kSuffixes[] = {
    {"n", Quantity::Format::kDecimal, -9},
    {"u", Quantity::Format::kDecimal, -6},
    {"m", Quantity::Format::kDecimal, -3},
    {"", Quantity::Format::kDecimal, 0},
    {"k", Quantity::Format::kDecimal, 3},
    {"M", Quantity::Format::kDecimal, 6},
    {"G", Quantity::Format::kDecimal, 9},
    {"T", Quantity::Format::kDecimal, 12},
    {"P", Quantity::Format::kDecimal, 15},
    {"E", Quantity::Format::kDecimal, 18},
    {"Ki", Quantity::Format::kBinary, 10},
    {"Mi", Quantity::Format::kBinary, 20},
    {"Gi", Quantity::Format::kBinary, 30},
    {"Ti", Quantity::Format::kBinary, 40},
    {"Pi", Quantity::Format::kBinary, 50},
    {"Ei", Quantity::Format::kBinary, 60},
};

std::optional<Suffix> FindSuffix(absl::string_view text) {
  for (const Suffix& suffix : kSuffixes) {
    if (suffix.text == text) return suffix;
  }
  if (text.size() > 1 && (text[0] == 'e' || text[0] == 'E')) {
    int exponent = 0;
    absl::string_view digits = text.substr(1);
    if (digits[0] == '+') digits.remove_prefix(1);
    if (digits.empty() || absl::ascii_isspace(digits[0]) ||
        !absl::SimpleAtoi(digits, &exponent) || std::abs(exponent) > 40) {
      return std::nullopt;
    }
    return Suffix{"", Quantity::Format::kExponent, exponent};
  }
  return std::nullopt;
}

__int128 MulCapped(__int128 a, __int128 b) {
  __int128 out;
  if (__builtin_mul_overflow(a, b, &out) || out > kMax) return kMax;
  return out;
}

// `digits` times 10^exponent, in units of 10^-9, rounded up.
__int128 ScaleDecimal(__int128 digits, int exponent) {
  exponent += 9;
  for (; exponent > 0 && digits != 0; --exponent) {
    digits = MulCapped(digits, 10);
  }
  bool inexact = false;
  for (; exponent < 0 && digits != 0; ++exponent) {
    inexact = inexact || digits % 10 != 0;
    digits /= 10;
  }
  return std::min(digits + (inexact ? 1 : 0), kMax);
}

std::string Print(__int128 value) {
  bool negative = value < 0;
  if (negative) value = -value;
  std::string out;
  do {
    out.push_back(static_cast<char>('0' + static_cast<int>(value % 10)));
    value /= 10;
  } while (value != 0);
  if (negative) out.push_back('-');
  std::reverse(out.begin(), out.end());
  return out;
}

std::string PrintDecimal(__int128 nano, bool exponents) {
  int exponent = -9;
  while (exponent < 18 && nano % 1000 == 0) {
    nano /= 1000;
    exponent += 3;
  }
  std::string out = Print(nano);
  if (exponents) {
    if (exponent != 0) absl::StrAppend(&out, "e", exponent);
    return out;
  }
  for (const Suffix& suffix : kSuffixes) {
    if (suffix.format == Quantity::Format::kDecimal &&
        suffix.exponent == exponent) {
      absl::StrAppend(&out, suffix.text);
      break;
    }
  }
  return out;
}

}  // namespace

std::optional<Quantity> ParseQuantity(absl::string_view text) {
  bool negative = false;
  if (!text.empty() && (text[0] == '+' || text[0] == '-')) {
    negative = text[0] == '-';
    text.remove_prefix(1);
  }
  size_t end = 0;
  int fraction = -1;  // Digits behind the point.
  __int128 digits = 0;
  int digit_count = 0, dropped = 0;
  bool inexact = false;
  for (; end < text.size(); ++end) {
    char c = text[end];
    if (c == '.') {
      if (fraction >= 0) return std::nullopt;
      fraction = 0;
      continue;
    }
    if (!absl::ascii_isdigit(static_cast<unsigned char>(c))) break;
    ++digit_count;
    if (digits < static_cast<__int128>(1) << 96) {
      digits = digits * 10 + (c - '0');
      if (fraction >= 0) ++fraction;
    } else if (fraction < 0) {
      ++dropped;
    } else {
      inexact = inexact || c != '0';
    }
  }
  if (digit_count == 0) return std::nullopt;
  auto suffix = FindSuffix(text.substr(end));
  if (!suffix.has_value()) return std::nullopt;
  if (inexact) ++digits;
  int scale = dropped - std::max(fraction, 0);
  Quantity out;
  out.format = suffix->format;
  if (suffix->format == Quantity::Format::kBinary) {
    out.nano = digits;
    for (int i = 0; i < suffix->exponent; i += 10) {
      out.nano = MulCapped(out.nano, 1024);
    }
    out.nano = ScaleDecimal(out.nano, scale);
  } else {
    out.nano = ScaleDecimal(digits, scale + suffix->exponent);
  }
  if (out.format == Quantity::Format::kBinary) {
    out.nano = std::min(out.nano, kMaxBinary);
  }
  if (negative) out.nano = -out.nano;
  return out;
}

std::string Quantity::ToString() const {
  if (nano == 0) return "0";
  __int128 whole = nano / kNano;
  if (format == Format::kBinary && nano % kNano == 0 &&
      (whole <= -1024 || whole >= 1024)) {
    int exponent = 0;
    while (exponent < 60 && whole % 1024 == 0) {
      whole /= 1024;
      exponent += 10;
    }
    std::string out = Print(whole);
    for (const Suffix& suffix : kSuffixes) {
      if (suffix.format == Format::kBinary && suffix.exponent == exponent) {
        absl::StrAppend(&out, suffix.text);
      }
    }
    return out;
  }
  return PrintDecimal(nano, format == Format::kExponent);
}

}  // namespace weir::apiserver
