// base64.encode and base64.decode.
#include <array>
#include <cstddef>
#include <string>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "functions.h"

namespace weir::cel {
namespace {

using Values = absl::Span<const Value>;

int SixBits(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+') return 62;
  return c == '/' ? 63 : -1;
}

// Go's decoder: line breaks do not count; returns where the input is corrupt.
class Decoder {
 public:
  Decoder(absl::string_view text, bool is_padded)
      : text_(text), is_padded_(is_padded) {}

  // npos when all is well.
  size_t Run(std::string& out) {
    while (at_ < text_.size()) {
      const size_t corrupt = Quantum(out);
      if (corrupt != absl::string_view::npos) return corrupt;
    }
    return absl::string_view::npos;
  }

 private:
  static constexpr size_t kFine = absl::string_view::npos;

  static bool IsBreak(char c) { return c == '\n' || c == '\r'; }
  void SkipBreaks() {
    while (at_ < text_.size() && IsBreak(text_[at_])) ++at_;
  }

  size_t Quantum(std::string& out) {
    std::array<int, 4> bits = {};
    int count = 0;
    while (count < 4) {
      SkipBreaks();
      if (at_ == text_.size()) {
        if (count == 0) return kFine;
        if (count == 1 || is_padded_) return at_ - count;
        break;
      }
      const char c = text_[at_++];
      bits[count] = SixBits(c);
      if (bits[count] >= 0) {
        ++count;
        continue;
      }
      if (c != '=' || !is_padded_ || count < 2) return at_ - 1;
      const size_t corrupt = Padding(count);
      if (corrupt != kFine) return corrupt;
      break;
    }
    const int all = bits[0] << 18 | bits[1] << 12 |
                    (count > 2 ? bits[2] << 6 : 0) | (count > 3 ? bits[3] : 0);
    if (count > 1) out += static_cast<char>(all >> 16);
    if (count > 2) out += static_cast<char>(all >> 8);
    if (count > 3) out += static_cast<char>(all);
    return kFine;
  }

  // Behind the first "=": maybe another one, and then the end.
  size_t Padding(int count) {
    SkipBreaks();
    if (count == 2) {
      if (at_ == text_.size()) return text_.size();
      if (text_[at_] != '=') return at_ - 1;
      ++at_;
      SkipBreaks();
    }
    return at_ < text_.size() ? at_ : kFine;
  }

  const absl::string_view text_;
  const bool is_padded_;
  size_t at_ = 0;
};

Value Decode(Values v, Meter& meter) {
  const std::string& text = v[0].AsString();
  if (!meter.ChargeBytes(text.size())) return Value();
  std::string bytes;
  size_t corrupt = Decoder(text, true).Run(bytes);
  if (corrupt != std::string::npos) {
    bytes.clear();
    corrupt = Decoder(text, false).Run(bytes);
  }
  if (corrupt != std::string::npos) {
    return Value::Error(
        absl::StrCat("illegal base64 data at input byte ", corrupt));
  }
  return Value::Bytes(std::move(bytes));
}

Value Encode(Values v, Meter& meter) {
  const std::string& bytes = v[0].AsString();
  if (!meter.ChargeBytes(bytes.size() * 2)) return Value();
  return Value::String(absl::Base64Escape(bytes));
}

constexpr auto kGlobal = Overload::Style::kGlobal;

constexpr Row kRows[] = {
    {"base64.decode", "base64_decode_string", kGlobal, "string", "bytes",
     Decode},
    {"base64.encode", "base64_encode_bytes", kGlobal, "bytes", "string",
     Encode},
};

}  // namespace

absl::Span<const Row> EncoderRows() { return kRows; }

}  // namespace weir::cel
