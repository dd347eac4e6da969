#include "src/values/json_prefix.h"

#include <cstddef>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "src/yaml.h"
#include "weir/base/status.h"
#include "weir/value/json.h"

namespace weir::helm {
namespace {

// Past the quote that ends the text at `i`.
size_t SkipText(absl::string_view text, size_t i) {
  for (++i; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      return i + 1;
    }
  }
  return text.size();
}

size_t SkipCollection(absl::string_view text, size_t i) {
  int depth = 0;
  while (i < text.size()) {
    if (text[i] == '"') {
      i = SkipText(text, i);
      continue;
    }
    if (text[i] == '{' || text[i] == '[') ++depth;
    if (text[i] == '}' || text[i] == ']') --depth;
    ++i;
    if (depth == 0) return i;
  }
  return i;
}

size_t SkipDigits(absl::string_view text, size_t i) {
  while (i < text.size() && absl::ascii_isdigit(text[i])) ++i;
  return i;
}

size_t SkipNumber(absl::string_view text, size_t i) {
  if (i < text.size() && text[i] == '-') ++i;
  // A zero is a number of its own: what follows it is not read.
  i = i < text.size() && text[i] == '0' ? i + 1 : SkipDigits(text, i);
  if (i < text.size() && text[i] == '.') i = SkipDigits(text, i + 1);
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    ++i;
    if (i < text.size() && (text[i] == '+' || text[i] == '-')) ++i;
    i = SkipDigits(text, i);
  }
  return i;
}

size_t EndOfValue(absl::string_view text, size_t i) {
  if (i >= text.size()) return i;
  if (text[i] == '"') return SkipText(text, i);
  if (text[i] == '{' || text[i] == '[') return SkipCollection(text, i);
  for (absl::string_view word : {"true", "false", "null"}) {
    if (absl::StartsWith(text.substr(i), word)) return i + word.size();
  }
  return SkipNumber(text, i);
}

}  // namespace

absl::StatusOr<Value> ParseJsonPrefix(absl::string_view text, size_t* length) {
  size_t start = 0;
  while (start < text.size() && absl::StrContains(" \t\r\n", text[start])) {
    ++start;
  }
  const size_t end = EndOfValue(text, start);
  WEIR_ASSIGN_OR_RETURN(Value value,
                        ParseJson(text.substr(start, end - start)));
  MakeDoubles(value);
  *length = end;
  return value;
}

}  // namespace weir::helm
