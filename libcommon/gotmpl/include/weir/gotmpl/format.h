// Values as text, the way Go's fmt and strconv print them.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "weir/gotmpl/value.h"

namespace weir::gotmpl {

// fmt.Sprint, fmt.Sprintln and fmt.Sprintf. A value nested deeper than 1,000
// ends in "...".
std::string Sprint(absl::Span<const Any> values);
std::string Sprintln(absl::Span<const Any> values);
std::string Sprintf(absl::string_view format, absl::Span<const Any> values);
// "%v" of one value.
std::string FormatValue(const Any& value);
void AppendFormatted(const Any& value, std::string& out);
// Sprig's strval: strings and bytes as they are, Error() and String(), else %v.
std::string ToText(const Any& value);

// strconv.Quote.
std::string Quote(absl::string_view text);

}  // namespace weir::gotmpl
