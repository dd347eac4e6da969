#include "go_time.h"

#include <array>
#include <cmath>
#include <limits>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace weir::gotmpl {
namespace {

constexpr int64_t kSecond = 1'000'000'000;

constexpr absl::string_view kMonths[] = {
    "January", "February", "March",     "April",   "May",      "June",
    "July",    "August",   "September", "October", "November", "December"};
constexpr absl::string_view kWeekdays[] = {"Sunday",    "Monday",   "Tuesday",
                                           "Wednesday", "Thursday", "Friday",
                                           "Saturday"};

bool IsDigit(absl::string_view text, size_t i) {
  return i < text.size() && text[i] >= '0' && text[i] <= '9';
}

// The length of the field that starts here; 0 when none does.
size_t NameField(absl::string_view text, absl::string_view longer,
                 absl::string_view shorter) {
  if (absl::StartsWith(text, longer)) return longer.size();
  if (absl::StartsWith(text, shorter) &&
      (text.size() == 3 ||
       !absl::ascii_islower(static_cast<unsigned char>(text[3])))) {
    return shorter.size();
  }
  return 0;
}

size_t ZoneField(absl::string_view text) {
  for (const absl::string_view form :
       {"070000", "07:00:00", "0700", "07:00", "07"}) {
    if (absl::StartsWith(text.substr(1), form)) return form.size() + 1;
  }
  return 0;
}

size_t FractionField(absl::string_view text) {
  if (text.size() < 2 || (text[1] != '0' && text[1] != '9')) return 0;
  size_t end = 1;
  while (end < text.size() && text[end] == text[1]) ++end;
  return IsDigit(text, end) ? 0 : end;
}

size_t FieldLength(absl::string_view text) {
  switch (text[0]) {
    case 'J':
      return NameField(text, "January", "Jan");
    case 'M':
      if (absl::StartsWith(text, "MST")) return 3;
      return NameField(text, "Monday", "Mon");
    case '0':
      if (text.size() >= 2 && text[1] >= '1' && text[1] <= '6') return 2;
      return absl::StartsWith(text, "002") ? 3 : 0;
    case '1':
      return absl::StartsWith(text, "15") ? 2 : 1;
    case '2':
      return absl::StartsWith(text, "2006") ? 4 : 1;
    case '_':
      // "_2006" is a "_" before a year.
      if (absl::StartsWith(text, "_2006")) return 0;
      if (absl::StartsWith(text, "_2")) return 2;
      return absl::StartsWith(text, "__2") ? 3 : 0;
    case '3':
    case '4':
    case '5':
      return 1;
    case 'P':
      return absl::StartsWith(text, "PM") ? 2 : 0;
    case 'p':
      return absl::StartsWith(text, "pm") ? 2 : 0;
    case '-':
    case 'Z':
      return ZoneField(text);
    case '.':
    case ',':
      return FractionField(text);
    default:
      return 0;
  }
}

void AppendPadded(int64_t value, int width, std::string* out) {
  if (value < 0) {
    out->push_back('-');
    value = -value;
  }
  absl::StrAppendFormat(out, "%0*d", width, value);
}

class Writer {
 public:
  Writer(const GoTime& time, std::string* out)
      : info_(time.location.zone.At(time.at)),
        abbreviation_(time.location.abbreviation
                          ? *time.location.abbreviation
                          : std::string(info_.zone_abbr)),
        nanoseconds_(absl::ToInt64Nanoseconds(info_.subsecond)),
        out_(*out) {}

  void Write(absl::string_view field);

 private:
  void WriteDate(absl::string_view field);
  void WriteClock(absl::string_view field);
  void WriteZone(absl::string_view field);
  void WriteFraction(absl::string_view field);

  const absl::TimeZone::CivilInfo info_;
  const std::string abbreviation_;
  const int64_t nanoseconds_;
  std::string& out_;
};

void Writer::WriteDate(absl::string_view field) {
  const absl::CivilSecond& cs = info_.cs;
  const int year_day = absl::GetYearDay(absl::CivilDay(cs));
  if (field == "2006") return AppendPadded(cs.year(), 4, &out_);
  if (field == "06") return AppendPadded(std::abs(cs.year()) % 100, 2, &out_);
  if (field == "January") return absl::StrAppend(&out_, MonthName(cs.month()));
  if (field == "Jan") {
    return absl::StrAppend(&out_, MonthName(cs.month()).substr(0, 3));
  }
  if (field == "1") return absl::StrAppend(&out_, cs.month());
  if (field == "01") return AppendPadded(cs.month(), 2, &out_);
  const absl::string_view weekday = WeekdayName(WeekdayOf(absl::CivilDay(cs)));
  if (field == "Monday") return absl::StrAppend(&out_, weekday);
  if (field == "Mon") return absl::StrAppend(&out_, weekday.substr(0, 3));
  if (field == "2") return absl::StrAppend(&out_, cs.day());
  if (field == "_2") {
    absl::StrAppendFormat(&out_, "%2d", cs.day());
    return;
  }
  if (field == "02") return AppendPadded(cs.day(), 2, &out_);
  if (field == "__2") {
    absl::StrAppendFormat(&out_, "%3d", year_day);
    return;
  }
  AppendPadded(year_day, 3, &out_);
}

void Writer::WriteClock(absl::string_view field) {
  const absl::CivilSecond& cs = info_.cs;
  const int hour12 = cs.hour() % 12 == 0 ? 12 : cs.hour() % 12;
  if (field == "15") return AppendPadded(cs.hour(), 2, &out_);
  if (field == "3") return absl::StrAppend(&out_, hour12);
  if (field == "03") return AppendPadded(hour12, 2, &out_);
  if (field == "4") return absl::StrAppend(&out_, cs.minute());
  if (field == "04") return AppendPadded(cs.minute(), 2, &out_);
  if (field == "5") return absl::StrAppend(&out_, cs.second());
  if (field == "05") return AppendPadded(cs.second(), 2, &out_);
  const bool is_pm = cs.hour() >= 12;
  if (field == "PM") return absl::StrAppend(&out_, is_pm ? "PM" : "AM");
  absl::StrAppend(&out_, is_pm ? "pm" : "am");
}

void Writer::WriteZone(absl::string_view field) {
  const int offset = info_.offset;
  const bool is_name = field == "MST";
  if (is_name && !abbreviation_.empty()) {
    absl::StrAppend(&out_, abbreviation_);
    return;
  }
  if (field[0] == 'Z' && offset == 0) {
    out_.push_back('Z');
    return;
  }
  const int zone = offset / 60;
  out_.push_back(zone < 0 ? '-' : '+');
  const int minutes = std::abs(zone);
  AppendPadded(minutes / 60, 2, &out_);
  const bool has_colon = absl::StrContains(field, ':');
  if (has_colon) out_.push_back(':');
  if (is_name || field.size() > 3) AppendPadded(minutes % 60, 2, &out_);
  if (field.size() == 7 || field.size() == 9) {
    if (has_colon) out_.push_back(':');
    AppendPadded((zone < 0 ? -offset : offset) % 60, 2, &out_);
  }
}

void Writer::WriteFraction(absl::string_view field) {
  std::string digits = absl::StrFormat("%09d", nanoseconds_);
  digits.resize(std::min<size_t>(field.size() - 1, 9));
  if (field.size() - 1 > 9) digits.append(field.size() - 10, '0');
  if (field[1] == '9') {
    while (!digits.empty() && digits.back() == '0') digits.pop_back();
    if (digits.empty()) return;
  }
  absl::StrAppend(&out_, field.substr(0, 1), digits);
}

void Writer::Write(absl::string_view field) {
  switch (field[0]) {
    case '.':
    case ',':
      return WriteFraction(field);
    case '-':
    case 'Z':
      return WriteZone(field);
    case '3':
    case '4':
    case '5':
    case 'P':
    case 'p':
      return WriteClock(field);
    default:
      break;
  }
  if (field == "MST") return WriteZone(field);
  if (field == "15" || field == "03" || field == "04" || field == "05") {
    return WriteClock(field);
  }
  WriteDate(field);
}

}  // namespace

absl::string_view MonthName(int month) { return kMonths[month - 1]; }
absl::string_view WeekdayName(int weekday) { return kWeekdays[weekday]; }

int WeekdayOf(absl::CivilDay day) {
  return (static_cast<int>(absl::GetWeekday(day)) + 1) % 7;
}

LayoutPiece NextLayoutPiece(absl::string_view layout) {
  for (size_t i = 0; i < layout.size(); ++i) {
    const size_t length = FieldLength(layout.substr(i));
    if (length == 0) continue;
    return {layout.substr(0, i), layout.substr(i, length),
            layout.substr(i + length)};
  }
  return {layout, {}, {}};
}

std::string FormatTime(const GoTime& time, absl::string_view layout) {
  std::string out;
  Writer writer(time, &out);
  while (!layout.empty()) {
    const LayoutPiece piece = NextLayoutPiece(layout);
    absl::StrAppend(&out, piece.before);
    if (piece.field.empty()) break;
    writer.Write(piece.field);
    layout = piece.after;
  }
  return out;
}

std::optional<Location> LoadLocation(absl::string_view name,
                                     const absl::TimeZone& local) {
  if (name.empty() || name == "UTC") return Location();
  if (name == "Local") return Location{local, "Local", std::nullopt};
  if (absl::StrContains(name, "..") || name[0] == '/' || name[0] == '\\' ||
      absl::StartsWith(name, "Fixed/") || absl::StartsWith(name, "file:")) {
    return std::nullopt;
  }
  absl::TimeZone zone;
  if (!absl::LoadTimeZone(std::string(name), &zone)) return std::nullopt;
  return Location{zone, std::string(name), std::nullopt};
}

std::string QuoteForTime(absl::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<uint8_t>(c);
    if (byte >= 0x80 || byte < ' ') {
      absl::StrAppendFormat(&out, "\\x%02x", byte);
    } else {
      if (c == '"' || c == '\\') out.push_back('\\');
      out.push_back(c);
    }
  }
  out.push_back('"');
  return out;
}

namespace {

struct Unit {
  absl::string_view name;
  uint64_t nanoseconds;
};
constexpr Unit kUnits[] = {
    {"ns", 1},           {"us", 1000},
    {"\xC2\xB5s", 1000},  // micro sign
    {"\xCE\xBCs", 1000},  // Greek mu
    {"ms", 1000000},     {"s", 1000000000},
    {"m", 60000000000},  {"h", 3600000000000},
};

constexpr uint64_t kMost = uint64_t{1} << 63;

// Digits; null when they make too large a number.
std::optional<uint64_t> TakeInteger(absl::string_view* text) {
  uint64_t value = 0;
  while (IsDigit(*text, 0)) {
    if (value > kMost / 10) return std::nullopt;
    value = value * 10 + static_cast<uint64_t>((*text)[0] - '0');
    if (value > kMost) return std::nullopt;
    text->remove_prefix(1);
  }
  return value;
}

uint64_t TakeFraction(absl::string_view* text, double* scale) {
  uint64_t value = 0;
  bool is_full = false;
  for (; IsDigit(*text, 0); text->remove_prefix(1)) {
    if (is_full || value > (kMost - 1) / 10) {
      is_full = true;
      continue;
    }
    const uint64_t next = value * 10 + static_cast<uint64_t>((*text)[0] - '0');
    if (next > kMost) {
      is_full = true;
      continue;
    }
    value = next;
    *scale *= 10;
  }
  return value;
}

const Unit* FindUnit(absl::string_view name) {
  for (const Unit& unit : kUnits) {
    if (unit.name == name) return &unit;
  }
  return nullptr;
}

// One number with its unit. The message of what is wrong, or empty.
std::string TakeTerm(absl::string_view* text, uint64_t* total) {
  constexpr absl::string_view kInvalid = "invalid duration";
  if ((*text)[0] != '.' && !IsDigit(*text, 0)) return std::string(kInvalid);
  const size_t before = text->size();
  const std::optional<uint64_t> whole = TakeInteger(text);
  if (!whole) return std::string(kInvalid);
  bool has_digits = text->size() != before;
  uint64_t value = *whole, fraction = 0;
  double scale = 1;
  if (absl::StartsWith(*text, ".")) {
    text->remove_prefix(1);
    const size_t point = text->size();
    fraction = TakeFraction(text, &scale);
    has_digits = has_digits || text->size() != point;
  }
  if (!has_digits) return std::string(kInvalid);
  const size_t end = std::min(text->find_first_of(".0123456789"), text->size());
  if (end == 0) return "missing unit in duration";
  const Unit* unit = FindUnit(text->substr(0, end));
  if (unit == nullptr) {
    return absl::StrCat("unknown unit ", QuoteForTime(text->substr(0, end)),
                        " in duration");
  }
  text->remove_prefix(end);
  if (value > kMost / unit->nanoseconds) return std::string(kInvalid);
  value *= unit->nanoseconds;
  if (fraction > 0) {
    value +=
        static_cast<uint64_t>(static_cast<double>(fraction) *
                              (static_cast<double>(unit->nanoseconds) / scale));
    if (value > kMost) return std::string(kInvalid);
  }
  *total += value;
  return *total > kMost ? std::string(kInvalid) : "";
}

}  // namespace

absl::StatusOr<int64_t> ParseDuration(absl::string_view text) {
  const auto wrong = [text](absl::string_view what) {
    return absl::InvalidArgumentError(
        absl::StrCat("time: ", what, " ", QuoteForTime(text)));
  };
  absl::string_view rest = text;
  bool negative = false;
  if (!rest.empty() && (rest[0] == '-' || rest[0] == '+')) {
    negative = rest[0] == '-';
    rest.remove_prefix(1);
  }
  if (rest == "0") return 0;
  if (rest.empty()) return wrong("invalid duration");
  uint64_t total = 0;
  while (!rest.empty()) {
    const std::string error = TakeTerm(&rest, &total);
    if (!error.empty()) return wrong(error);
  }
  if (negative) return static_cast<int64_t>(0 - total);
  if (total > kMost - 1) return wrong("invalid duration");
  return static_cast<int64_t>(total);
}

std::string FormatDuration(int64_t nanoseconds) {
  auto u = static_cast<uint64_t>(nanoseconds);
  if (nanoseconds < 0) u = 0 - u;
  if (u == 0) return "0s";
  std::string out = nanoseconds < 0 ? "-" : "";
  // A number whose last `digits` digits are decimals.
  const auto append = [&out](uint64_t value, int digits) {
    uint64_t scale = 1;
    for (int i = 0; i < digits; ++i) scale *= 10;
    absl::StrAppend(&out, value / scale);
    if (value % scale == 0) return;
    std::string decimals = absl::StrCat(value % scale);
    decimals.insert(0, static_cast<size_t>(digits) - decimals.size(), '0');
    while (decimals.back() == '0') decimals.pop_back();
    absl::StrAppend(&out, ".", decimals);
  };
  if (u < kSecond) {
    const int digits = u < 1000 ? 0 : u < 1000000 ? 3 : 6;
    append(u, digits);
    absl::StrAppend(&out, digits == 0   ? "ns"
                          : digits == 3 ? "\xC2\xB5s"
                                        : "ms");
    return out;
  }
  const uint64_t minutes = u / (60 * kSecond);
  if (minutes >= 60) absl::StrAppend(&out, minutes / 60, "h");
  if (minutes > 0) absl::StrAppend(&out, minutes % 60, "m");
  append(u % (60 * kSecond), 9);
  out.push_back('s');
  return out;
}

int64_t RoundDuration(int64_t d, int64_t to) {
  if (to <= 0) return d;
  int64_t rest = d % to;
  const auto is_less_than_half = [to](int64_t r) {
    return static_cast<uint64_t>(r) * 2 < static_cast<uint64_t>(to);
  };
  int64_t result = 0;
  if (d < 0) {
    rest = -rest;
    if (is_less_than_half(rest)) return d + rest;
    if (!__builtin_sub_overflow(d, to - rest, &result)) return result;
    return std::numeric_limits<int64_t>::min();
  }
  if (is_less_than_half(rest)) return d - rest;
  if (!__builtin_add_overflow(d, to - rest, &result)) return result;
  return std::numeric_limits<int64_t>::max();
}

}  // namespace weir::gotmpl
