// TOML as BurntSushi's package writes and reads it.
//
// Touches: nothing.
// Threads: pure functions.
// Source: github.com/BurntSushi/toml 1.6.0.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "weir/gotmpl/value.h"

namespace weir::helm {

// The names of the zones of times that a text gives no offset.
inline constexpr char kLocalDateTime[] = "datetime-local";
inline constexpr char kLocalDate[] = "date-local";
inline constexpr char kLocalTime[] = "time-local";

// Errors: kInvalidArgument "toml: ..."; kResourceExhausted above 32 MiB.
absl::StatusOr<std::string> MarshalToml(const gotmpl::Any& value);

// A table; times without an offset are of `zone`.
// Errors: kInvalidArgument "toml: line 1: ...".
absl::StatusOr<gotmpl::Any> ParseToml(absl::string_view text,
                                      const absl::TimeZone& zone);

}  // namespace weir::helm
