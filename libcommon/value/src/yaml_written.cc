// Scalars that remember how they are written.
#include <algorithm>
#include <string>

#include "absl/strings/string_view.h"
#include "src/go_number.h"
#include "src/utf8.h"
#include "src/yaml_scalar.h"
#include "weir/value/json.h"
#include "weir/value/yaml.h"

namespace weir {
namespace {

size_t YamlCharLength(absl::string_view text, size_t i) {
  return std::max<size_t>(Utf8Length(text.substr(i)), 1);
}

// The length of the line break at `i`, or 0.
size_t YamlBreakLength(absl::string_view text, size_t i) {
  if (text[i] == '\n') return 1;
  const absl::string_view three = text.substr(i, 3);
  return three == "\xe2\x80\xa8" || three == "\xe2\x80\xa9" ? 3 : 0;
}

// Nothing above U+FFFD is.
bool IsYamlPrintable(absl::string_view text, size_t i) {
  const auto at = [text](size_t k) {
    return k < text.size() ? static_cast<unsigned char>(text[k]) : 0;
  };
  const unsigned c = at(i);
  if (c < 0x80) return c == '\n' || (c >= 0x20 && c <= 0x7e);
  if (c == 0xc2) return at(i + 1) >= 0xa0;
  if (c == 0xed) return at(i + 1) < 0xa0;
  if (c == 0xef) {
    return !(at(i + 1) == 0xbb && at(i + 2) == 0xbf) &&
           !(at(i + 1) == 0xbf && at(i + 2) >= 0xbe);
  }
  return c > 0xc2 && c < 0xf0;
}

bool IsBlankAt(absl::string_view text, size_t i) {
  return i < text.size() && (text[i] == ' ' || text[i] == '\t');
}

// Whether it is written as a block at all.
bool StaysBlock(absl::string_view text) {
  if (text.empty() || text.back() == ' ') return false;
  for (size_t i = 0; i < text.size(); i += YamlCharLength(text, i)) {
    if (text[i] == '\t') continue;
    if (!IsYamlPrintable(text, i)) return false;
    if (i > 0 && text[i - 1] == ' ' && YamlBreakLength(text, i) != 0) {
      return false;
    }
  }
  return true;
}

std::string WriteFolded(absl::string_view text) {
  size_t first = 0;
  while (first < text.size() && YamlBreakLength(text, first) != 0) {
    first += YamlBreakLength(text, first);
  }
  const bool doubles = first < text.size() && !IsBlankAt(text, first);
  std::string out;
  bool breaks = true;
  bool leading_blank = true;
  for (size_t i = 0; i < text.size();) {
    const size_t length = YamlBreakLength(text, i);
    if (length == 0) {
      if (breaks) leading_blank = IsBlankAt(text, i);
      out.push_back(text[i++]);
    } else {
      if (doubles && !breaks && !leading_blank && text[i] == '\n') {
        out.push_back('\n');
      }
      out.append(text.data() + i, length);
      i += length;
    }
    breaks = length != 0;
  }
  return out;
}

// Takes the line breaks at `*i`.
absl::string_view TakeBreaks(absl::string_view text, size_t* i) {
  const size_t start = *i;
  while (*i < text.size() && YamlBreakLength(text, *i) != 0) {
    *i += YamlBreakLength(text, *i);
  }
  return text.substr(start, *i - start);
}

enum class Chomp { kStrip, kClip, kKeep };

Chomp ChompOf(absl::string_view text) {
  size_t ends = 0;
  size_t last = 0;
  for (size_t i = 0; i < text.size(); i += YamlCharLength(text, i)) {
    ends = YamlBreakLength(text, i) != 0 ? ends + 1 : 0;
    last = i;
  }
  if (ends == 0) return Chomp::kStrip;
  return last == 0 || ends > 1 ? Chomp::kKeep : Chomp::kClip;
}

std::string ReadFolded(absl::string_view text, Chomp chomp) {
  std::string out;
  size_t i = 0;
  absl::string_view leading_break;
  bool leading_blank = false;
  absl::string_view more_breaks = TakeBreaks(text, &i);
  while (i < text.size()) {
    const bool is_blank = IsBlankAt(text, i);
    if (!leading_blank && !is_blank && !leading_break.empty() &&
        leading_break[0] == '\n') {
      if (more_breaks.empty()) out.push_back(' ');
    } else {
      out.append(leading_break.data(), leading_break.size());
    }
    out.append(more_breaks.data(), more_breaks.size());
    leading_blank = is_blank;
    while (i < text.size() && YamlBreakLength(text, i) == 0) {
      out.push_back(text[i++]);
    }
    const size_t length = i < text.size() ? YamlBreakLength(text, i) : 0;
    leading_break = text.substr(i, length);
    i += length;
    more_breaks = TakeBreaks(text, &i);
  }
  if (chomp != Chomp::kStrip) {
    out.append(leading_break.data(), leading_break.size());
  }
  if (chomp == Chomp::kKeep) {
    out.append(more_breaks.data(), more_breaks.size());
  }
  return out;
}

absl::string_view NullText(const Value& null) {
  return null.is_omitted_null() ? "" : "null";
}

}  // namespace

Value KeepYamlText(Value value, absl::string_view text) {
  const bool is_known = value.is_null()     ? text == NullText(value)
                        : value.is_string() ? value.AsString() == text
                                            : FormatJson(value) == text;
  if (is_known) return value;
  return Value::Written(std::move(value), std::string(text));
}

Value PlainYamlScalar(absl::string_view text, YamlParseOptions::Schema schema) {
  YamlScalar found = ResolveYamlScalar(text, schema, true);
  using Type = YamlScalar::Type;
  if (found.type == Type::kNull && text.empty()) return Value::OmittedNull();
  if (found.type < Type::kString) {
    return KeepYamlText(std::move(found.value), text);
  }
  if (found.type == Type::kTimestamp &&
      schema == YamlParseOptions::Schema::kYaml12) {
    return KeepYamlText(Value(YamlTimestampToRfc3339(text)), text);
  }
  if (found.type == Type::kMerge) {
    return Value::Written(Value(text), std::string(text));
  }
  return Value(text);
}

std::string FormatYamlFloat(double number) {
  return FormatGoYamlDouble(number);
}

bool IsLostAsYamlBlock(absl::string_view text) {
  return !text.empty() && text[0] == '\t' && StaysBlock(text);
}

// The writer looks at the start of the text where it means to look ahead, and
// so doubles a line break also before a line that starts with a blank, where
// the break counts as it is.
std::string RewriteFoldedYaml(absl::string_view text) {
  if (!StaysBlock(text)) return std::string(text);
  return ReadFolded(WriteFolded(text), ChompOf(text));
}

}  // namespace weir
