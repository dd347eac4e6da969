// time.ParseInLocation.
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "go_time.h"

namespace weir::gotmpl {
namespace {

bool IsDigit(absl::string_view text, size_t i) {
  return i < text.size() && text[i] >= '0' && text[i] <= '9';
}

bool IsLeap(int year) {
  return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

int DaysIn(int month, int year) {
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && IsLeap(year) ? 29 : kDays[month - 1];
}

class Parser {
 public:
  Parser(absl::string_view layout, absl::string_view value,
         const Location& location)
      : layout_(layout), value_(value), rest_(value), location_(location) {}

  absl::StatusOr<GoTime> Parse();

 private:
  // Each takes its field off the rest; false when it is not there. What is
  // there but too large is left in range_error_.
  bool TakeField(absl::string_view field, absl::string_view after);
  bool TakeDate(absl::string_view field);
  bool TakeClock(absl::string_view field, absl::string_view after);
  bool TakeZone(absl::string_view field);
  bool TakeZoneName();
  bool TakeNumber(bool fixed, int* number);
  bool TakeNumber3(bool fixed, int* number);
  bool TakeName(bool is_month, bool is_long, int* index);
  bool TakeSecond(absl::string_view field, absl::string_view after);
  bool TakeFraction(absl::string_view field);
  bool TakeNanoseconds(size_t size);
  bool TakeHalf(bool upper);
  bool SkipText(absl::string_view text);
  bool SetYearDay();
  absl::Status Wrong(absl::string_view element, absl::string_view at) const;
  absl::Status Message(absl::string_view message) const;
  GoTime Finish() const;

  const absl::string_view layout_, value_;
  absl::string_view rest_;
  const Location& location_;
  std::string range_error_;
  int year_ = 0, month_ = -1, day_ = -1, year_day_ = -1;
  int hour_ = 0, minute_ = 0, second_ = 0;
  int64_t nanoseconds_ = 0;
  bool is_pm_ = false, is_am_ = false, is_utc_ = false;
  int offset_ = -1;
  std::string zone_name_;
};

absl::Status Parser::Wrong(absl::string_view element,
                           absl::string_view at) const {
  return absl::InvalidArgumentError(absl::StrCat(
      "parsing time ", QuoteForTime(value_), " as ", QuoteForTime(layout_),
      ": cannot parse ", QuoteForTime(at), " as ", QuoteForTime(element)));
}

absl::Status Parser::Message(absl::string_view message) const {
  return absl::InvalidArgumentError(
      absl::StrCat("parsing time ", QuoteForTime(value_), ": ", message));
}

bool Parser::SkipText(absl::string_view text) {
  const auto skip_spaces = [](absl::string_view* s) {
    while (absl::StartsWith(*s, " ")) s->remove_prefix(1);
  };
  while (!text.empty()) {
    if (text[0] == ' ') {
      if (!rest_.empty() && rest_[0] != ' ') return false;
      skip_spaces(&text);
      skip_spaces(&rest_);
      continue;
    }
    if (rest_.empty() || rest_[0] != text[0]) return false;
    text.remove_prefix(1);
    rest_.remove_prefix(1);
  }
  return true;
}

bool Parser::TakeNumber(bool fixed, int* number) {
  if (!IsDigit(rest_, 0)) return false;
  const size_t size = IsDigit(rest_, 1) ? 2 : 1;
  if (fixed && size == 1) return false;
  *number = rest_[0] - '0';
  if (size == 2) *number = *number * 10 + (rest_[1] - '0');
  rest_.remove_prefix(size);
  return true;
}

bool Parser::TakeNumber3(bool fixed, int* number) {
  size_t size = 0;
  *number = 0;
  while (size < 3 && IsDigit(rest_, size)) {
    *number = *number * 10 + (rest_[size++] - '0');
  }
  if (size == 0 || (fixed && size != 3)) return false;
  rest_.remove_prefix(size);
  return true;
}

bool Parser::TakeName(bool is_month, bool is_long, int* index) {
  const int count = is_month ? 12 : 7;
  for (int i = 0; i < count; ++i) {
    absl::string_view name = is_month ? MonthName(i + 1) : WeekdayName(i);
    if (!is_long) name = name.substr(0, 3);
    if (absl::StartsWithIgnoreCase(rest_, name)) {
      rest_.remove_prefix(name.size());
      *index = i;
      return true;
    }
  }
  return false;
}

bool Parser::TakeDate(absl::string_view field) {
  int ignored = 0;
  if (field == "2006") {
    if (rest_.size() < 4 || !IsDigit(rest_, 0) ||
        !absl::SimpleAtoi(rest_.substr(0, 4), &year_)) {
      return false;
    }
    rest_.remove_prefix(4);
    return true;
  }
  if (field == "06") {
    if (rest_.size() < 2 || !absl::SimpleAtoi(rest_.substr(0, 2), &year_)) {
      return false;
    }
    rest_.remove_prefix(2);
    year_ += year_ >= 69 ? 1900 : 2000;
    return true;
  }
  if (field == "Jan" || field == "January") {
    if (!TakeName(true, field.size() > 3, &month_)) return false;
    ++month_;
    return true;
  }
  if (field == "Mon" || field == "Monday") {
    return TakeName(false, field.size() > 3, &ignored);
  }
  if (field == "1" || field == "01") {
    if (!TakeNumber(field == "01", &month_)) return false;
    if (month_ <= 0 || month_ > 12) range_error_ = "month";
    return true;
  }
  if (field == "__2" || field == "002") {
    for (int i = 0; field == "__2" && i < 2; ++i) {
      if (absl::StartsWith(rest_, " ")) rest_.remove_prefix(1);
    }
    return TakeNumber3(field == "002", &year_day_);
  }
  if (field == "_2" && absl::StartsWith(rest_, " ")) rest_.remove_prefix(1);
  return TakeNumber(field == "02", &day_);
}

bool Parser::TakeNanoseconds(size_t size) {
  if (rest_.size() < size || (rest_[0] != '.' && rest_[0] != ',')) {
    return false;
  }
  const size_t digits = std::min<size_t>(size, 10);
  int64_t value = 0;
  for (size_t i = 1; i < digits; ++i) {
    if (!IsDigit(rest_, i)) return false;
    value = value * 10 + (rest_[i] - '0');
  }
  for (size_t i = digits; i < 10; ++i) value *= 10;
  nanoseconds_ = value;
  rest_.remove_prefix(size);
  return true;
}

bool Parser::TakeFraction(absl::string_view field) {
  if (field[1] == '0') return TakeNanoseconds(field.size());
  if (rest_.size() < 2 || (rest_[0] != '.' && rest_[0] != ',') ||
      !IsDigit(rest_, 1)) {
    return true;
  }
  size_t size = 1;
  while (IsDigit(rest_, size)) ++size;
  return TakeNanoseconds(size);
}

bool Parser::TakeSecond(absl::string_view field, absl::string_view after) {
  if (!TakeNumber(field == "05", &second_)) return false;
  if (second_ >= 60) {
    range_error_ = "second";
    return true;
  }
  // A fraction may follow that the layout has not.
  if (rest_.size() < 2 || (rest_[0] != '.' && rest_[0] != ',') ||
      !IsDigit(rest_, 1)) {
    return true;
  }
  const absl::string_view next = NextLayoutPiece(after).field;
  if (!next.empty() && (next[0] == '.' || next[0] == ',')) return true;
  size_t size = 1;
  while (IsDigit(rest_, size)) ++size;
  return TakeNanoseconds(size);
}

bool Parser::TakeHalf(bool upper) {
  const absl::string_view half = rest_.substr(0, 2);
  is_pm_ = half == (upper ? "PM" : "pm");
  is_am_ = half == (upper ? "AM" : "am");
  if (!is_pm_ && !is_am_) return false;
  rest_.remove_prefix(2);
  return true;
}

bool Parser::TakeClock(absl::string_view field, absl::string_view after) {
  if (field == "PM" || field == "pm") return TakeHalf(field == "PM");
  if (field == "15" || field == "3" || field == "03") {
    if (!TakeNumber(field == "03", &hour_)) return false;
    if (hour_ > (field == "15" ? 23 : 12)) range_error_ = "hour";
    return true;
  }
  if (field == "4" || field == "04") {
    if (!TakeNumber(field == "04", &minute_)) return false;
    if (minute_ >= 60) range_error_ = "minute";
    return true;
  }
  return TakeSecond(field, after);
}

bool Parser::TakeZone(absl::string_view field) {
  if (field[0] == 'Z' && absl::StartsWith(rest_, "Z")) {
    rest_.remove_prefix(1);
    is_utc_ = true;
    return true;
  }
  if (rest_.size() < field.size()) return false;
  const absl::string_view text = rest_.substr(0, field.size());
  int parts[3] = {0, 0, 0};
  int count = 0;
  for (size_t i = 1; i < field.size();) {
    if (field[i] == ':') {
      if (text[i] != ':') return false;
      ++i;
      continue;
    }
    if (!IsDigit(text, i) || !IsDigit(text, i + 1)) return false;
    parts[count++] = (text[i] - '0') * 10 + (text[i + 1] - '0');
    i += 2;
  }
  rest_.remove_prefix(field.size());
  if (parts[0] > 24) range_error_ = "time zone offset hour";
  if (parts[1] > 60) range_error_ = "time zone offset minute";
  if (parts[2] > 60) range_error_ = "time zone offset second";
  offset_ = (parts[0] * 60 + parts[1]) * 60 + parts[2];
  if (text[0] == '-') offset_ = -offset_;
  return text[0] == '-' || text[0] == '+';
}

// The length of "+3" or "-11"; 0 when it is none.
size_t SignedOffset(absl::string_view text) {
  if (text.empty() || (text[0] != '+' && text[0] != '-')) return 0;
  size_t size = 1;
  int value = 0;
  while (IsDigit(text, size) && value < 100) {
    value = value * 10 + (text[size++] - '0');
  }
  return size > 1 && value <= 23 ? size : 0;
}

size_t ZoneNameLength(absl::string_view text) {
  if (text.size() < 3) return 0;
  if (absl::StartsWith(text, "ChST") || absl::StartsWith(text, "MeST")) {
    return 4;
  }
  if (absl::StartsWith(text, "GMT")) return 3 + SignedOffset(text.substr(3));
  if (text[0] == '+' || text[0] == '-') return SignedOffset(text);
  size_t upper = 0;
  while (upper < 6 && upper < text.size() && text[upper] >= 'A' &&
         text[upper] <= 'Z') {
    ++upper;
  }
  switch (upper) {
    case 3:
      return 3;
    case 4:
      return text[3] == 'T' || text.substr(0, 4) == "WITA" ? 4 : 0;
    case 5:
      return text[4] == 'T' ? 5 : 0;
    default:
      return 0;
  }
}

bool Parser::TakeZoneName() {
  if (absl::StartsWith(rest_, "UTC")) {
    rest_.remove_prefix(3);
    is_utc_ = true;
    return true;
  }
  const size_t size = ZoneNameLength(rest_);
  if (size == 0) return false;
  zone_name_ = std::string(rest_.substr(0, size));
  rest_.remove_prefix(size);
  return true;
}

bool Parser::TakeField(absl::string_view field, absl::string_view after) {
  if (field == "MST") return TakeZoneName();
  switch (field[0]) {
    case '.':
    case ',':
      return TakeFraction(field);
    case '-':
    case 'Z':
      return TakeZone(field);
    default:
      break;
  }
  for (const absl::string_view clock :
       {"15", "3", "03", "4", "04", "5", "05", "PM", "pm"}) {
    if (field == clock) return TakeClock(field, after);
  }
  return TakeDate(field);
}

// Month and day from the day of the year; false when it has no such day.
bool Parser::SetYearDay() {
  if (year_day_ < 1 || year_day_ > (IsLeap(year_) ? 366 : 365)) {
    range_error_ = "day-of-year out of range";
    return false;
  }
  int month = 1;
  int day = year_day_;
  while (day > DaysIn(month, year_)) day -= DaysIn(month++, year_);
  if (month_ >= 0 && month_ != month) {
    range_error_ = "day-of-year does not match month";
    return false;
  }
  if (day_ >= 0 && day_ != day) {
    range_error_ = "day-of-year does not match day";
    return false;
  }
  month_ = month;
  day_ = day;
  return true;
}

GoTime Parser::Finish() const {
  const absl::CivilSecond civil(year_, month_, day_, hour_, minute_, second_);
  const absl::Duration fraction = absl::Nanoseconds(nanoseconds_);
  GoTime time;
  if (is_utc_) {
    time.at = absl::FromCivil(civil, absl::UTCTimeZone()) + fraction;
    return time;
  }
  if (offset_ != -1) {
    time.at = absl::FromCivil(civil, absl::UTCTimeZone()) -
              absl::Seconds(offset_) + fraction;
    const auto info = location_.zone.At(time.at);
    if (info.offset == offset_ &&
        (zone_name_.empty() || zone_name_ == info.zone_abbr)) {
      time.location = location_;
    } else {
      time.location =
          Location{absl::FixedTimeZone(offset_), zone_name_, zone_name_};
    }
    return time;
  }
  const absl::TimeZone::TimeInfo local = location_.zone.At(civil);
  if (!zone_name_.empty()) {
    for (const absl::Time at : {local.pre, local.post}) {
      if (location_.zone.At(at).zone_abbr == zone_name_) {
        time.at = at + fraction;
        time.location = location_;
        return time;
      }
    }
    int offset = 0;
    if (zone_name_.size() > 3 && absl::StartsWith(zone_name_, "GMT") &&
        absl::SimpleAtoi(zone_name_.substr(3), &offset)) {
      offset *= 3600;
    }
    time.at = absl::FromCivil(civil, absl::UTCTimeZone()) + fraction;
    time.location =
        Location{absl::FixedTimeZone(offset), zone_name_, zone_name_};
    return time;
  }
  time.at = local.pre + fraction;
  time.location = location_;
  return time;
}

absl::StatusOr<GoTime> Parser::Parse() {
  absl::string_view layout = layout_;
  while (true) {
    const LayoutPiece piece = NextLayoutPiece(layout);
    if (!SkipText(piece.before)) return Wrong(piece.before, rest_);
    if (piece.field.empty()) {
      if (!rest_.empty()) {
        return Message(absl::StrCat("extra text: ", QuoteForTime(rest_)));
      }
      break;
    }
    layout = piece.after;
    const absl::string_view hold = rest_;
    const bool taken = TakeField(piece.field, piece.after);
    if (!range_error_.empty()) {
      return Message(absl::StrCat(range_error_, " out of range"));
    }
    if (!taken) return Wrong(piece.field, hold);
  }
  if (is_pm_ && hour_ < 12) hour_ += 12;
  if (is_am_ && hour_ == 12) hour_ = 0;
  if (year_day_ >= 0) {
    if (!SetYearDay()) return Message(range_error_);
  } else {
    if (month_ < 0) month_ = 1;
    if (day_ < 0) day_ = 1;
  }
  if (day_ < 1 || day_ > DaysIn(month_, year_)) {
    return Message("day out of range");
  }
  return Finish();
}

}  // namespace

absl::StatusOr<GoTime> ParseTime(absl::string_view layout,
                                 absl::string_view value,
                                 const Location& location) {
  return Parser(layout, value, location).Parse();
}

}  // namespace weir::gotmpl
