#include "times.h"

#include <cstdint>
#include <cstdlib>
#include <limits>
#include <optional>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "numbers.h"

namespace weir::cel {
namespace {

constexpr int64_t kSecond = 1'000'000'000;
const absl::CivilSecond kEpoch(1970, 1, 1);

// Digits from the start of a text.
class Digits {
 public:
  explicit Digits(absl::string_view text) : text_(text) {}

  bool Literal(char c) {
    if (text_.empty() || text_[0] != c) return false;
    text_.remove_prefix(1);
    return true;
  }
  bool Number(int least, int most, int& value) {
    value = 0;
    int count = 0;
    while (count < most && !text_.empty() && absl::ascii_isdigit(text_[0])) {
      value = value * 10 + (text_[0] - '0');
      text_.remove_prefix(1);
      ++count;
    }
    return count >= least;
  }
  // ".5", to nanoseconds, more digits left out.
  bool Fraction(int32_t& nanoseconds) {
    nanoseconds = 0;
    if (text_.size() < 2 || (text_[0] != '.' && text_[0] != ',') ||
        !absl::ascii_isdigit(text_[1])) {
      return true;
    }
    text_.remove_prefix(1);
    int32_t unit = kSecond / 10;
    while (!text_.empty() && absl::ascii_isdigit(text_[0])) {
      nanoseconds += unit * (text_[0] - '0');
      unit /= 10;
      text_.remove_prefix(1);
    }
    return true;
  }
  bool Offset(int32_t& seconds) {
    seconds = 0;
    if (Literal('Z')) return text_.empty();
    const bool is_negative = !text_.empty() && text_[0] == '-';
    if (!is_negative && (text_.empty() || text_[0] != '+')) return false;
    text_.remove_prefix(1);
    int hours = 0;
    int minutes = 0;
    if (!Number(2, 2, hours) || !Literal(':') || !Number(2, 2, minutes) ||
        !text_.empty() || hours > 24 || minutes > 60) {
      return false;
    }
    seconds = (hours * 60 + minutes) * 60;
    if (is_negative) seconds = -seconds;
    return true;
  }

 private:
  absl::string_view text_;
};

Value Moved(const Timestamp& time, int64_t nanoseconds) {
  int64_t seconds = time.seconds + nanoseconds / kSecond;
  int64_t rest = time.nanoseconds + nanoseconds % kSecond;
  if (rest < 0) {
    rest += kSecond;
    --seconds;
  } else if (rest >= kSecond) {
    rest -= kSecond;
    ++seconds;
  }
  if (seconds < kMinSeconds || seconds > kMaxSeconds) {
    return Value::Error("timestamp overflow");
  }
  return Value::Time(
      {seconds, static_cast<int32_t>(rest), time.offset_seconds});
}

Value AtoiError(absl::string_view text, bool is_range) {
  return Value::Error(
      absl::StrCat("strconv.Atoi: parsing \"", text,
                   "\": ", is_range ? "value out of range" : "invalid syntax"));
}

// Go's strconv.Atoi; an error value, or null with `number` set.
Value Atoi(absl::string_view text, int64_t& number) {
  if (const auto value = ParseGoInt(text)) {
    number = *value;
    return Value();
  }
  bool has_digits = false;
  for (const char c : text) {
    if (absl::ascii_isdigit(c)) has_digits = true;
    if (!absl::ascii_isdigit(c) && c != '-' && c != '+') {
      return AtoiError(text, false);
    }
  }
  return AtoiError(text, has_digits && text.size() > 18);
}

}  // namespace

std::optional<Timestamp> ParseTimestamp(absl::string_view text) {
  Digits digits(text);
  int year, month, day, hour, minute, second;
  Timestamp time;
  if (!digits.Number(4, 4, year) || !digits.Literal('-') ||
      !digits.Number(2, 2, month) || !digits.Literal('-') ||
      !digits.Number(2, 2, day) || !digits.Literal('T') ||
      !digits.Number(1, 2, hour) || !digits.Literal(':') ||
      !digits.Number(2, 2, minute) || !digits.Literal(':') ||
      !digits.Number(2, 2, second) || !digits.Fraction(time.nanoseconds) ||
      !digits.Offset(time.offset_seconds)) {
    return std::nullopt;
  }
  const absl::CivilSecond civil(year, month, day, hour, minute, second);
  // Fields out of range would have moved the others.
  if (civil.month() != month || civil.day() != day || civil.hour() != hour ||
      civil.minute() != minute || civil.second() != second) {
    return std::nullopt;
  }
  time.seconds = (civil - kEpoch) - time.offset_seconds;
  return time;
}

std::string FormatTimestamp(const Timestamp& time) {
  const absl::CivilSecond c = kEpoch + time.seconds + time.offset_seconds;
  std::string out =
      absl::StrFormat("%04d-%02d-%02dT%02d:%02d:%02d", c.year(), c.month(),
                      c.day(), c.hour(), c.minute(), c.second());
  if (time.nanoseconds != 0) {
    std::string fraction = absl::StrFormat(".%09d", time.nanoseconds);
    while (fraction.back() == '0') fraction.pop_back();
    out += fraction;
  }
  if (time.offset_seconds == 0) return out + "Z";
  const int minutes = time.offset_seconds / 60;
  absl::StrAppendFormat(&out, "%c%02d:%02d", minutes < 0 ? '-' : '+',
                        std::abs(minutes) / 60, std::abs(minutes) % 60);
  return out;
}

Timestamp InUtc(Timestamp time) {
  time.offset_seconds = 0;
  return time;
}

std::string FormatSeconds(int64_t nanoseconds) {
  const double seconds = static_cast<double>(nanoseconds / kSecond) +
                         static_cast<double>(nanoseconds % kSecond) / 1e9;
  return absl::StrCat(FormatPlain(seconds), "s");
}

Value AddTimes(const Value& time, const Value& duration) {
  return Moved(time.AsTime(), duration.AsNanoseconds());
}

Value SubtractTimes(const Value& time, const Value& other) {
  if (other.Is(Kind::kDuration)) {
    if (other.AsNanoseconds() == std::numeric_limits<int64_t>::min()) {
      return Value::Error("integer overflow");
    }
    return Moved(time.AsTime(), -other.AsNanoseconds());
  }
  if (!other.Is(Kind::kTimestamp)) return Value::Error("no such overload");
  int64_t nanoseconds = 0;
  if (__builtin_mul_overflow(time.AsTime().seconds - other.AsTime().seconds,
                             kSecond, &nanoseconds) ||
      __builtin_add_overflow(
          nanoseconds,
          int64_t{time.AsTime().nanoseconds} - other.AsTime().nanoseconds,
          &nanoseconds)) {
    return Value::Error("integer overflow");
  }
  return Value::Duration(nanoseconds);
}

Value LocalFields(const Timestamp& time, const std::string& zone,
                  absl::CivilSecond& fields) {
  const size_t colon = zone.find(':');
  if (colon != std::string::npos) {
    int64_t hours = 0;
    int64_t minutes = 0;
    Value error = Atoi(absl::string_view(zone).substr(0, colon), hours);
    if (!error.is_error()) {
      error = Atoi(absl::string_view(zone).substr(colon + 1), minutes);
    }
    if (error.is_error()) return error;
    constexpr int64_t kMost = 1'000'000'000;
    if (std::abs(hours) > kMost || std::abs(minutes) > kMost) {
      return AtoiError(zone, true);
    }
    const int64_t offset =
        zone[0] == '-' ? hours * 60 - minutes : hours * 60 + minutes;
    fields = kEpoch + time.seconds + offset * 60;
    return Value();
  }
  if (zone.empty() || zone == "UTC") {
    fields = kEpoch + time.seconds;
    return Value();
  }
  if (absl::StrContains(zone, "..") || zone[0] == '/' || zone[0] == '\\') {
    return Value::Error("time: invalid location name");
  }
  absl::TimeZone found;
  if (zone == "Local") {
    found = absl::LocalTimeZone();
  } else if (absl::StartsWith(zone, "Fixed/") ||
             !absl::LoadTimeZone(zone, &found)) {
    return Value::Error(absl::StrCat("unknown time zone ", zone));
  }
  fields = found.At(absl::FromUnixSeconds(time.seconds)).cs;
  return Value();
}

}  // namespace weir::cel
