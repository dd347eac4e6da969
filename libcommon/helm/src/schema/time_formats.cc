#include "src/schema/time_formats.h"

#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace weir::helm {
namespace {

constexpr absl::string_view kDateLayout = "2006-01-02";

// Go's package time quotes by bytes.
std::string Quoted(absl::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte >= 0x80) {
      absl::StrAppendFormat(&out, "\\x%02x", byte);
      continue;
    }
    if (c == '"' || c == '\\') out.push_back('\\');
    out.push_back(c);
  }
  return out + "\"";
}

bool AreDigits(absl::string_view text) {
  for (const char c : text) {
    if (!absl::ascii_isdigit(static_cast<unsigned char>(c))) return false;
  }
  return true;
}

// A number as strconv.Atoi reads it.
bool ReadNumber(absl::string_view text, int* number) {
  absl::string_view digits = text;
  if (!digits.empty() && (digits[0] == '+' || digits[0] == '-')) {
    digits.remove_prefix(1);
  }
  return !digits.empty() && AreDigits(digits) && absl::SimpleAtoi(text, number);
}

int DaysOf(int year, int month) {
  if (month == 2) {
    const bool is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return is_leap ? 29 : 28;
  }
  return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

size_t CountDigits(absl::string_view text) {
  size_t count = 0;
  while (count < text.size() && AreDigits(text.substr(count, 1))) ++count;
  return count;
}

// "+01:30": how far from UTC, in minutes.
std::string ReadOffset(absl::string_view text, int* minutes) {
  if (text.size() != 6) return "offset must be 6 characters long";
  if (text[0] != '+' && text[0] != '-') {
    return "offset must begin with plus/minus";
  }
  if (text[3] != ':') return "missing colon in offset in correct place";
  int parts[2] = {0, 0};
  for (int i = 0; i < 2; ++i) {
    if (!ReadNumber(text.substr(1 + i * 3, 2), &parts[i])) {
      return "invalid hour/min in offset";
    }
    if (parts[i] < 0) return "non-positive hour/min in offset";
  }
  if (parts[0] > 23 || parts[1] > 59) return "hour/min in offset out of range";
  *minutes = (parts[0] * 60 + parts[1]) * (text[0] == '+' ? 1 : -1);
  return "";
}

// One half of a duration, with the units that may be in it.
std::string CheckElements(absl::string_view text, absl::string_view all) {
  absl::string_view units = all;
  while (!text.empty()) {
    const size_t digits = CountDigits(text);
    if (digits == 0) return "missing number";
    text.remove_prefix(digits);
    if (text.empty()) return "missing unit";
    const size_t at = units.find(text[0]);
    if (at == absl::string_view::npos) {
      const std::string unit = absl::StrCat("'", text.substr(0, 1), "'");
      return all.find(text[0]) == absl::string_view::npos
                 ? absl::StrCat("invalid unit ", unit)
                 : absl::StrCat("unit ", unit, " out of order");
    }
    units.remove_prefix(at + 1);
    text.remove_prefix(1);
  }
  return "";
}

std::string Within(absl::string_view what, std::string wrong) {
  return wrong.empty() ? "" : absl::StrCat(what, wrong);
}

}  // namespace

std::string CheckDate(absl::string_view text) {
  const auto cannot = [&](absl::string_view rest, absl::string_view part) {
    return absl::StrCat("parsing time ", Quoted(text), " as ",
                        Quoted(kDateLayout), ": cannot parse ", Quoted(rest),
                        " as ", Quoted(part));
  };
  int parts[3] = {0, 0, 0};
  constexpr absl::string_view kParts[] = {"2006", "01", "02"};
  absl::string_view rest = text;
  for (int i = 0; i < 3; ++i) {
    const absl::string_view part = kParts[i];
    if (i > 0 && !absl::ConsumePrefix(&rest, "-")) return cannot(rest, "-");
    if (rest.size() < part.size() || !AreDigits(rest.substr(0, part.size())) ||
        !absl::SimpleAtoi(rest.substr(0, part.size()), &parts[i])) {
      return cannot(rest, part);
    }
    rest.remove_prefix(part.size());
    if (i == 1 && (parts[1] < 1 || parts[1] > 12)) {
      return absl::StrCat("parsing time ", Quoted(text),
                          ": month out of range");
    }
  }
  if (!rest.empty()) {
    return absl::StrCat("parsing time ", Quoted(text),
                        ": extra text: ", Quoted(rest));
  }
  if (parts[2] < 1 || parts[2] > DaysOf(parts[0], parts[1])) {
    return absl::StrCat("parsing time ", Quoted(text), ": day out of range");
  }
  return "";
}

std::string CheckTime(absl::string_view text) {
  if (text.size() < 9) return "less than 9 characters long";
  if (text[2] != ':' || text[5] != ':') {
    return "missing colon in correct place";
  }
  int parts[3] = {0, 0, 0};
  for (int i = 0; i < 3; ++i) {
    if (!ReadNumber(text.substr(i * 3, 2), &parts[i])) {
      return "invalid hour/min/sec";
    }
    if (parts[i] < 0) return "non-positive hour/min/sec";
  }
  if (parts[0] > 23 || parts[1] > 59 || parts[2] > 60) {
    return "hour/min/sec out of range";
  }
  text.remove_prefix(8);
  if (absl::ConsumePrefix(&text, ".")) {
    const size_t digits = CountDigits(text);
    if (digits == 0) return "no digits in second fraction";
    text.remove_prefix(digits);
  }
  constexpr int kDay = 24 * 60;
  int minutes = parts[0] * 60 + parts[1];
  if (text != "z" && text != "Z") {
    int offset = 0;
    std::string wrong = ReadOffset(text, &offset);
    if (!wrong.empty()) return wrong;
    minutes -= offset;
    if (minutes < 0) minutes += kDay;
  }
  return parts[2] >= 60 && minutes != kDay - 1 ? "invalid leap second" : "";
}

std::string CheckDateTime(absl::string_view text) {
  if (text.size() < 20) return "less than 20 characters long";
  if (text[10] != 't' && text[10] != 'T') {
    return "11th character must be t or T";
  }
  std::string wrong =
      Within("invalid date element: ", CheckDate(text.substr(0, 10)));
  if (!wrong.empty()) return wrong;
  return Within("invalid time element: ", CheckTime(text.substr(11)));
}

std::string CheckDuration(absl::string_view text) {
  if (!absl::ConsumePrefix(&text, "P")) return "must start with P";
  if (text.empty()) return "nothing after P";
  if (absl::ConsumeSuffix(&text, "W")) {
    if (text.empty()) return "no number in week";
    return AreDigits(text) ? "" : "invalid week";
  }
  const std::vector<absl::string_view> halves = absl::StrSplit(text, 'T');
  constexpr absl::string_view kUnits[] = {"YMD", "HMS"};
  for (size_t i = 0; i < halves.size(); ++i) {
    if (i != 0 && halves[i].empty()) return "no time elements";
    if (i > 1) return "more than one T";
    std::string wrong = CheckElements(halves[i], kUnits[i]);
    if (!wrong.empty()) return wrong;
  }
  return "";
}

std::string CheckPeriod(absl::string_view text) {
  const size_t slash = text.find('/');
  if (slash == absl::string_view::npos) return "missing slash";
  const absl::string_view start = text.substr(0, slash);
  const absl::string_view end = text.substr(slash + 1);
  if (absl::StartsWith(start, "P")) {
    std::string wrong =
        Within("invalid start duration: ", CheckDuration(start));
    if (!wrong.empty()) return wrong;
    return Within("invalid end date-time: ", CheckDateTime(end));
  }
  std::string wrong = Within("invalid start date-time: ", CheckDateTime(start));
  if (!wrong.empty()) return wrong;
  return absl::StartsWith(end, "P")
             ? Within("invalid end duration: ", CheckDuration(end))
             : Within("invalid end date-time: ", CheckDateTime(end));
}

}  // namespace weir::helm
