#include "weir/base/duration.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "absl/random/random.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace weir {
namespace {

absl::Status InvalidDuration(absl::string_view text) {
  return absl::InvalidArgumentError(
      absl::StrCat("time: invalid duration \"", text, "\""));
}

// Nanoseconds in one `unit`, or 0 for a unit that Go does not know.
double UnitNanoseconds(absl::string_view unit) {
  if (unit == "ns") return 1;
  if (unit == "us" || unit == "\xc2\xb5s" || unit == "\xce\xbcs") return 1e3;
  if (unit == "ms") return 1e6;
  if (unit == "s") return 1e9;
  if (unit == "m") return 60e9;
  if (unit == "h") return 3600e9;
  return 0;
}

// "1.5" of a number of `unit` nanoseconds, without trailing zeros.
std::string FormatFraction(uint64_t nanoseconds, uint64_t unit) {
  std::string out = absl::StrCat(nanoseconds / unit);
  uint64_t rest = nanoseconds % unit;
  if (rest == 0) return out;
  out.push_back('.');
  while (rest != 0) {
    unit /= 10;
    out.push_back(static_cast<char>('0' + rest / unit));
    rest %= unit;
  }
  return out;
}

}  // namespace

absl::StatusOr<absl::Duration> ParseGoDuration(absl::string_view text) {
  absl::string_view rest = text;
  bool negative = false;
  if (!rest.empty() && (rest[0] == '-' || rest[0] == '+')) {
    negative = rest[0] == '-';
    rest.remove_prefix(1);
  }
  if (rest == "0") return absl::ZeroDuration();
  if (rest.empty()) return InvalidDuration(text);
  constexpr uint64_t kMax = uint64_t{1} << 63;
  uint64_t total = 0;
  while (!rest.empty()) {
    uint64_t whole = 0;
    size_t digits = 0;
    while (digits < rest.size() && absl::ascii_isdigit(rest[digits])) {
      if (whole > kMax / 10) return InvalidDuration(text);
      whole = whole * 10 + static_cast<uint64_t>(rest[digits++] - '0');
    }
    double fraction = 0;
    double scale = 1;
    size_t end = digits;
    if (end < rest.size() && rest[end] == '.') {
      ++end;
      const size_t start = end;
      while (end < rest.size() && absl::ascii_isdigit(rest[end])) {
        fraction = fraction * 10 + (rest[end++] - '0');
        scale *= 10;
      }
      if (digits == 0 && end == start) return InvalidDuration(text);
    } else if (digits == 0) {
      return InvalidDuration(text);
    }
    rest.remove_prefix(end);
    size_t unit_end = 0;
    while (unit_end < rest.size() && rest[unit_end] != '.' &&
           !absl::ascii_isdigit(rest[unit_end])) {
      ++unit_end;
    }
    const absl::string_view unit = rest.substr(0, unit_end);
    if (unit.empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat("time: missing unit in duration \"", text, "\""));
    }
    const double nanoseconds = UnitNanoseconds(unit);
    if (nanoseconds == 0) {
      return absl::InvalidArgumentError(absl::StrCat(
          "time: unknown unit \"", unit, "\" in duration \"", text, "\""));
    }
    const auto each = static_cast<uint64_t>(nanoseconds);
    if (whole > kMax / each) return InvalidDuration(text);
    total +=
        whole * each + static_cast<uint64_t>(fraction * (nanoseconds / scale));
    if (total > kMax) return InvalidDuration(text);
    rest.remove_prefix(unit_end);
  }
  if (!negative && total == kMax) return InvalidDuration(text);
  const absl::Duration duration =
      absl::Seconds(static_cast<int64_t>(total / 1000000000)) +
      absl::Nanoseconds(static_cast<int64_t>(total % 1000000000));
  return negative ? -duration : duration;
}

std::string FormatGoDuration(absl::Duration duration) {
  const int64_t signed_ns = absl::ToInt64Nanoseconds(duration);
  const bool negative = signed_ns < 0;
  const uint64_t ns = negative ? ~static_cast<uint64_t>(signed_ns) + 1
                               : static_cast<uint64_t>(signed_ns);
  if (ns == 0) return "0s";
  std::string out = negative ? "-" : "";
  constexpr uint64_t kSecond = 1000000000;
  if (ns < 1000) {
    absl::StrAppend(&out, ns, "ns");
  } else if (ns < 1000000) {
    absl::StrAppend(&out, FormatFraction(ns, 1000), "\xc2\xb5s");
  } else if (ns < kSecond) {
    absl::StrAppend(&out, FormatFraction(ns, 1000000), "ms");
  } else {
    const uint64_t hours = ns / (3600 * kSecond);
    const uint64_t minutes = ns / (60 * kSecond) % 60;
    if (hours > 0) absl::StrAppend(&out, hours, "h");
    if (hours > 0 || minutes > 0) absl::StrAppend(&out, minutes, "m");
    absl::StrAppend(&out, FormatFraction(ns % (60 * kSecond), kSecond), "s");
  }
  return out;
}

std::string FormatKubeTime(absl::Time time) {
  return absl::FormatTime("%E4Y-%m-%d%ET%H:%M:%SZ", time, absl::UTCTimeZone());
}

std::string FormatKubeMicroTime(absl::Time time) {
  return absl::FormatTime("%E4Y-%m-%d%ET%H:%M:%E6SZ", time,
                          absl::UTCTimeZone());
}

absl::StatusOr<absl::Time> ParseKubeTime(absl::string_view text) {
  absl::Time time;
  std::string error;
  if (!absl::ParseTime(absl::RFC3339_full, text, &time, &error)) {
    return absl::InvalidArgumentError(
        absl::StrCat("invalid time \"", absl::CEscape(text), "\": ", error));
  }
  return time;
}

absl::Duration Jitter(absl::Duration interval, int percent) {
  if (percent <= 0) return interval;
  thread_local absl::BitGen random;
  const double spread = std::min(percent, 99) / 100.0;
  return interval * absl::Uniform(random, 1 - spread, 1 + spread);
}

absl::Duration ExponentialBackoff(absl::Duration base, absl::Duration max,
                                  int failures) {
  if (failures >= 40) return max;
  return std::min(base * std::ldexp(1.0, std::max(failures, 0)), max);
}

}  // namespace weir
