#include "weir/text/glob.h"

#include <cstddef>

namespace weir::text {
namespace {

// The length of the UTF-8 character at `i`; 1 for what is none.
size_t CharLength(absl::string_view text, size_t i) {
  size_t n = 1;
  if ((static_cast<unsigned char>(text[i]) & 0xc0) == 0xc0) {
    while (i + n < text.size() && n < 4 && (text[i + n] & 0xc0) == 0x80) ++n;
  }
  return n;
}

// One character of a class, moving `p`; empty when the class is malformed.
absl::string_view TakeClassChar(absl::string_view pattern, size_t& p) {
  if (p >= pattern.size() || pattern[p] == '-' || pattern[p] == ']') return {};
  if (pattern[p] == '\\' && ++p >= pattern.size()) return {};
  const size_t length = CharLength(pattern, p);
  const absl::string_view c = pattern.substr(p, length);
  p += length;
  // The class must still be closed.
  return p < pattern.size() ? c : absl::string_view();
}

enum class Result { kNo, kYes, kMalformed };

// `p` is behind the "["; it ends behind the "]". UTF-8 keeps the order of
// code points, so characters compare as text.
Result MatchClass(absl::string_view pattern, size_t& p, absl::string_view c) {
  const bool negated = p < pattern.size() && pattern[p] == '^';
  if (negated) ++p;
  bool found = false;
  for (bool first = true;; first = false) {
    if (!first && p < pattern.size() && pattern[p] == ']') break;
    const absl::string_view low = TakeClassChar(pattern, p);
    if (low.empty()) return Result::kMalformed;
    absl::string_view high = low;
    if (pattern[p] == '-') {
      ++p;
      high = TakeClassChar(pattern, p);
      if (high.empty()) return Result::kMalformed;
    }
    if (low <= c && c <= high) found = true;
  }
  ++p;
  return found != negated ? Result::kYes : Result::kNo;
}

// Matches one element of the pattern, no star, moving both positions.
Result MatchOne(absl::string_view pattern, size_t& p, absl::string_view name,
                size_t& n) {
  const absl::string_view c = name.substr(n, CharLength(name, n));
  if (pattern[p] == '?') {
    ++p;
    n += c.size();
    return c == "/" ? Result::kNo : Result::kYes;
  }
  if (pattern[p] == '[') {
    ++p;
    n += c.size();
    return MatchClass(pattern, p, c);
  }
  if (pattern[p] == '\\' && ++p == pattern.size()) return Result::kMalformed;
  return pattern[p++] == name[n++] ? Result::kYes : Result::kNo;
}

// Whether the last byte of the pattern stands for itself only, and the name
// ends with another one: most patterns that do not match, "*.swp" of a list of
// them, are seen to do so at once.
bool EndsOtherwise(absl::string_view pattern, absl::string_view name) {
  if (pattern.empty()) return false;
  const char last = pattern.back();
  if (last == '*' || last == '?' || last == ']' || last == '\\') return false;
  return name.empty() || name.back() != last;
}

}  // namespace

bool GlobMatches(absl::string_view pattern, absl::string_view name) {
  if (EndsOtherwise(pattern, name)) return false;
  constexpr size_t kNone = absl::string_view::npos;
  size_t p = 0;
  size_t n = 0;
  size_t star = kNone;   // Behind the last star,
  size_t star_name = 0;  // and what it leaves to be matched.
  while (n < name.size() || p < pattern.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = ++p;
      star_name = n;
      continue;
    }
    Result result = Result::kNo;
    if (p < pattern.size() && n < name.size()) {
      result = MatchOne(pattern, p, name, n);
    }
    if (result == Result::kMalformed) return false;
    if (result == Result::kYes) continue;
    // Let the star take one more; it takes no "/".
    if (star == kNone || star_name >= name.size() || name[star_name] == '/') {
      return false;
    }
    n = ++star_name;
    p = star;
  }
  return true;
}

}  // namespace weir::text
