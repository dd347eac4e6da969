#include "unescape.h"

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_replace.h"
#include "source.h"

namespace weir::cel {
namespace {

constexpr absl::string_view kMalformed = "unable to unescape string";

char Simple(char c) {
  switch (c) {
    case 'a':
      return '\a';
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case 'v':
      return '\v';
    case '\\':
    case '\'':
    case '"':
    case '`':
    case '?':
      return c;
    default:
      return 0;
  }
}

int DigitOf(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = absl::ascii_tolower(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// How many digits, and in which base, follow the letter; 0 for none.
int DigitsAfter(char letter, bool is_bytes, int& base) {
  base = 16;
  if (letter == 'x' || letter == 'X') return 2;
  if (letter == 'u' && !is_bytes) return 4;
  if (letter == 'U' && !is_bytes) return 8;
  base = 8;
  return letter >= '0' && letter <= '3' ? 3 : 0;
}

// `rest` begins behind a backslash, and ends behind the sequence.
bool Sequence(absl::string_view& rest, bool is_bytes, std::string& out,
              std::string& reason) {
  reason = std::string(kMalformed);
  if (rest.empty()) return false;
  const char letter = rest[0];
  if (const char simple = Simple(letter)) {
    out += simple;
    rest.remove_prefix(1);
    return true;
  }
  int base = 0;
  const int count = DigitsAfter(letter, is_bytes, base);
  if (count == 0) return false;
  if (base == 16) rest.remove_prefix(1);
  if (rest.size() < static_cast<size_t>(count)) return false;
  uint32_t point = 0;
  for (int i = 0; i < count; ++i) {
    const int digit = DigitOf(rest[i]);
    if (digit < 0 || digit >= base) return false;
    point = point * base + digit;
  }
  rest.remove_prefix(count);
  if (is_bytes) {
    out += static_cast<char>(point);
    return true;
  }
  if (point > 0x10FFFF || (point >= 0xD800 && point <= 0xDFFF)) {
    reason = "invalid unicode code point";
    return false;
  }
  out += ToUtf8(std::u32string(1, point));
  return true;
}

}  // namespace

bool Unescape(absl::string_view literal, bool is_bytes, std::string& value) {
  const std::string normal =
      absl::StrReplaceAll(literal, {{"\r\n", "\n"}, {"\r", "\n"}});
  absl::string_view rest = normal;
  const bool is_raw = rest[0] == 'r' || rest[0] == 'R';
  if (is_raw) rest.remove_prefix(1);
  const bool is_long = rest.size() >= 6 && (absl::StartsWith(rest, "'''") ||
                                            absl::StartsWith(rest, "\"\"\""));
  const size_t quotes = is_long ? 3 : 1;
  rest = rest.substr(quotes, rest.size() - 2 * quotes);
  value.clear();
  if (is_raw) {
    value = std::string(rest);
    return true;
  }
  while (!rest.empty()) {
    const size_t slash = std::min(rest.find('\\'), rest.size());
    value.append(rest.data(), slash);
    rest.remove_prefix(slash);
    if (rest.empty()) break;
    rest.remove_prefix(1);
    std::string reason;
    if (!Sequence(rest, is_bytes, value, reason)) {
      value = reason;
      return false;
    }
  }
  return true;
}

}  // namespace weir::cel
