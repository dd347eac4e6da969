// Go's strconv: numbers and quoted text.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "unicode.h"

namespace weir::gotmpl {

// Null for what is no number, or one out of range. Base 0 takes prefixes and
// underscores.
std::optional<int64_t> ParseInt(absl::string_view text, int base);
std::optional<uint64_t> ParseUint(absl::string_view text, int base);
std::optional<double> ParseFloat(absl::string_view text);

// strconv.AppendFloat: format is one of e E f g G b x X; precision -1 is the
// shortest that reads back.
void AppendFloat(double number, char format, int precision, std::string* out);

// Stops when `out` has more than `most` bytes.
void AppendQuoted(absl::string_view text, bool ascii, std::string* out,
                  size_t most = std::string::npos);
void AppendQuotedRune(Rune rune, bool ascii, std::string* out);
bool CanBackquote(absl::string_view text);
// Text of a Go string literal, in double or back quotes.
std::optional<std::string> Unquote(absl::string_view quoted);
// What is between the quotes when that is the text; nothing when it has to be
// made, or is none.
std::optional<absl::string_view> PlainUnquote(absl::string_view quoted);
// The code point of '...'; null when it is malformed. `tail` is what follows
// the first one.
std::optional<Rune> UnquoteChar(absl::string_view text, char quote,
                                absl::string_view* tail, bool* is_byte);

}  // namespace weir::gotmpl
