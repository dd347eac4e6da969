#include "source.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

namespace weir::cel {
namespace {

constexpr size_t kMaxErrors = 100;
constexpr size_t kMaxSnippet = 16384;
constexpr char32_t kReplacement = 0xFFFD;

// How many bytes a sequence has by its first; 0 for what begins none.
int SequenceLength(uint8_t first) {
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return 2;
  if (first >= 0xE0 && first <= 0xEF) return 3;
  if (first >= 0xF0 && first <= 0xF4) return 4;
  return 0;
}

bool DecodeOne(absl::string_view text, char32_t& point, int& length) {
  length = SequenceLength(static_cast<uint8_t>(text[0]));
  if (length == 0 || static_cast<size_t>(length) > text.size()) return false;
  constexpr uint8_t kMasks[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
  point = static_cast<uint8_t>(text[0]) & kMasks[length];
  for (int i = 1; i < length; ++i) {
    const uint8_t byte = static_cast<uint8_t>(text[i]);
    if ((byte & 0xC0) != 0x80) return false;
    point = point << 6 | (byte & 0x3F);
  }
  constexpr char32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  return point >= kLeast[length] && point <= 0x10FFFF &&
         (point < 0xD800 || point > 0xDFFF);
}

void AppendUtf8(std::string& out, char32_t c) {
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xC0 | c >> 6);
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    out += static_cast<char>(0xE0 | c >> 12);
    out += static_cast<char>(0x80 | (c >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | c >> 18);
    out += static_cast<char>(0x80 | (c >> 12 & 0x3F));
    out += static_cast<char>(0x80 | (c >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  }
}

}  // namespace

std::u32string ToPoints(absl::string_view text) {
  std::u32string points;
  points.reserve(text.size());
  while (!text.empty()) {
    char32_t point = 0;
    int length = 0;
    if (!DecodeOne(text, point, length)) {
      point = kReplacement;
      length = 1;
    }
    points += point;
    text.remove_prefix(length);
  }
  return points;
}

std::string ToUtf8(const std::u32string& points) {
  std::string out;
  out.reserve(points.size());
  for (const char32_t c : points) AppendUtf8(out, c);
  return out;
}

Source::Source(absl::string_view text) : points_(ToPoints(text)) {
  line_starts_.push_back(0);
  for (size_t i = 0; i < points_.size(); ++i) {
    if (points_[i] == '\n') line_starts_.push_back(i + 1);
  }
}

std::string Source::Text(size_t begin, size_t end) const {
  begin = std::min(begin, points_.size());
  end = std::min(std::max(begin, end), points_.size());
  return ToUtf8(points_.substr(begin, end - begin));
}

Source::Place Source::PlaceOf(int32_t offset) const {
  if (offset < 0) return Place();
  if (points_.empty()) return {1, -1};
  const auto next = std::upper_bound(line_starts_.begin(), line_starts_.end(),
                                     static_cast<size_t>(offset));
  const int line = static_cast<int>(next - line_starts_.begin());
  return {line, static_cast<int>(offset - line_starts_[line - 1])};
}

std::u32string Source::Line(int line) const {
  if (line < 1 || static_cast<size_t>(line) > line_starts_.size()) return U"";
  const size_t begin = line_starts_[line - 1];
  const size_t end = static_cast<size_t>(line) < line_starts_.size()
                         ? line_starts_[line] - 1
                         : points_.size();
  return points_.substr(begin, end - begin);
}

void Errors::Add(int32_t offset, std::string message) {
  if (++count_ > kMaxErrors) return;
  errors_.push_back({source_.PlaceOf(offset), std::move(message)});
}

std::string Errors::ToString() const {
  std::vector<Error> sorted = errors_;
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const Error& a, const Error& b) {
                     return std::pair(a.place.line, a.place.column) <
                            std::pair(b.place.line, b.place.column);
                   });
  std::string out;
  for (const Error& error : sorted) {
    absl::StrAppend(&out, out.empty() ? "" : "\n",
                    "ERROR: <input>:", error.place.line, ":",
                    error.place.column + 1, ": ", error.message);
    if (error.place.line < 1 || error.place.column < 0) continue;
    std::u32string line = source_.Line(error.place.line);
    std::replace(line.begin(), line.end(), U'\t', U' ');
    const std::string snippet = ToUtf8(line);
    if (snippet.size() > kMaxSnippet) continue;
    absl::StrAppend(&out, "\n | ", snippet, "\n | ");
    const size_t column = error.place.column;
    // Wide characters get a wide dot, so that the caret stands below.
    for (size_t i = 0; i < column && i < line.size(); ++i) {
      out += line[i] < 0x80 ? "." : "\xEF\xBC\x8E";
    }
    const bool is_wide = column < line.size() && line[column] >= 0x80;
    out += is_wide ? "\xEF\xBC\xBE" : "^";
  }
  if (count_ > kMaxErrors) {
    absl::StrAppend(&out, "\n", count_ - kMaxErrors,
                    " more errors were truncated");
  }
  return out;
}

}  // namespace weir::cel
