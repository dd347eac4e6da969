// Input: a pattern, a newline, a text: as glob and as regular expression.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "weir/text/glob.h"
#include "weir/text/regex.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t newline = std::min(input.find('\n'), size);
  const absl::string_view pattern = input.substr(0, newline);
  const absl::string_view text = input.substr(std::min(newline + 1, size));
  (void)weir::text::GlobMatches(pattern, text);
  const auto regex = weir::text::Regex::Compile(pattern);
  if (!regex.ok()) return 0;
  (void)regex->MatchesAll(text);
  (void)regex->Find(text);
  (void)regex->ReplaceAll(text, "<$0${1}$name>");
  return 0;
}
