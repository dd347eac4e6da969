// Numbers as Go computes, compares and prints them.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "weir/cel/value.h"

namespace weir::cel {

// The integer that a number is equal to; nothing for other values.
std::optional<int64_t> LosslessInt(const Value& value);
std::optional<uint64_t> LosslessUint(const Value& value);

// The integer part, or nothing when it does not fit.
std::optional<int64_t> DoubleToInt(double value);
std::optional<uint64_t> DoubleToUint(double value);

// Go's strconv.FormatFloat(value, 'g', -1, 64) and (value, 'f', -1, 64).
std::string FormatShortest(double value);
std::string FormatPlain(double value);

// Go's strconv.ParseFloat(text, 64) and ParseInt(text, 10, 64).
std::optional<double> ParseGoFloat(absl::string_view text);
std::optional<int64_t> ParseGoInt(absl::string_view text);
std::optional<uint64_t> ParseGoUint(absl::string_view text);

}  // namespace weir::cel
