// Timestamps and durations as Go reads, writes and adds them.
//
// Touches: the time zone database, in LocalFields.
// Threads: pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "weir/cel/value.h"

namespace weir::cel {

inline constexpr int64_t kMinSeconds = -62135596800;  // The year 1.
inline constexpr int64_t kMaxSeconds = 253402300799;  // The end of 9999.

// Go's time.Parse(time.RFC3339, text).
std::optional<Timestamp> ParseTimestamp(absl::string_view text);
// With the offset that it has: "2006-01-02T15:04:05.5+01:00".
std::string FormatTimestamp(const Timestamp& time);
Timestamp InUtc(Timestamp time);
// "1.5s".
std::string FormatSeconds(int64_t nanoseconds);

// Each an error value when it overflows or the types do not fit.
Value AddTimes(const Value& time, const Value& duration);
Value SubtractTimes(const Value& time, const Value& other);

// The fields of an instant in a zone: "Europe/Berlin", "-08:00", "UTC".
// An error value, or null with `fields` set.
Value LocalFields(const Timestamp& time, const std::string& zone,
                  absl::CivilSecond& fields);

}  // namespace weir::cel
