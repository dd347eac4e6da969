// Texts as Go's fmt and unicode packages have them, for messages that Helm
// words.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"
#include "weir/value/go_quote.h"
#include "weir/value/value.h"

namespace weir::helm {

// The rune that starts at `offset`, and its length; U+FFFD and 1 where the
// bytes are no UTF-8.
char32_t RuneAt(absl::string_view text, size_t offset, size_t* length);
// Appends a rune's bytes.
void AppendRune(char32_t rune, std::string* out);
bool IsSpaceRune(char32_t rune);
// unicode.IsPrint, but for code points that are not assigned.
bool IsPrintRune(char32_t rune);
absl::string_view TrimLeftSpace(absl::string_view text);
absl::string_view TrimSpace(absl::string_view text);

// %q of a list of runes: ['a' 'b'].
std::string GoQuoteRunes(absl::string_view text);
// "string", "float64", "map[string]interface {}", "nil".
std::string GoTypeName(const Value& value);
// %v.
std::string GoPrint(const Value& value);
// %t, which is meant for booleans only.
std::string GoPrintBool(const Value& value);

// A float64 as strconv.FormatFloat(d, 'g', -1, bits) writes it.
std::string GoFormatFloat(double number, int bits);

}  // namespace weir::helm
