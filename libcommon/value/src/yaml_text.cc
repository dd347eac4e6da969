#include "src/yaml_text.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "src/utf8.h"

namespace weir::yaml {
namespace {

// Whether the character at `i` means something to YAML there.
void FindIndicators(absl::string_view text, size_t i, bool after_blank,
                    bool before_blank, bool* flow, bool* block) {
  const char c = text[i];
  bool both = false;
  bool flow_only = false;
  if (i == 0) {
    constexpr absl::string_view kAlways = "#,[]{}&*!|>'\"%@`";
    both = kAlways.find(c) != absl::string_view::npos ||
           ((c == '?' || c == ':' || c == '-') && before_blank);
    flow_only = c == '?' || c == ':';
  } else {
    constexpr absl::string_view kFlow = ",?[]{}:";
    both = (c == ':' && before_blank) || (c == '#' && after_blank);
    flow_only = kFlow.find(c) != absl::string_view::npos;
  }
  *flow = *flow || both || flow_only;
  *block = *block || both;
}

bool IsBlank(absl::string_view text, size_t i) {
  return text[i] == ' ' || text[i] == '\t';
}

// Visible ASCII that means nothing to YAML inside of a text.
constexpr std::array<bool, 256> kOrdinary = [] {
  std::array<bool, 256> ordinary{};
  for (size_t c = '!'; c <= '~'; ++c) ordinary[c] = true;
  for (const char c : {',', '?', '[', ']', '{', '}', ':', '#'}) {
    ordinary[static_cast<unsigned char>(c)] = false;
  }
  return ordinary;
}();

bool IsOrdinary(char c) { return kOrdinary[static_cast<unsigned char>(c)]; }

// The end of the words behind `i`, where an ordinary character is: more of
// them, and single spaces between them.
size_t SkipWords(absl::string_view text, size_t i) {
  while (true) {
    while (i < text.size() && IsOrdinary(text[i])) ++i;
    const bool goes_on =
        i + 1 < text.size() && text[i] == ' ' && IsOrdinary(text[i + 1]);
    if (!goes_on) return i;
    ++i;
  }
}

}  // namespace

size_t CharacterWidth(absl::string_view text, size_t i) {
  return static_cast<signed char>(text[i]) >= 0
             ? 1
             : std::max<size_t>(Utf8Length(text.substr(i)), 1);
}

size_t LineBreakLength(absl::string_view text, size_t i) {
  switch (text[i]) {
    case '\n':
    case '\r':
      return 1;
    case '\xc2':
      return text.substr(i, 2) == "\xc2\x85" ? 2 : 0;
    case '\xe2': {
      const absl::string_view bytes = text.substr(i, 3);
      return bytes == "\xe2\x80\xa8" || bytes == "\xe2\x80\xa9" ? 3 : 0;
    }
    default:
      return 0;
  }
}

bool HasOddBreaks(absl::string_view text) {
  // Looking for one character at a time is the fastest way through many.
  constexpr size_t kMany = 64;
  const auto has = [text](char c) {
    return text.find(c) != absl::string_view::npos;
  };
  if (text.size() > kMany && !has('\r') && !has('\xc2') && !has('\xe2')) {
    return false;
  }
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\r' ||
        ((c == '\xc2' || c == '\xe2') && LineBreakLength(text, i) != 0)) {
      return true;
    }
  }
  return false;
}

bool IsPrintable(absl::string_view text, size_t i) {
  const auto c = static_cast<unsigned char>(text[i]);
  if (c < 0x80) return c == '\n' || (c >= 0x20 && c <= 0x7e);
  const auto next =
      static_cast<unsigned char>(i + 1 < text.size() ? text[i + 1] : '\0');
  if (c == 0xc2) return next >= 0xa0;
  if (c == 0xed) return next < 0xa0;
  if (c == 0xef) {
    const absl::string_view bytes = text.substr(i, 3);
    return bytes != "\xef\xbb\xbf" && bytes != "\xef\xbf\xbe" &&
           bytes != "\xef\xbf\xbf";
  }
  return c > 0xc2 && c < 0xf0;
}

TextAnalysis AnalyzeText(absl::string_view text, bool tabs_in_blocks) {
  TextAnalysis result;
  if (text.empty()) {
    result.flow_plain = false;
    result.block = false;
    return result;
  }
  const absl::string_view head = text.substr(0, 3);
  bool block_indicators = head == "---" || head == "...";
  bool flow_indicators = block_indicators;
  bool special = false, tabs = false, leading = false, trailing_space = false;
  bool trailing_break = false, break_space = false, space_break = false;
  bool after_blank = true, after_space = false, after_break = false;
  for (size_t i = 0, width = 0; i < text.size(); i += width) {
    if (i > 0 && IsOrdinary(text[i])) {
      width = SkipWords(text, i) - i;
      after_space = after_break = after_blank = false;
      continue;
    }
    width = CharacterWidth(text, i);
    if (text[i] == '\n') {
      // Empty lines but for the last are all alike.
      while (text.substr(i + width, 2) == "\n\n") ++width;
    }
    const bool is_last = i + width >= text.size();
    FindIndicators(text, i, after_blank, is_last || IsBlank(text, i + width),
                   &flow_indicators, &block_indicators);
    if (text[i] == '\t') {
      tabs = true;
    } else if (!IsPrintable(text, i)) {
      special = true;
    }
    const bool is_break = LineBreakLength(text, i) != 0;
    const bool is_space = text[i] == ' ';
    if (is_space || is_break) {
      if (i == 0) leading = true;
      if (is_last) (is_space ? trailing_space : trailing_break) = true;
      if (is_space && after_break) break_space = true;
      if (is_break && after_space) space_break = true;
      if (is_break) result.multiline = true;
    }
    after_space = is_space;
    after_break = is_break;
    after_blank = is_space || is_break || text[i] == '\t' || text[i] == '\0';
  }
  const bool unsafe = space_break || special || tabs;
  const bool plain = !(leading || trailing_space || trailing_break ||
                       break_space || unsafe || result.multiline);
  result.block_plain = plain && !block_indicators;
  result.flow_plain = plain && !flow_indicators;
  result.single_quoted = !(break_space || unsafe);
  result.block =
      !(trailing_space || space_break || special || (tabs && !tabs_in_blocks));
  return result;
}

int AppendEscape(absl::string_view text, size_t& i, std::string* out) {
  static constexpr std::pair<uint32_t, char> kNamed[] = {
      {0x00, '0'},  {0x07, 'a'}, {0x08, 'b'}, {0x09, 't'},   {0x0a, 'n'},
      {0x0b, 'v'},  {0x0c, 'f'}, {0x0d, 'r'}, {0x1b, 'e'},   {0x22, '"'},
      {0x5c, '\\'}, {0x85, 'N'}, {0xa0, '_'}, {0x2028, 'L'}, {0x2029, 'P'}};
  const size_t width = CharacterWidth(text, i);
  const uint32_t c = DecodeUtf8(text.substr(i), width);
  i += width;
  out->push_back('\\');
  for (const auto& [code, name] : kNamed) {
    if (c == code) {
      out->push_back(name);
      return 2;
    }
  }
  const int digits = c <= 0xff ? 2 : c <= 0xffff ? 4 : 8;
  out->push_back(digits == 2 ? 'x' : digits == 4 ? 'u' : 'U');
  for (int shift = (digits - 1) * 4; shift >= 0; shift -= 4) {
    out->push_back("0123456789ABCDEF"[(c >> shift) & 15]);
  }
  return digits + 2;
}

}  // namespace weir::yaml
