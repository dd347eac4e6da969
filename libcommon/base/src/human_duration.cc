#include "weir/base/human_duration.h"

#include "absl/strings/str_cat.h"

namespace weir {

std::string FormatHumanDuration(absl::Duration duration) {
  const int64_t seconds = absl::ToInt64Seconds(duration);
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

}  // namespace weir
