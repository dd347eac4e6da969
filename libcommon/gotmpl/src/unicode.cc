#include "unicode.h"

#include <algorithm>
#include <iterator>

namespace weir::gotmpl {
namespace {

struct CodeRange {
  Rune first, last;
};
struct CodeShift {
  Rune first, last, step, shift;
};

#include "unicode_tables.inc"

template <size_t n>
bool Contains(const CodeRange (&table)[n], Rune rune) {
  const CodeRange* found = std::upper_bound(
      std::begin(table), std::end(table), rune,
      [](Rune value, const CodeRange& range) { return value < range.first; });
  return found != std::begin(table) && rune <= std::prev(found)->last;
}

// Ranges with a step may lie within each other's span, so a few before the
// one found are looked at too.
template <size_t n>
Rune Shift(const CodeShift (&table)[n], Rune rune) {
  const CodeShift* found = std::upper_bound(
      std::begin(table), std::end(table), rune,
      [](Rune value, const CodeShift& range) { return value < range.first; });
  for (int i = 0; i < 4 && found != std::begin(table); ++i) {
    --found;
    if (rune <= found->last && (rune - found->first) % found->step == 0) {
      return rune + found->shift;
    }
  }
  return rune;
}

template <typename Map>
std::string MapRunes(absl::string_view text, Map map) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    size_t size = 1;
    AppendRune(map(DecodeRune(text, &size)), &out);
    text.remove_prefix(size);
  }
  return out;
}

bool IsAscii(absl::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<uint8_t>(c) < 0x80; });
}

}  // namespace

Rune DecodeRune(absl::string_view text, size_t* size) {
  *size = 1;
  const auto byte = [&](size_t i) {
    return i < text.size() ? static_cast<uint8_t>(text[i]) : 0;
  };
  const uint8_t b0 = byte(0);
  if (b0 < 0x80) return b0;
  const auto is_tail = [&](size_t i) { return (byte(i) & 0xC0) == 0x80; };
  if (b0 >= 0xC2 && b0 <= 0xDF && is_tail(1)) {
    *size = 2;
    return (b0 & 0x1F) << 6 | (byte(1) & 0x3F);
  }
  if (b0 >= 0xE0 && b0 <= 0xEF && is_tail(1) && is_tail(2)) {
    const Rune rune =
        (b0 & 0x0F) << 12 | (byte(1) & 0x3F) << 6 | (byte(2) & 0x3F);
    if (rune >= 0x800 && (rune < 0xD800 || rune > 0xDFFF)) {
      *size = 3;
      return rune;
    }
  }
  if (b0 >= 0xF0 && b0 <= 0xF4 && is_tail(1) && is_tail(2) && is_tail(3)) {
    const Rune rune = (b0 & 0x07) << 18 | (byte(1) & 0x3F) << 12 |
                      (byte(2) & 0x3F) << 6 | (byte(3) & 0x3F);
    if (rune >= 0x10000 && rune <= kMaxRune) {
      *size = 4;
      return rune;
    }
  }
  return kRuneError;
}

Rune DecodeLastRune(absl::string_view text, size_t* size) {
  for (size_t n = 1; n <= 4 && n <= text.size(); ++n) {
    const absl::string_view tail = text.substr(text.size() - n);
    if ((static_cast<uint8_t>(tail[0]) & 0xC0) == 0x80) continue;
    const Rune rune = DecodeRune(tail, size);
    if (*size == n) return rune;
    break;
  }
  *size = 1;
  return kRuneError;
}

size_t RuneCount(absl::string_view text) {
  size_t count = 0;
  while (!text.empty()) {
    size_t size = 1;
    if (static_cast<uint8_t>(text[0]) >= 0x80) DecodeRune(text, &size);
    text.remove_prefix(size);
    ++count;
  }
  return count;
}

void AppendRune(Rune rune, std::string* out) {
  if (rune < 0 || rune > kMaxRune || (rune >= 0xD800 && rune <= 0xDFFF)) {
    rune = kRuneError;
  }
  if (rune < 0x80) {
    out->push_back(static_cast<char>(rune));
  } else if (rune < 0x800) {
    out->push_back(static_cast<char>(0xC0 | rune >> 6));
    out->push_back(static_cast<char>(0x80 | (rune & 0x3F)));
  } else if (rune < 0x10000) {
    out->push_back(static_cast<char>(0xE0 | rune >> 12));
    out->push_back(static_cast<char>(0x80 | (rune >> 6 & 0x3F)));
    out->push_back(static_cast<char>(0x80 | (rune & 0x3F)));
  } else {
    out->push_back(static_cast<char>(0xF0 | rune >> 18));
    out->push_back(static_cast<char>(0x80 | (rune >> 12 & 0x3F)));
    out->push_back(static_cast<char>(0x80 | (rune >> 6 & 0x3F)));
    out->push_back(static_cast<char>(0x80 | (rune & 0x3F)));
  }
}

std::u32string ToRunes(absl::string_view text) {
  std::u32string runes;
  runes.reserve(text.size());
  while (!text.empty()) {
    size_t size = 1;
    runes.push_back(static_cast<char32_t>(DecodeRune(text, &size)));
    text.remove_prefix(size);
  }
  return runes;
}

std::string FromRunes(const std::u32string& runes) {
  std::string out;
  out.reserve(runes.size());
  for (const char32_t rune : runes) AppendRune(static_cast<Rune>(rune), &out);
  return out;
}

bool IsLetter(Rune rune) {
  if (rune < 0x80) return (rune | 0x20) >= 'a' && (rune | 0x20) <= 'z';
  return Contains(kLetters, rune);
}

bool IsDigit(Rune rune) {
  if (rune < 0x80) return rune >= '0' && rune <= '9';
  return Contains(kDigits, rune);
}

bool IsNumber(Rune rune) { return Contains(kNumbers, rune); }
bool IsUpper(Rune rune) { return Contains(kUppers, rune); }
bool IsLower(Rune rune) { return Contains(kLowers, rune); }

bool IsTitle(Rune rune) { return Contains(kTitles, rune); }
bool IsPunct(Rune rune) { return Contains(kPunctuation, rune); }

bool IsSpace(Rune rune) {
  if (rune < 0x80) return rune == ' ' || (rune >= '\t' && rune <= '\r');
  return rune == 0x85 || rune == 0xA0 || rune == 0x1680 ||
         (rune >= 0x2000 && rune <= 0x200A) || rune == 0x2028 ||
         rune == 0x2029 || rune == 0x202F || rune == 0x205F || rune == 0x3000;
}

bool IsPrint(Rune rune) {
  if (rune < 0x80) return rune >= 0x20 && rune < 0x7F;
  return Contains(kPrintable, rune);
}

Rune ToUpper(Rune rune) {
  if (rune < 0x80) return rune >= 'a' && rune <= 'z' ? rune - 32 : rune;
  return Shift(kToUpper, rune);
}

Rune ToLower(Rune rune) {
  if (rune < 0x80) return rune >= 'A' && rune <= 'Z' ? rune + 32 : rune;
  return Shift(kToLower, rune);
}

Rune ToTitle(Rune rune) {
  if (rune < 0x80) return ToUpper(rune);
  return Shift(kToTitle, rune);
}

absl::string_view TrimSpace(absl::string_view text) {
  size_t size = 1;
  while (!text.empty() && IsSpace(DecodeRune(text, &size))) {
    text.remove_prefix(size);
  }
  while (!text.empty() && IsSpace(DecodeLastRune(text, &size))) {
    text.remove_suffix(size);
  }
  return text;
}

std::string ToUpper(absl::string_view text) {
  if (IsAscii(text)) {
    std::string out(text);
    for (char& c : out) c = static_cast<char>(ToUpper(Rune{c}));
    return out;
  }
  return MapRunes(text, [](Rune rune) { return ToUpper(rune); });
}

std::string ToLower(absl::string_view text) {
  if (IsAscii(text)) {
    std::string out(text);
    for (char& c : out) c = static_cast<char>(ToLower(Rune{c}));
    return out;
  }
  return MapRunes(text, [](Rune rune) { return ToLower(rune); });
}

}  // namespace weir::gotmpl
