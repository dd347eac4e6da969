#include "tables.h"

#include "absl/strings/str_cat.h"
#include "weir/base/duration.h"

namespace weir::apiserver {

TablePrinter::TablePrinter(const Served& served) : served_(served) {}

Value TablePrinter::Columns() const {
  Value out = Value::MakeArray();
  out.Append(Value::MakeObject({{"name", "Name"},
                                {"type", "string"},
                                {"format", "name"},
                                {"description", ""},
                                {"priority", 0}}));
  out.Append(Value::MakeObject({{"name", "Age"},
                                {"type", "string"},
                                {"format", ""},
                                {"description", ""},
                                {"priority", 0}}));
  return out;
}

Value TablePrinter::Cells(const Value& object, absl::Time now) const {
  const Value& metadata = object["metadata"];
  return Value(
      Value::Array{metadata["name"],
                   FormatAge(metadata.GetString("creationTimestamp"), now)});
}

std::string FormatHumanDuration(absl::Duration duration) {
  int64_t seconds = absl::ToInt64Seconds(duration);
  if (seconds < -1) return "<invalid>";
  if (seconds < 0) return "0s";
  if (seconds < 120) return absl::StrCat(seconds, "s");
  const int64_t minutes = seconds / 60;
  const auto join = [](int64_t a, const char* unit, int64_t b,
                       const char* small) {
    return b == 0 ? absl::StrCat(a, unit) : absl::StrCat(a, unit, b, small);
  };
  if (minutes < 10) return join(minutes, "m", seconds % 60, "s");
  if (minutes < 180) return absl::StrCat(minutes, "m");
  const int64_t hours = minutes / 60;
  if (hours < 8) return join(hours, "h", minutes % 60, "m");
  if (hours < 48) return absl::StrCat(hours, "h");
  const int64_t days = hours / 24;
  if (hours < 24 * 8) return join(days, "d", hours % 24, "h");
  if (hours < 24 * 365 * 2) return absl::StrCat(days, "d");
  const int64_t years = days / 365;
  if (hours < 24 * 365 * 8) return join(years, "y", days % 365, "d");
  return absl::StrCat(years, "y");
}

std::string FormatAge(absl::string_view timestamp, absl::Time now) {
  absl::StatusOr<absl::Time> time = ParseKubeTime(timestamp);
  if (!time.ok()) return "<unknown>";
  return FormatHumanDuration(now - *time);
}

}  // namespace weir::apiserver
