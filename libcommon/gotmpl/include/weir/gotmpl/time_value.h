// Values of Go's type time.Time, for functions of an embedder's.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "weir/gotmpl/value.h"

namespace weir::gotmpl {

// time.ParseInLocation: a text without an offset is of `zone`, which prints as
// `zone_name`; one with another offset than that zone's keeps it.
// Errors: kInvalidArgument with Go's text.
absl::StatusOr<Any> ParseTimeValue(absl::string_view layout,
                                   absl::string_view text,
                                   const absl::TimeZone& zone,
                                   absl::string_view zone_name);

bool IsTimeValue(const Any& value);
// Of a value that is one: its zone's name, and Go's Format, there or in UTC.
std::string ZoneOfTimeValue(const Any& time);
std::string FormatTimeValue(const Any& time, absl::string_view layout,
                            bool in_utc = false);

}  // namespace weir::gotmpl
