#include "src/envsubst_functions.h"

#include <wctype.h>

#include <algorithm>
#include <clocale>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace weir::text {
namespace {

constexpr uint32_t kBadRune = 0xfffd;

// The first character; a byte that is no UTF-8 is kBadRune of length 1.
uint32_t DecodeRune(absl::string_view text, size_t* length) {
  const auto byte = [&](size_t i) {
    return static_cast<unsigned char>(text[i]);
  };
  *length = 1;
  const uint32_t first = byte(0);
  if (first < 0x80) return first;
  size_t count = 0;
  uint32_t rune = 0;
  uint32_t least = 0;
  if (first >= 0xc2 && first < 0xe0) {
    count = 2, rune = first & 0x1f, least = 0x80;
  } else if (first >= 0xe0 && first < 0xf0) {
    count = 3, rune = first & 0x0f, least = 0x800;
  } else if (first >= 0xf0 && first < 0xf5) {
    count = 4, rune = first & 0x07, least = 0x10000;
  }
  if (count == 0 || text.size() < count) return kBadRune;
  for (size_t i = 1; i < count; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return kBadRune;
    rune = rune << 6 | (byte(i) & 0x3f);
  }
  const bool is_surrogate = rune >= 0xd800 && rune < 0xe000;
  if (rune < least || rune > 0x10ffff || is_surrogate) return kBadRune;
  *length = count;
  return rune;
}

void AppendRune(uint32_t rune, std::string* out) {
  if (rune < 0x80) {
    out->push_back(static_cast<char>(rune));
  } else if (rune < 0x800) {
    out->push_back(static_cast<char>(0xc0 | rune >> 6));
    out->push_back(static_cast<char>(0x80 | (rune & 0x3f)));
  } else if (rune < 0x10000) {
    out->push_back(static_cast<char>(0xe0 | rune >> 12));
    out->push_back(static_cast<char>(0x80 | (rune >> 6 & 0x3f)));
    out->push_back(static_cast<char>(0x80 | (rune & 0x3f)));
  } else {
    out->push_back(static_cast<char>(0xf0 | rune >> 18));
    out->push_back(static_cast<char>(0x80 | (rune >> 12 & 0x3f)));
    out->push_back(static_cast<char>(0x80 | (rune >> 6 & 0x3f)));
    out->push_back(static_cast<char>(0x80 | (rune & 0x3f)));
  }
}

// Unicode's letters, whatever locale the process has. Null where the C
// library knows no UTF-8 locale: then only ASCII has letters.
locale_t Utf8Locale() {
  static const locale_t locale =
      newlocale(LC_CTYPE_MASK, "C.UTF-8", static_cast<locale_t>(nullptr));
  return locale;
}

uint32_t ChangeCase(uint32_t rune, bool upper) {
  if (rune < 0x80) {
    const auto c = static_cast<unsigned char>(rune);
    return static_cast<unsigned char>(upper ? absl::ascii_toupper(c)
                                            : absl::ascii_tolower(c));
  }
  const locale_t locale = Utf8Locale();
  if (locale == static_cast<locale_t>(nullptr)) return rune;
  const auto wide = static_cast<wint_t>(rune);
  return upper ? towupper_l(wide, locale) : towlower_l(wide, locale);
}

std::string ChangeCase(absl::string_view text, bool upper, bool first_only) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    size_t length = 0;
    const uint32_t rune = DecodeRune(text, &length);
    AppendRune(ChangeCase(rune, upper), &out);
    text.remove_prefix(length);
    if (first_only) break;
  }
  absl::StrAppend(&out, text);
  return out;
}

// Go's strconv.Atoi: an optional sign and digits, nothing else.
std::optional<int64_t> ParseInteger(absl::string_view text) {
  absl::string_view digits = text;
  if (!absl::ConsumePrefix(&digits, "-")) absl::ConsumePrefix(&digits, "+");
  const bool is_number =
      !digits.empty() && std::all_of(digits.begin(), digits.end(), [](char c) {
        return absl::ascii_isdigit(static_cast<unsigned char>(c));
      });
  int64_t value = 0;
  if (!is_number || !absl::SimpleAtoi(text, &value)) return std::nullopt;
  return value;
}

absl::StatusOr<std::string> Substring(const std::string& value,
                                      const std::vector<std::string>& args) {
  std::optional<int64_t> position = ParseInteger(args[0]);
  if (!position.has_value()) return value;
  const auto size = static_cast<int64_t>(value.size());
  if (*position < 0) *position = std::max<int64_t>(0, size + *position);
  int64_t length = std::numeric_limits<int64_t>::max();
  if (args.size() > 1) {
    const std::optional<int64_t> wanted = ParseInteger(args[1]);
    if (!wanted.has_value()) return value;
    length = *wanted;
  }
  if (length < 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("substring length ", length, " is negative"));
  }
  if (*position >= size) return std::string();
  return value.substr(static_cast<size_t>(*position),
                      static_cast<size_t>(length));
}

absl::Status TooLong() {
  return absl::ResourceExhaustedError(
      "the result of a variable substitution is too long");
}

// Go's strings.Replace: an empty `from` is found before every character.
absl::StatusOr<std::string> Replace(absl::string_view value,
                                    absl::string_view from,
                                    absl::string_view to, bool all,
                                    size_t max_bytes) {
  std::string out;
  size_t start = 0;
  bool is_first = true;
  while (is_first || all) {
    size_t found = value.find(from, start);
    if (from.empty() && !is_first) {
      if (start >= value.size()) break;
      size_t length = 0;
      DecodeRune(value.substr(start), &length);
      found = start + length;
    }
    if (found == absl::string_view::npos) break;
    absl::StrAppend(&out, value.substr(start, found - start), to);
    if (out.size() > max_bytes) return TooLong();
    start = found + from.size();
    is_first = false;
  }
  absl::StrAppend(&out, value.substr(start));
  return out;
}

// One character of a glob.
struct GlobItem {
  enum class Kind { kRune, kAny, kStar, kClass } kind = Kind::kRune;
  uint32_t rune = 0;
  bool is_negated = false;
  std::vector<std::pair<uint32_t, uint32_t>> ranges;

  bool Matches(uint32_t other) const {
    if (kind == Kind::kAny) return true;
    if (kind == Kind::kRune) return rune == other;
    const bool found =
        std::any_of(ranges.begin(), ranges.end(), [other](const auto& range) {
          return range.first <= other && other <= range.second;
        });
    return found != is_negated;
  }
};

using Runes = std::vector<uint32_t>;

Runes DecodeRunes(absl::string_view text) {
  Runes runes;
  while (!text.empty()) {
    size_t length = 0;
    runes.push_back(DecodeRune(text, &length));
    text.remove_prefix(length);
  }
  return runes;
}

// A character of a class, which must have something after it.
std::optional<uint32_t> ReadClassRune(const Runes& pattern, size_t* at) {
  if (*at >= pattern.size() || pattern[*at] == '-' || pattern[*at] == ']') {
    return std::nullopt;
  }
  if (pattern[*at] == '\\') ++*at;
  if (*at + 1 >= pattern.size()) return std::nullopt;
  return pattern[(*at)++];
}

// The class whose "[" is just before `at`.
std::optional<GlobItem> ReadClass(const Runes& pattern, size_t* at) {
  GlobItem item;
  item.kind = GlobItem::Kind::kClass;
  if (*at < pattern.size() && pattern[*at] == '^') {
    item.is_negated = true;
    ++*at;
  }
  while (item.ranges.empty() || *at >= pattern.size() || pattern[*at] != ']') {
    const std::optional<uint32_t> low = ReadClassRune(pattern, at);
    if (!low.has_value()) return std::nullopt;
    std::optional<uint32_t> high = low;
    if (pattern[*at] == '-') {
      ++*at;
      high = ReadClassRune(pattern, at);
      if (!high.has_value()) return std::nullopt;
    }
    item.ranges.push_back({*low, *high});
  }
  ++*at;
  return item;
}

// Nothing for a malformed pattern, which matches nothing.
std::optional<std::vector<GlobItem>> ParseGlob(const Runes& pattern) {
  std::vector<GlobItem> items;
  for (size_t at = 0; at < pattern.size();) {
    GlobItem item;
    const uint32_t rune = pattern[at++];
    item.rune = rune;
    if (rune == '*') {
      item.kind = GlobItem::Kind::kStar;
    } else if (rune == '?') {
      item.kind = GlobItem::Kind::kAny;
    } else if (rune == '[') {
      std::optional<GlobItem> read = ReadClass(pattern, &at);
      if (!read.has_value()) return std::nullopt;
      item = *std::move(read);
    } else if (rune == '\\') {
      if (at >= pattern.size()) return std::nullopt;
      item.rune = pattern[at++];
    }
    items.push_back(std::move(item));
  }
  return items;
}

// Characters of the shortest or longest non-empty prefix that the pattern
// matches; 0 when there is none. Linear in text times pattern.
size_t MatchPrefix(const Runes& text, const std::vector<GlobItem>& pattern,
                   bool longest) {
  // reached[i]: the first i items may have matched what was read so far.
  std::vector<char> reached(pattern.size() + 1, 0);
  std::vector<char> next(pattern.size() + 1, 0);
  const auto close_over_stars = [&](std::vector<char>& set) {
    for (size_t i = 0; i < pattern.size(); ++i) {
      if (set[i] != 0 && pattern[i].kind == GlobItem::Kind::kStar) {
        set[i + 1] = 1;
      }
    }
  };
  reached[0] = 1;
  close_over_stars(reached);
  size_t matched = 0;
  for (size_t at = 0; at < text.size(); ++at) {
    std::fill(next.begin(), next.end(), 0);
    bool is_alive = false;
    for (size_t i = 0; i < pattern.size(); ++i) {
      if (reached[i] == 0) continue;
      if (pattern[i].kind == GlobItem::Kind::kStar) {
        next[i] = 1;
        is_alive = true;
      } else if (pattern[i].Matches(text[at])) {
        next[i + 1] = 1;
        is_alive = true;
      }
    }
    if (!is_alive) break;
    close_over_stars(next);
    std::swap(reached, next);
    if (reached[pattern.size()] != 0) {
      matched = at + 1;
      if (!longest) break;
    }
  }
  return matched;
}

absl::StatusOr<std::string> Trim(const std::string& value,
                                 absl::string_view pattern, bool suffix,
                                 bool longest) {
  constexpr size_t kMaxSteps = 200'000'000;
  if (value.size() > kMaxSteps / (pattern.size() + 1)) return TooLong();
  Runes text = DecodeRunes(value);
  Runes glob = DecodeRunes(pattern);
  if (suffix) {
    // As upstream does it: pattern and all are read backwards, so a class in
    // the pattern of a suffix is malformed.
    std::reverse(text.begin(), text.end());
    std::reverse(glob.begin(), glob.end());
  }
  const std::optional<std::vector<GlobItem>> items = ParseGlob(glob);
  if (!items.has_value()) return value;
  const size_t count = MatchPrefix(text, *items, longest);
  if (suffix) std::reverse(text.begin(), text.end());
  // Bytes are cut, not rebuilt, so that what is no UTF-8 survives.
  absl::string_view rest = value;
  const size_t skipped = suffix ? text.size() - count : count;
  for (size_t i = 0; i < skipped; ++i) {
    size_t length = 0;
    DecodeRune(rest, &length);
    rest.remove_prefix(length);
  }
  return suffix ? value.substr(0, value.size() - rest.size())
                : std::string(rest);
}

absl::StatusOr<std::string> CallReplace(absl::string_view function,
                                        const std::string& value,
                                        const std::vector<std::string>& args,
                                        size_t max_bytes) {
  const std::string& from = args[0];
  const std::string to = args.size() > 1 ? args[1] : "";
  if (function == "/#") {
    if (args.size() != 2 || !absl::StartsWith(value, from)) return value;
    return absl::StrCat(to, value.substr(from.size()));
  }
  if (function == "/%") {
    if (args.size() != 2 || !absl::EndsWith(value, from)) return value;
    return absl::StrCat(value.substr(0, value.size() - from.size()), to);
  }
  return Replace(value, from, to, function == "//", max_bytes);
}

}  // namespace

bool StartsWithIdentifier(absl::string_view text, size_t* length) {
  if (text.empty()) return false;
  const uint32_t rune = DecodeRune(text, length);
  if (rune < 0x80) {
    const auto c = static_cast<unsigned char>(rune);
    return absl::ascii_isalnum(c) || c == '_';
  }
  const locale_t locale = Utf8Locale();
  return locale != static_cast<locale_t>(nullptr) && rune != kBadRune &&
         iswalnum_l(static_cast<wint_t>(rune), locale) != 0;
}

bool IsDefaultFunction(absl::string_view function) {
  return function == "=" || function == ":=" || function == ":-" ||
         function == ":+" || function == ":?";
}

absl::StatusOr<std::string> CallFunction(
    absl::string_view function, const std::string& value,
    const std::vector<std::string>& arguments, size_t max_bytes) {
  if (function == "^^" || function == "^") {
    return ChangeCase(value, /*upper=*/true, function.size() == 1);
  }
  if (function == ",," || function == ",") {
    return ChangeCase(value, /*upper=*/false, function.size() == 1);
  }
  if (function == "#" && arguments.empty()) return absl::StrCat(value.size());
  if (!arguments.empty()) {
    if (function == ":") return Substring(value, arguments);
    if (absl::StartsWith(function, "/")) {
      return CallReplace(function, value, arguments, max_bytes);
    }
    if (absl::StartsWith(function, "#") || absl::StartsWith(function, "%")) {
      return Trim(value, arguments[0], /*suffix=*/function[0] == '%',
                  /*longest=*/function.size() == 2);
    }
  }
  if (!value.empty()) return value;
  std::string text;
  for (const std::string& argument : arguments) {
    absl::StrAppend(&text, argument);
  }
  return text;
}

}  // namespace weir::text
