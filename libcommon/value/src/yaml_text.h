// What both YAML writers ask of a text: where it breaks, what can be printed,
// and in which styles it can be written.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"

namespace weir::yaml {

// The bytes of the character at `i`; at least 1.
size_t CharacterWidth(absl::string_view text, size_t i);

// The length of the line break at `i`, or 0; "\r" and "\n" each are one.
size_t LineBreakLength(absl::string_view text, size_t i);

// Whether a text has line breaks other than "\n", which are not always kept
// when it is written and read.
bool HasOddBreaks(absl::string_view text);

// libyaml's notion, in Go's version of it: nothing above U+FFFD. Tabs are not
// printable.
bool IsPrintable(absl::string_view text, size_t i);

struct TextAnalysis {
  bool multiline = false;
  bool block_plain = true;
  bool flow_plain = true;
  bool single_quoted = true;
  bool block = true;
};
// go-yaml 3 has tabs in block scalars; to go-yaml 2 they cannot be printed.
TextAnalysis AnalyzeText(absl::string_view text, bool tabs_in_blocks);

// Appends the escape of the character at `i`, for double quotes, and moves `i`
// behind it. Returns how many characters were appended.
int AppendEscape(absl::string_view text, size_t& i, std::string* out);

}  // namespace weir::yaml
