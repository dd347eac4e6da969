#include "weir/value/go_quote.h"

#include <cstdint>
#include <utility>

#include "absl/strings/str_format.h"
#include "src/utf8.h"

namespace weir {
namespace {

// Spaces, format characters and what is for private use.
bool IsPrintable(uint32_t c) {
  static constexpr std::pair<uint32_t, uint32_t> kNot[] = {
      {0x00, 0x1f},       {0x7f, 0xa0},     {0xad, 0xad},
      {0x600, 0x605},     {0x61c, 0x61c},   {0x6dd, 0x6dd},
      {0x70f, 0x70f},     {0x1680, 0x1680}, {0x180e, 0x180e},
      {0x2000, 0x200f},   {0x2028, 0x202f}, {0x205f, 0x206f},
      {0x3000, 0x3000},   {0xd800, 0xf8ff}, {0xfeff, 0xfeff},
      {0xfff0, 0xfffb},   {0xfffe, 0xffff}, {0xe0000, 0xe00ff},
      {0xe01f0, 0x10ffff}};
  for (const auto& [first, last] : kNot) {
    if (c >= first && c <= last) return false;
  }
  return true;
}

void AppendQuoted(uint32_t c, absl::string_view bytes, std::string* out) {
  static constexpr std::pair<uint32_t, const char*> kNamed[] = {
      {'\a', "\\a"}, {'\b', "\\b"}, {'\f', "\\f"}, {'\n', "\\n"}, {'\r', "\\r"},
      {'\t', "\\t"}, {'\v', "\\v"}, {'"', "\\\""}, {'\\', "\\\\"}};
  for (const auto& [code, name] : kNamed) {
    if (c == code) {
      out->append(name);
      return;
    }
  }
  if (IsPrintable(c)) {
    out->append(bytes.data(), bytes.size());
  } else if (c < 0x80) {
    absl::StrAppendFormat(out, "\\x%02x", c);
  } else if (c < 0x10000) {
    absl::StrAppendFormat(out, "\\u%04x", c);
  } else {
    absl::StrAppendFormat(out, "\\U%08x", c);
  }
}

}  // namespace

std::string GoQuote(absl::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    const size_t length = Utf8Length(text);
    if (length == 0) {
      absl::StrAppendFormat(&out, "\\x%02x",
                            static_cast<unsigned char>(text[0]));
      text.remove_prefix(1);
      continue;
    }
    AppendQuoted(DecodeUtf8(text, length), text.substr(0, length), &out);
    text.remove_prefix(length);
  }
  out.push_back('"');
  return out;
}

}  // namespace weir
