// Values as text, the way Go's fmt and strconv print them.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "weir/gotmpl/value.h"

namespace weir::gotmpl {

// A little above the largest value that a function may make by default.
inline constexpr size_t kMostText = (size_t{32} << 20) + 1024;

// fmt.Sprint, fmt.Sprintln and fmt.Sprintf. A value nested deeper than 1,000
// ends in "...", and so does a text of more than `most` bytes.
std::string Sprint(absl::Span<const Any> values, size_t most = kMostText);
std::string Sprintln(absl::Span<const Any> values, size_t most = kMostText);
std::string Sprintf(absl::string_view format, absl::Span<const Any> values,
                    size_t most = kMostText);
// "%v" of one value.
std::string FormatValue(const Any& value);
void AppendFormatted(const Any& value, std::string& out,
                     size_t most = kMostText);
// Sprig's strval: strings and bytes as they are, Error() and String(), else %v.
std::string ToText(const Any& value, size_t most = kMostText);

// strconv.Quote.
std::string Quote(absl::string_view text);

}  // namespace weir::gotmpl
