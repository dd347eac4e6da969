#include "src/natural_order.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "src/utf8.h"

namespace weir {
namespace {

struct CodeRange {
  uint32_t first;
  uint32_t last;
};

#include "src/unicode_ranges.inc"

template <size_t n>
bool IsIn(const CodeRange (&ranges)[n], uint32_t c) {
  const CodeRange* range = std::lower_bound(
      ranges, ranges + n, c,
      [](const CodeRange& r, uint32_t code) { return r.last < code; });
  return range != ranges + n && range->first <= c;
}

bool IsLetter(uint32_t c) {
  if (c < 0x80) return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
  return IsIn(kLetters, c);
}

bool IsDigit(uint32_t c) {
  if (c < 0x80) return c >= '0' && c <= '9';
  return IsIn(kDigits, c);
}

std::vector<uint32_t> Runes(absl::string_view text) {
  std::vector<uint32_t> runes;
  runes.reserve(text.size());
  while (!text.empty()) {
    const size_t length = Utf8Length(text);
    runes.push_back(DecodeUtf8(text, length));
    text.remove_prefix(std::max<size_t>(length, 1));
  }
  return runes;
}

// The first characters that differ are at `i`.
template <typename Text>
bool LessAt(const Text& a, const Text& b, size_t i, NaturalOrder order) {
  const auto at = [](const Text& text, size_t index) {
    return static_cast<uint32_t>(text[index]);
  };
  const uint32_t ca = at(a, i);
  const uint32_t cb = at(b, i);
  const bool letter_a = IsLetter(ca);
  const bool letter_b = IsLetter(cb);
  if (letter_a && letter_b) return ca < cb;
  if (letter_a || letter_b) {
    const bool after_digit =
        order == NaturalOrder::kGoYaml3 && i > 0 && IsDigit(at(a, i - 1));
    return after_digit ? letter_a : letter_b;
  }
  uint64_t number_a = 0;
  uint64_t number_b = 0;
  if (ca == '0' || cb == '0') {
    for (size_t j = i; j-- > 0 && IsDigit(at(a, j));) {
      if (at(a, j) != '0') {
        number_a = number_b = 1;
        break;
      }
    }
  }
  const auto read = [&at, i](const Text& text, uint64_t& number) {
    size_t j = i;
    for (; j < text.size() && IsDigit(at(text, j)); ++j) {
      number = number * 10 + (at(text, j) - '0');
    }
    return j;
  };
  const size_t end_a = read(a, number_a);
  const size_t end_b = read(b, number_b);
  if (number_a != number_b) {
    // Go's numbers are signed and overflow.
    return static_cast<int64_t>(number_a) < static_cast<int64_t>(number_b);
  }
  if (end_a != end_b) return end_a < end_b;
  return ca < cb;
}

template <typename Text>
bool Less(const Text& a, const Text& b, NaturalOrder order) {
  const size_t n = std::min(a.size(), b.size());
  for (size_t i = 0; i < n; ++i) {
    if (a[i] != b[i]) return LessAt(a, b, i, order);
  }
  return a.size() < b.size();
}

bool IsAscii(absl::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<signed char>(c) >= 0; });
}

}  // namespace

bool NaturalLess(absl::string_view a, absl::string_view b, NaturalOrder order) {
  if (IsAscii(a) && IsAscii(b)) return Less(a, b, order);
  return Less(Runes(a), Runes(b), order);
}

}  // namespace weir
