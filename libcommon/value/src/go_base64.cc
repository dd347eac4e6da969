#include "src/go_base64.h"

#include <cstdint>

#include "absl/strings/escaping.h"

namespace weir {
namespace {

int DigitOf(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  return c == '+' ? 62 : c == '/' ? 63 : -1;
}

}  // namespace

bool DecodeGoBase64(absl::string_view text, std::string* out) {
  out->clear();
  uint32_t group = 0;
  int digits = 0;
  int padding = 0;
  for (const char c : text) {
    if (c == '\n' || c == '\r') continue;
    if (c == '=') {
      if (digits + padding >= 4 || digits < 2) return false;
      ++padding;
      continue;
    }
    const int digit = DigitOf(c);
    if (digit < 0 || padding > 0) return false;
    group = group << 6 | static_cast<uint32_t>(digit);
    if (++digits == 4) {
      for (int shift = 16; shift >= 0; shift -= 8) {
        out->push_back(static_cast<char>(group >> shift));
      }
      group = 0;
      digits = 0;
    }
  }
  if (digits == 0) return padding == 0;
  if (digits + padding != 4) return false;
  group <<= 6 * padding;
  out->push_back(static_cast<char>(group >> 16));
  if (digits == 3) out->push_back(static_cast<char>(group >> 8));
  return true;
}

std::string EncodeYamlBase64(absl::string_view bytes) {
  constexpr size_t kLine = 70;
  const std::string text = absl::Base64Escape(bytes);
  if (text.size() < kLine) return text;
  std::string out;
  for (size_t i = 0; i < text.size(); i += kLine) {
    out.append(text, i, kLine);
    out.push_back('\n');
  }
  return out;
}

}  // namespace weir
