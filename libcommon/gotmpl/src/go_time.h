// Go's time package: layouts, parsing, durations.
//
// Touches: the time zone database.
// Threads: pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace weir::gotmpl {

struct Location {
  absl::TimeZone zone = absl::UTCTimeZone();
  std::string name = "UTC";
  // Of a zone that a text named and nobody knows: its abbreviation.
  std::optional<std::string> abbreviation;
};

struct GoTime {
  absl::Time at = absl::FromCivil(absl::CivilSecond(1), absl::UTCTimeZone());
  Location location;
  bool is_monotonic = false;  // From `now`.
};

// A piece of a layout: text, and the field that follows it, as "2006" or
// "Z07:00"; empty at the end.
struct LayoutPiece {
  absl::string_view before;
  absl::string_view field;
  absl::string_view after;
};
LayoutPiece NextLayoutPiece(absl::string_view layout);

std::string FormatTime(const GoTime& time, absl::string_view layout);
// time.ParseInLocation. Errors: kInvalidArgument with its text.
absl::StatusOr<GoTime> ParseTime(absl::string_view layout,
                                 absl::string_view value,
                                 const Location& location);
// time.LoadLocation; "Local" is `local`. Null for one that nobody knows.
std::optional<Location> LoadLocation(absl::string_view name,
                                     const absl::TimeZone& local);

// Nanoseconds. Errors: kInvalidArgument `time: invalid duration "x"`.
absl::StatusOr<int64_t> ParseDuration(absl::string_view text);
std::string FormatDuration(int64_t nanoseconds);
int64_t RoundDuration(int64_t nanoseconds, int64_t to);

absl::string_view MonthName(int month);      // 1 is "January".
absl::string_view WeekdayName(int weekday);  // 0 is "Sunday".
int WeekdayOf(absl::CivilDay day);
// As strconv.Quote, but all that is no ASCII as \x.
std::string QuoteForTime(absl::string_view text);

}  // namespace weir::gotmpl
