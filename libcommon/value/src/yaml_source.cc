#include "src/yaml_source.h"

#include <algorithm>
#include <cstdint>

#include "src/utf8.h"

namespace weir::yaml {
namespace {

constexpr char kControl[] = "control characters are not allowed";
// Go's libraries decode this many bytes at a time, and see nothing of a piece
// that they cannot decode.
constexpr size_t kPiece = 512;

bool IsAllowed(uint32_t c) {
  if (c < 0x20) return c == '\t' || c == '\n' || c == '\r';
  return c <= 0x7e || c == 0x85 || (c >= 0xa0 && c <= 0xd7ff) ||
         (c >= 0xe000 && c <= 0xfffd) || (c >= 0x10000 && c <= 0x10ffff);
}

// How many bytes are looked at at once: without a branch among them, compilers
// do it with vectors.
constexpr size_t kBlock = 64;

// Whether each of a block's bytes is from 0x20 to 0x7e or a line feed.
bool AreOrdinary(const char* bytes) {
  uint8_t others = 0;
  for (size_t i = 0; i < kBlock; ++i) {
    const auto byte = static_cast<uint8_t>(bytes[i]);
    others |= static_cast<uint8_t>(
        static_cast<uint8_t>(byte - 0x20) > 0x7e - 0x20 && byte != '\n');
  }
  return others == 0;
}

int WidthOf(unsigned char lead) {
  if (lead < 0x80) return 1;
  if ((lead & 0xe0) == 0xc0) return 2;
  if ((lead & 0xf0) == 0xe0) return 3;
  if ((lead & 0xf8) == 0xf0) return 4;
  return 0;
}

// Why the character at the start of `text` may not be there; its width.
absl::string_view CheckCharacter(absl::string_view text, int* width) {
  const auto byte = [text](size_t i) {
    return static_cast<unsigned char>(text[i]);
  };
  *width = WidthOf(byte(0));
  if (*width == 0) return "invalid leading UTF-8 octet";
  if (text.size() < static_cast<size_t>(*width)) {
    return "incomplete UTF-8 octet sequence";
  }
  if (*width == 1) return IsAllowed(byte(0)) ? "" : kControl;
  uint32_t c = byte(0) & (0xffu >> (*width + 1));
  for (int k = 1; k < *width; ++k) {
    const unsigned char next = byte(static_cast<size_t>(k));
    if ((next & 0xc0) != 0x80) return "invalid trailing UTF-8 octet";
    c = (c << 6) | (next & 0x3f);
  }
  constexpr uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  if (c < kLeast[*width]) return "invalid length of a UTF-8 sequence";
  if ((c >= 0xd800 && c <= 0xdfff) || c > 0x10ffff) {
    return "invalid Unicode character";
  }
  return IsAllowed(c) ? "" : kControl;
}

// The offset of the first character that may not be there, or the size.
size_t FindBad(absl::string_view text, size_t at, absl::string_view* problem) {
  while (at < text.size()) {
    if (text.size() - at >= kBlock && AreOrdinary(text.data() + at)) {
      at += kBlock;
      continue;
    }
    const size_t stop = std::min(at + kBlock, text.size());
    while (at < stop) {
      int width = 0;
      const absl::string_view found = CheckCharacter(text.substr(at), &width);
      if (!found.empty()) {
        *problem = found;
        return at;
      }
      at += static_cast<size_t>(width);
    }
  }
  return text.size();
}

// Where the piece starts whose decoding meets the character at `bad`.
size_t PieceStart(absl::string_view text, size_t start, size_t bad) {
  const auto width_at = [text](size_t i) {
    return static_cast<size_t>(WidthOf(static_cast<unsigned char>(text[i])));
  };
  size_t at = start;
  size_t end = std::min(kPiece, text.size());
  while (true) {
    size_t boundary = at;
    while (boundary < bad && boundary + width_at(boundary) <= end) {
      boundary += width_at(boundary);
    }
    if (boundary == bad && boundary + width_at(boundary) <= end) return at;
    if (end == text.size()) return boundary;
    at = boundary;
    end = std::min(boundary + kPiece, text.size());
  }
}

}  // namespace

Source::Source(absl::string_view text) {
  if (text.substr(0, 2) == "\xff\xfe" || text.substr(0, 2) == "\xfe\xff") {
    ReadUtf16(text, text[0] == '\xfe');
  } else {
    ReadUtf8(text, text.substr(0, 3) == "\xef\xbb\xbf" ? 3 : 0);
  }
}

void Source::ReadUtf8(absl::string_view raw, size_t start) {
  const size_t bad = FindBad(raw, start, &problem_);
  size_t end = raw.size();
  if (bad != raw.size()) end = PieceStart(raw, start, bad);
  text_ = raw.substr(start, end - start);
}

void Source::ReadUtf16(absl::string_view raw, bool big_endian) {
  const auto unit = [raw, big_endian](size_t i) {
    const auto first = static_cast<unsigned char>(raw[i]);
    const auto second = static_cast<unsigned char>(raw[i + 1]);
    return static_cast<uint32_t>(big_endian ? first << 8 | second
                                            : second << 8 | first);
  };
  size_t visible = 0;
  size_t piece_end = kPiece;
  for (size_t i = 2; i < raw.size();) {
    uint32_t c = 0;
    size_t width = 2;
    if (i + 2 > raw.size()) {
      problem_ = "incomplete UTF-16 character";
    } else if (c = unit(i); (c & 0xfc00) == 0xdc00) {
      problem_ = "unexpected low surrogate area";
    } else if ((c & 0xfc00) == 0xd800) {
      width = 4;
      if (i + 4 > raw.size()) {
        problem_ = "incomplete UTF-16 surrogate pair";
      } else if ((unit(i + 2) & 0xfc00) != 0xdc00) {
        problem_ = "expected low surrogate area";
      } else {
        c = 0x10000 + ((c & 0x3ff) << 10) + (unit(i + 2) & 0x3ff);
      }
    }
    if (problem_.empty() && !IsAllowed(c)) problem_ = kControl;
    if (!problem_.empty()) break;
    if (i + width > piece_end) {
      piece_end = i + kPiece;
      visible = converted_.size();
    }
    AppendUtf8(c, converted_);
    i += width;
  }
  text_ = converted_;
  if (!problem_.empty()) text_ = text_.substr(0, visible);
}

}  // namespace weir::yaml
