// Fields of timestamps and durations.
#include <cstdint>
#include <string>

#include "absl/time/civil_time.h"
#include "functions.h"
#include "times.h"

namespace weir::cel {
namespace {

using Values = absl::Span<const Value>;
using Field = int64_t (*)(const absl::CivilSecond& fields);

int64_t Year(const absl::CivilSecond& c) { return c.year(); }
int64_t Month(const absl::CivilSecond& c) { return c.month() - 1; }
int64_t DayOfYear(const absl::CivilSecond& c) {
  return absl::GetYearDay(absl::CivilDay(c)) - 1;
}
int64_t DayOfMonth(const absl::CivilSecond& c) { return c.day() - 1; }
int64_t Date(const absl::CivilSecond& c) { return c.day(); }
int64_t DayOfWeek(const absl::CivilSecond& c) {
  // Abseil's weeks begin on Monday.
  return (static_cast<int>(absl::GetWeekday(absl::CivilDay(c))) + 1) % 7;
}
int64_t Hours(const absl::CivilSecond& c) { return c.hour(); }
int64_t Minutes(const absl::CivilSecond& c) { return c.minute(); }
int64_t Seconds(const absl::CivilSecond& c) { return c.second(); }

template <Field field>
Value Get(Values v, Meter& meter) {
  meter.Charge(10);
  absl::CivilSecond fields;
  const Value error = LocalFields(
      v[0].AsTime(), v.size() > 1 ? v[1].AsString() : "UTC", fields);
  return error.is_error() ? error : Value::Int(field(fields));
}

Value Milliseconds(Values v, Meter&) {
  absl::CivilSecond fields;
  const Value error = LocalFields(
      v[0].AsTime(), v.size() > 1 ? v[1].AsString() : "UTC", fields);
  return error.is_error() ? error
                          : Value::Int(v[0].AsTime().nanoseconds / 1'000'000);
}

// Go computes these as floating point numbers.
template <int64_t unit>
Value Whole(Values v, Meter&) {
  const int64_t nanoseconds = v[0].AsNanoseconds();
  const double number =
      static_cast<double>(nanoseconds / unit) +
      static_cast<double>(nanoseconds % unit) / static_cast<double>(unit);
  return Value::Int(static_cast<int64_t>(number));
}

Value WholeMilliseconds(Values v, Meter&) {
  return Value::Int(v[0].AsNanoseconds() / 1'000'000);
}

constexpr auto kMember = Overload::Style::kMember;
constexpr const char* kTime = "timestamp";
constexpr const char* kZoned = "timestamp, string";
constexpr int64_t kSecond = 1'000'000'000;

constexpr Row kRows[] = {
    {"getFullYear", "timestamp_to_year", kMember, kTime, "int", Get<Year>},
    {"getFullYear", "timestamp_to_year_with_tz", kMember, kZoned, "int",
     Get<Year>},
    {"getMonth", "timestamp_to_month", kMember, kTime, "int", Get<Month>},
    {"getMonth", "timestamp_to_month_with_tz", kMember, kZoned, "int",
     Get<Month>},
    {"getDayOfYear", "timestamp_to_day_of_year", kMember, kTime, "int",
     Get<DayOfYear>},
    {"getDayOfYear", "timestamp_to_day_of_year_with_tz", kMember, kZoned, "int",
     Get<DayOfYear>},
    {"getDayOfMonth", "timestamp_to_day_of_month", kMember, kTime, "int",
     Get<DayOfMonth>},
    {"getDayOfMonth", "timestamp_to_day_of_month_with_tz", kMember, kZoned,
     "int", Get<DayOfMonth>},
    {"getDate", "timestamp_to_day_of_month_1_based", kMember, kTime, "int",
     Get<Date>},
    {"getDate", "timestamp_to_day_of_month_1_based_with_tz", kMember, kZoned,
     "int", Get<Date>},
    {"getDayOfWeek", "timestamp_to_day_of_week", kMember, kTime, "int",
     Get<DayOfWeek>},
    {"getDayOfWeek", "timestamp_to_day_of_week_with_tz", kMember, kZoned, "int",
     Get<DayOfWeek>},
    {"getHours", "timestamp_to_hours", kMember, kTime, "int", Get<Hours>},
    {"getHours", "timestamp_to_hours_with_tz", kMember, kZoned, "int",
     Get<Hours>},
    {"getHours", "duration_to_hours", kMember, "duration", "int",
     Whole<3600 * kSecond>},
    {"getMinutes", "timestamp_to_minutes", kMember, kTime, "int", Get<Minutes>},
    {"getMinutes", "timestamp_to_minutes_with_tz", kMember, kZoned, "int",
     Get<Minutes>},
    {"getMinutes", "duration_to_minutes", kMember, "duration", "int",
     Whole<60 * kSecond>},
    {"getSeconds", "timestamp_to_seconds", kMember, kTime, "int", Get<Seconds>},
    {"getSeconds", "timestamp_to_seconds_tz", kMember, kZoned, "int",
     Get<Seconds>},
    {"getSeconds", "duration_to_seconds", kMember, "duration", "int",
     Whole<kSecond>},
    {"getMilliseconds", "timestamp_to_milliseconds", kMember, kTime, "int",
     Milliseconds},
    {"getMilliseconds", "timestamp_to_milliseconds_with_tz", kMember, kZoned,
     "int", Milliseconds},
    {"getMilliseconds", "duration_to_milliseconds", kMember, "duration", "int",
     WholeMilliseconds},
};

}  // namespace

absl::Span<const Row> TimeRows() { return kRows; }

}  // namespace weir::cel
