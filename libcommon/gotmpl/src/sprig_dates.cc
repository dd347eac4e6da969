// Sprig's date.go: time.Time, time.Duration and their methods.
#include <limits>

#include "absl/strings/ascii.h"
#include "cast.h"
#include "go_strconv.h"
#include "go_time.h"
#include "rows.h"
#include "types.h"
#include "weir/base/status.h"
#include "weir/gotmpl/time_value.h"

namespace weir::gotmpl {
namespace {

constexpr absl::string_view kTimeLayout =
    "2006-01-02 15:04:05.999999999 -0700 MST";
constexpr absl::string_view kRfc3339Nano =
    "2006-01-02T15:04:05.999999999Z07:00";

class TimeObject final : public Object {
 public:
  explicit TimeObject(GoTime t) : time(std::move(t)) {}
  bool IsEqual(const Object& object) const override {
    const GoTime& other = static_cast<const TimeObject&>(object).time;
    return time.at == other.at && time.location.name == other.location.name &&
           time.location.abbreviation == other.location.abbreviation;
  }
  const GoTime time;
};

class LocationObject final : public Object {
 public:
  explicit LocationObject(Location l) : location(std::move(l)) {}
  const Location location;
};

const GoTime& TimeOf(const Any& value) {
  static const GoTime* const zero = new GoTime;
  const Object* object = value.AsObject();
  return object == nullptr ? *zero
                           : static_cast<const TimeObject*>(object)->time;
}

Any Wrapped(GoTime time) {
  return Any::OfObject(types::Time(), new TimeObject(std::move(time)));
}

Any DurationOf(int64_t nanoseconds) {
  return Any::Integer(types::Duration(), nanoseconds);
}

Location Local(const Call& call) {
  return Location{call.execution.options().time_zone, "Local", std::nullopt};
}

GoTime Now(const Call& call) {
  return GoTime{call.execution.Now(), Local(call), true};
}

GoTime FromUnix(const Call& call, int64_t seconds) {
  return GoTime{absl::FromUnixSeconds(seconds), Local(call), false};
}

GoTime In(GoTime time, Location location) {
  time.location = std::move(location);
  time.is_monotonic = false;
  return time;
}

absl::TimeZone::CivilInfo Civil(const GoTime& time) {
  return time.location.zone.At(time.at);
}

// What Sprig takes for a date: a time, or seconds as one of Go's integers.
GoTime DateOf(const Call& call, const Any& date) {
  if (date.type() == types::Time()) return TimeOf(date);
  if (date.type() == types::Int64() || date.type() == types::Int() ||
      date.type() == types::Int32()) {
    return FromUnix(call, date.AsInt());
  }
  return Now(call);
}

Result FormatIn(Call& call, absl::string_view layout, const Any& date,
                absl::string_view zone) {
  const std::optional<Location> location =
      LoadLocation(zone, call.execution.options().time_zone);
  const GoTime time = In(DateOf(call, date), location ? *location : Location());
  return Text(call, FormatTime(time, layout));
}

Result DateInZone(Call& call) {
  return FormatIn(call, call.args[0].AsString(), call.args[1],
                  call.args[2].AsString());
}

GoTime Added(GoTime time, int64_t nanoseconds) {
  time.at += absl::Nanoseconds(nanoseconds);
  return time;
}

Result MustModify(Call& call) {
  WEIR_ASSIGN_OR_RETURN(const int64_t d,
                        ParseDuration(call.args[0].AsString()));
  return Wrapped(Added(TimeOf(call.args[1]), d));
}

Result Modify(Call& call) {
  const absl::StatusOr<int64_t> d = ParseDuration(call.args[0].AsString());
  if (!d.ok()) return call.args[1];
  return Wrapped(Added(TimeOf(call.args[1]), *d));
}

int64_t Since(const Call& call, const GoTime& time) {
  return absl::ToInt64Nanoseconds(call.execution.Now() - time.at);
}

Result Ago(Call& call) {
  Any date = call.args[0];
  if (date.type() == types::Int32()) date = Any();
  return Any::String(FormatDuration(
      RoundDuration(Since(call, DateOf(call, date)), 1'000'000'000)));
}

// strconv.ParseInt, of which the error is ignored: the nearest integer.
int64_t NearestInteger(absl::string_view text) {
  if (const std::optional<int64_t> value = ParseInt(text, 10)) return *value;
  absl::string_view digits = text;
  if (!digits.empty() && (digits[0] == '-' || digits[0] == '+')) {
    digits.remove_prefix(1);
  }
  for (const char c : digits) {
    if (!absl::ascii_isdigit(static_cast<unsigned char>(c))) return 0;
  }
  if (digits.empty()) return 0;
  return text[0] == '-' ? std::numeric_limits<int64_t>::min()
                        : std::numeric_limits<int64_t>::max();
}

Result DurationText(Call& call) {
  const Any& value = call.args[0];
  int64_t seconds = 0;
  if (value.type() == types::String()) {
    seconds = NearestInteger(value.AsString());
  } else if (value.type() == types::Int64()) {
    seconds = value.AsInt();
  }
  return Any::String(FormatDuration(static_cast<int64_t>(
      static_cast<uint64_t>(seconds) * uint64_t{1'000'000'000})));
}

Result DurationRound(Call& call) {
  const Any& value = call.args[0];
  int64_t d = 0;
  if (value.type() == types::String()) {
    d = ParseDuration(value.AsString()).value_or(0);
  } else if (value.type() == types::Int64()) {
    d = value.AsInt();
  } else if (value.type() == types::Time()) {
    d = Since(call, TimeOf(value));
  }
  const auto bits = static_cast<uint64_t>(d);
  const uint64_t u = d < 0 ? 0 - bits : bits;
  constexpr uint64_t kSecond = 1'000'000'000, kHour = 3600 * kSecond;
  constexpr std::pair<uint64_t, absl::string_view> kUnits[] = {
      {kHour * 24 * 365, "y"}, {kHour * 24 * 30, "mo"},
      {kHour * 24, "d"},       {kHour, "h"},
      {60 * kSecond, "m"},     {kSecond, "s"}};
  for (const auto& [unit, name] : kUnits) {
    if (u > unit) return Any::String(absl::StrCat(u / unit, name));
  }
  return Any::String("0s");
}

Result MustToDate(Call& call) {
  WEIR_ASSIGN_OR_RETURN(
      GoTime time,
      ParseTime(call.args[0].AsString(), call.args[1].AsString(), Local(call)));
  return Wrapped(std::move(time));
}

Result ToDate(Call& call) {
  absl::StatusOr<GoTime> time =
      ParseTime(call.args[0].AsString(), call.args[1].AsString(), Local(call));
  return Wrapped(time.ok() ? *std::move(time) : GoTime());
}

template <typename Get>
Method TimeGetter(absl::string_view name, absl::string_view result, Get get) {
  return Method{
      std::string(name), absl::StrCat("func() ", result),
      [get](Call& call) -> Result { return get(TimeOf(call.receiver)); }};
}

template <typename Get>
Method IntGetter(absl::string_view name, Get get) {
  return TimeGetter(name, "int", [get](const GoTime& time) {
    return Any::Int(static_cast<int64_t>(get(Civil(time))));
  });
}

template <typename Holds>
Method TimeComparison(absl::string_view name, Holds holds) {
  return Method{std::string(name), "func(time.Time) bool",
                [holds](Call& call) -> Result {
                  return Any::Bool(
                      holds(TimeOf(call.receiver).at, TimeOf(call.args[0]).at));
                }};
}

Result AddDate(Call& call) {
  const GoTime time = TimeOf(call.receiver);
  const absl::TimeZone::CivilInfo info = Civil(time);
  const absl::CivilSecond civil(info.cs.year() + call.args[0].AsInt(),
                                info.cs.month() + call.args[1].AsInt(),
                                info.cs.day() + call.args[2].AsInt(),
                                info.cs.hour(), info.cs.minute(),
                                info.cs.second());
  GoTime moved = In(time, time.location);
  moved.at = absl::FromCivil(civil, time.location.zone) + info.subsecond;
  return Wrapped(std::move(moved));
}

Result Subtract(Call& call) {
  return DurationOf(absl::ToInt64Nanoseconds(TimeOf(call.receiver).at -
                                             TimeOf(call.args[0]).at));
}

Result CompareTimes(Call& call) {
  const absl::Time a = TimeOf(call.receiver).at, b = TimeOf(call.args[0]).at;
  return Any::Int(a < b ? -1 : a > b ? 1 : 0);
}

Result RoundTime(Call& call, bool rounds) {
  const int64_t d = call.args[0].AsInt();
  GoTime time = In(TimeOf(call.receiver), TimeOf(call.receiver).location);
  if (d <= 0) return Wrapped(std::move(time));
  const absl::Duration unit = absl::Nanoseconds(d);
  absl::Duration rest = (time.at - GoTime().at) % unit;
  if (rest < absl::ZeroDuration()) rest += unit;
  time.at -= rest;
  if (rounds && rest + rest >= unit) time.at += unit;
  return Wrapped(std::move(time));
}

std::string TimeText(const Any& value) {
  const GoTime& time = TimeOf(value);
  std::string text = FormatTime(time, kTimeLayout);
  // How long the process has run; of no meaning, but there.
  if (time.is_monotonic) absl::StrAppend(&text, " m=+0.000000001");
  return text;
}

std::vector<Method> TimeMethods() {
  using Info = absl::TimeZone::CivilInfo;
  return {
      IntGetter("Year", [](const Info& i) { return i.cs.year(); }),
      IntGetter("Day", [](const Info& i) { return i.cs.day(); }),
      IntGetter("Hour", [](const Info& i) { return i.cs.hour(); }),
      IntGetter("Minute", [](const Info& i) { return i.cs.minute(); }),
      IntGetter("Second", [](const Info& i) { return i.cs.second(); }),
      IntGetter(
          "Nanosecond",
          [](const Info& i) { return absl::ToInt64Nanoseconds(i.subsecond); }),
      IntGetter(
          "YearDay",
          [](const Info& i) { return absl::GetYearDay(absl::CivilDay(i.cs)); }),
      TimeGetter("Month", "time.Month",
                 [](const GoTime& t) {
                   return Any::Integer(types::Month(), Civil(t).cs.month());
                 }),
      TimeGetter("Weekday", "time.Weekday",
                 [](const GoTime& t) {
                   return Any::Integer(types::Weekday(),
                                       WeekdayOf(absl::CivilDay(Civil(t).cs)));
                 }),
      TimeGetter("Unix", "int64",
                 [](const GoTime& t) {
                   return Any::Int64(absl::ToUnixSeconds(t.at));
                 }),
      TimeGetter(
          "UnixMilli", "int64",
          [](const GoTime& t) { return Any::Int64(absl::ToUnixMillis(t.at)); }),
      TimeGetter(
          "UnixMicro", "int64",
          [](const GoTime& t) { return Any::Int64(absl::ToUnixMicros(t.at)); }),
      TimeGetter(
          "UnixNano", "int64",
          [](const GoTime& t) { return Any::Int64(absl::ToUnixNanos(t.at)); }),
      TimeGetter(
          "IsZero", "bool",
          [](const GoTime& t) { return Any::Bool(t.at == GoTime().at); }),
      TimeGetter("UTC", "time.Time",
                 [](const GoTime& t) { return Wrapped(In(t, Location())); }),
      Method{"Local", "func() time.Time",
             [](Call& call) -> Result {
               return Wrapped(In(TimeOf(call.receiver), Local(call)));
             }},
      TimeGetter("Location", "*time.Location",
                 [](const GoTime& t) {
                   return Any::OfObject(types::Location(),
                                        new LocationObject(t.location));
                 }),
      Method{"String", "func() string",
             [](Call& call) -> Result {
               return Any::String(TimeText(call.receiver));
             }},
      Method{"Format", "func(string) string",
             [](Call& call) -> Result {
               return Text(call, FormatTime(TimeOf(call.receiver),
                                            call.args[0].AsString()));
             }},
      Method{"Add", "func(time.Duration) time.Time",
             [](Call& call) -> Result {
               return Wrapped(
                   Added(TimeOf(call.receiver), call.args[0].AsInt()));
             }},
      Method{"AddDate", "func(int, int, int) time.Time", AddDate},
      Method{"Sub", "func(time.Time) time.Duration", Subtract},
      Method{"Compare", "func(time.Time) int", CompareTimes},
      Method{"Truncate", "func(time.Duration) time.Time",
             [](Call& call) -> Result { return RoundTime(call, false); }},
      Method{"Round", "func(time.Duration) time.Time",
             [](Call& call) -> Result { return RoundTime(call, true); }},
      TimeComparison("Before", [](auto a, auto b) { return a < b; }),
      TimeComparison("After", [](auto a, auto b) { return a > b; }),
      TimeComparison("Equal", [](auto a, auto b) { return a == b; }),
  };
}

absl::StatusOr<Value> TimeJson(const Any& value) {
  const GoTime& time = TimeOf(value);
  const auto year = Civil(time).cs.year();
  if (year < 0 || year > 9999) {
    return GoError(
        "json: error calling MarshalJSON for type time.Time: "
        "Time.MarshalJSON: year outside of range [0,9999]");
  }
  return Value(FormatTime(time, kRfc3339Nano));
}

Method DurationUnit(absl::string_view name, double unit) {
  return Method{
      std::string(name), "func() float64", [unit](Call& call) -> Result {
        const int64_t d = call.receiver.AsInt();
        const auto whole_unit = static_cast<int64_t>(unit);
        const int64_t whole = d / whole_unit;
        return Any::Float64(static_cast<double>(whole) +
                            static_cast<double>(d % whole_unit) / unit);
      }};
}

Method DurationCount(absl::string_view name, int64_t unit) {
  return Method{std::string(name), "func() int64",
                [unit](Call& call) -> Result {
                  return Any::Int64(call.receiver.AsInt() / unit);
                }};
}

std::vector<Method> DurationMethods() {
  return {
      DurationUnit("Hours", 3600e9),
      DurationUnit("Minutes", 60e9),
      DurationUnit("Seconds", 1e9),
      DurationCount("Milliseconds", 1'000'000),
      DurationCount("Microseconds", 1'000),
      DurationCount("Nanoseconds", 1),
      Method{"String", "func() string",
             [](Call& call) -> Result {
               return Any::String(FormatDuration(call.receiver.AsInt()));
             }},
      Method{"Round", "func(time.Duration) time.Duration",
             [](Call& call) -> Result {
               return DurationOf(
                   RoundDuration(call.receiver.AsInt(), call.args[0].AsInt()));
             }},
      Method{"Truncate", "func(time.Duration) time.Duration",
             [](Call& call) -> Result {
               const int64_t d = call.receiver.AsInt();
               const int64_t to = call.args[0].AsInt();
               return DurationOf(to <= 0 ? d : d - d % to);
             }},
  };
}

const Type* NewType(absl::string_view name, Kind kind,
                    std::vector<Method> methods,
                    std::function<std::string(const Any&)> text) {
  Type* type = new Type;
  type->name = std::string(name);
  type->kind = kind;
  type->is_named = true;
  type->methods = std::move(methods);
  if (type->methods.empty()) {
    type->methods.push_back(
        {"String", "func() string", [text](Call& call) -> Result {
           return Any::String(text(call.receiver));
         }});
  }
  type->text = std::move(text);
  return type;
}

constexpr Row kRows[] = {
    {"now", "func() time.Time",
     [](Call& call) -> Result { return Wrapped(Now(call)); }},
    {"ago", "func(interface {}) string", Ago},
    {"date", "func(string, interface {}) string",
     [](Call& call) -> Result {
       return FormatIn(call, call.args[0].AsString(), call.args[1], "Local");
     }},
    {"dateInZone", "func(string, interface {}, string) string", DateInZone},
    {"date_in_zone", "func(string, interface {}, string) string", DateInZone},
    {"dateModify", "func(string, time.Time) time.Time", Modify},
    {"date_modify", "func(string, time.Time) time.Time", Modify},
    {"mustDateModify", "func(string, time.Time) (time.Time, error)",
     MustModify},
    {"must_date_modify", "func(string, time.Time) (time.Time, error)",
     MustModify},
    {"duration", "func(interface {}) string", DurationText},
    {"durationRound", "func(interface {}) string", DurationRound},
    {"htmlDate", "func(interface {}) string",
     [](Call& call) -> Result {
       return FormatIn(call, "2006-01-02", call.args[0], "Local");
     }},
    {"htmlDateInZone", "func(interface {}, string) string",
     [](Call& call) -> Result {
       return FormatIn(call, "2006-01-02", call.args[0],
                       call.args[1].AsString());
     }},
    {"toDate", "func(string, string) time.Time", ToDate},
    {"mustToDate", "func(string, string) (time.Time, error)", MustToDate},
    {"unixEpoch", "func(time.Time) string",
     [](Call& call) -> Result {
       return Any::String(
           absl::StrCat(absl::ToUnixSeconds(TimeOf(call.args[0]).at)));
     }},
};

}  // namespace

namespace types {

const Type* Time() {
  static const Type* const type = [] {
    Type* made = const_cast<Type*>(
        NewType("time.Time", Kind::kStruct, TimeMethods(), TimeText));
    made->json = TimeJson;
    made->hidden_fields = {"wall", "ext", "loc"};
    return made;
  }();
  return type;
}

const Type* Duration() {
  static const Type* const type =
      NewType("time.Duration", Kind::kInt64, DurationMethods(),
              [](const Any& d) { return FormatDuration(d.AsInt()); });
  return type;
}

const Type* Month() {
  static const Type* const type =
      NewType("time.Month", Kind::kInt, {}, [](const Any& month) {
        const int64_t m = month.AsInt();
        if (m >= 1 && m <= 12) {
          return std::string(MonthName(static_cast<int>(m)));
        }
        return absl::StrCat("%!Month(", static_cast<uint64_t>(m), ")");
      });
  return type;
}

const Type* Weekday() {
  static const Type* const type =
      NewType("time.Weekday", Kind::kInt, {}, [](const Any& weekday) {
        const int64_t d = weekday.AsInt();
        if (d >= 0 && d <= 6) {
          return std::string(WeekdayName(static_cast<int>(d)));
        }
        return absl::StrCat("%!Weekday(", static_cast<uint64_t>(d), ")");
      });
  return type;
}

const Type* Location() {
  static const Type* const type = [] {
    Type* made = const_cast<Type*>(
        NewType("*time.Location", Kind::kPtr, {}, [](const Any& value) {
          const auto* object =
              static_cast<const LocationObject*>(value.AsObject());
          return object == nullptr ? std::string("UTC") : object->location.name;
        }));
    made->hidden_fields = {"name",       "zone",     "tx",       "extend",
                           "cacheStart", "cacheEnd", "cacheZone"};
    return made;
  }();
  return type;
}

}  // namespace types

absl::StatusOr<Any> ParseTimeValue(absl::string_view layout,
                                   absl::string_view text,
                                   const absl::TimeZone& zone,
                                   absl::string_view zone_name) {
  Location location{zone, std::string(zone_name), std::nullopt};
  if (zone_name != "Local") location.abbreviation = location.name;
  WEIR_ASSIGN_OR_RETURN(GoTime time, ParseTime(layout, text, location));
  return Wrapped(std::move(time));
}

bool IsTimeValue(const Any& value) { return value.type() == types::Time(); }

std::string ZoneOfTimeValue(const Any& time) {
  return TimeOf(time).location.name;
}

std::string FormatTimeValue(const Any& time, absl::string_view layout,
                            bool in_utc) {
  return FormatTime(in_utc ? In(TimeOf(time), Location()) : TimeOf(time),
                    layout);
}

void AddDates(FunctionTable& table) { AddRows(kRows, table, 6); }

}  // namespace weir::gotmpl
