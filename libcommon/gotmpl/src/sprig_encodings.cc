// Sprig's encodings and digests.
#include <array>

#include "absl/strings/escaping.h"
#include "encodings.h"
#include "rows.h"
#include "weir/crypto/digest.h"

namespace weir::gotmpl {
namespace {

constexpr absl::string_view kBase64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr absl::string_view kBase32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

absl::Status Illegal(absl::string_view encoding, size_t at) {
  return GoError("illegal ", encoding, " data at input byte ", at);
}

bool IsNewline(char c) { return c == '\n' || c == '\r'; }

class Base64Decoder {
 public:
  explicit Base64Decoder(absl::string_view text) : text_(text) {}

  absl::StatusOr<std::string> Decode() {
    while (!done_) {
      const absl::Status status = Quantum();
      if (!status.ok()) return status;
    }
    return std::move(out_);
  }

 private:
  absl::Status Quantum();
  absl::Status Padding(size_t digits);
  void SkipNewlines() {
    while (at_ < text_.size() && IsNewline(text_[at_])) ++at_;
  }
  void Write(const std::array<uint32_t, 4>& digits, size_t count) {
    const uint32_t bits =
        digits[0] << 18 | digits[1] << 12 | digits[2] << 6 | digits[3];
    for (size_t i = 0; i + 1 < count; ++i) {
      out_.push_back(static_cast<char>(bits >> (16 - 8 * i)));
    }
  }

  absl::string_view text_;
  size_t at_ = 0;
  bool done_ = false;
  std::string out_;
};

absl::Status Base64Decoder::Padding(size_t digits) {
  if (digits < 2) return Illegal("base64", at_ - 1);
  if (digits == 2) {
    SkipNewlines();
    if (at_ == text_.size()) return Illegal("base64", text_.size());
    if (text_[at_] != '=') return Illegal("base64", at_ - 1);
    ++at_;
  }
  SkipNewlines();
  if (at_ < text_.size()) return Illegal("base64", at_);
  done_ = true;
  return absl::OkStatus();
}

absl::Status Base64Decoder::Quantum() {
  std::array<uint32_t, 4> digits = {};
  for (size_t i = 0; i < 4;) {
    if (at_ == text_.size()) {
      if (i > 0) return Illegal("base64", at_ - i);
      done_ = true;
      return absl::OkStatus();
    }
    const char c = text_[at_++];
    const size_t digit = kBase64.find(c);
    if (digit != absl::string_view::npos) {
      digits[i++] = static_cast<uint32_t>(digit);
    } else if (c == '=') {
      const absl::Status status = Padding(i);
      if (status.ok()) Write(digits, i);
      return status;
    } else if (!IsNewline(c)) {
      return Illegal("base64", at_ - 1);
    }
  }
  Write(digits, 4);
  return absl::OkStatus();
}

// How many bytes so many digits of base 32 make; 0 for no valid number.
constexpr std::array<size_t, 9> kBase32Bytes = {0, 0, 1, 0, 2, 3, 0, 4, 5};

// The index of the byte that is wrong about padding, or npos.
size_t BadPadding32(absl::string_view rest, size_t digits, size_t total) {
  if (rest.size() + digits < 7) return total;
  for (size_t k = 0; k < 7 - digits; ++k) {
    if (rest.size() > k && rest[k] != '=') {
      return total - rest.size() + k - 1;
    }
  }
  if (digits == 1 || digits == 3 || digits == 6) {
    return total - rest.size() - 1;
  }
  return absl::string_view::npos;
}

Result Sum(Call& call, crypto::DigestAlgorithm algorithm) {
  return Any::String(
      crypto::ComputeDigest(algorithm, call.args[0].AsString()).hex);
}

Result Adler32(Call& call) {
  uint32_t a = 1, b = 0;
  for (const char c : call.args[0].AsString()) {
    a = (a + static_cast<uint8_t>(c)) % 65521;
    b = (b + a) % 65521;
  }
  return Any::String(absl::StrCat(b << 16 | a));
}

Result Decoded(Call& call, const absl::StatusOr<std::string>& bytes) {
  return Text(
      call, bytes.ok() ? absl::string_view(*bytes) : bytes.status().message());
}

constexpr absl::string_view kText = "func(string) string";

constexpr Row kRows[] = {
    {"b64enc", kText,
     [](Call& call) -> Result {
       return Text(call, absl::Base64Escape(call.args[0].AsString()));
     }},
    {"b64dec", kText,
     [](Call& call) -> Result {
       return Decoded(call, DecodeBase64(call.args[0].AsString()));
     }},
    {"b32enc", kText,
     [](Call& call) -> Result {
       return Text(call, EncodeBase32(call.args[0].AsString()));
     }},
    {"b32dec", kText,
     [](Call& call) -> Result {
       return Decoded(call, DecodeBase32(call.args[0].AsString()));
     }},
    {"sha1sum", kText,
     [](Call& call) -> Result {
       return Sum(call, crypto::DigestAlgorithm::kSha1);
     }},
    {"sha256sum", kText,
     [](Call& call) -> Result {
       return Sum(call, crypto::DigestAlgorithm::kSha256);
     }},
    {"sha512sum", kText,
     [](Call& call) -> Result {
       return Sum(call, crypto::DigestAlgorithm::kSha512);
     }},
    {"adler32sum", kText, Adler32},
};

}  // namespace

absl::StatusOr<std::string> DecodeBase64(absl::string_view text) {
  return Base64Decoder(text).Decode();
}

absl::StatusOr<std::string> DecodeBase32(absl::string_view text) {
  std::string stripped;
  for (const char c : text) {
    if (!IsNewline(c)) stripped.push_back(c);
  }
  absl::string_view rest = stripped;
  const size_t total = rest.size();
  std::string out;
  bool ended = false;
  while (!rest.empty() && !ended) {
    uint64_t bits = 0;
    size_t digits = 0;
    while (digits < 8) {
      if (rest.empty()) return Illegal("base32", total - digits);
      const char c = rest[0];
      rest.remove_prefix(1);
      if (c == '=' && digits >= 2 && rest.size() < 8) {
        const size_t bad = BadPadding32(rest, digits, total);
        if (bad != absl::string_view::npos) return Illegal("base32", bad);
        ended = true;
        break;
      }
      const size_t digit = kBase32.find(c);
      if (digit == absl::string_view::npos) {
        return Illegal("base32", total - rest.size() - 1);
      }
      bits |= static_cast<uint64_t>(digit) << (35 - 5 * digits);
      ++digits;
    }
    for (size_t i = 0; i < kBase32Bytes[digits]; ++i) {
      out.push_back(static_cast<char>(bits >> (32 - 8 * i)));
    }
  }
  return out;
}

std::string EncodeBase32(absl::string_view bytes) {
  std::string out;
  while (!bytes.empty()) {
    uint64_t bits = 0;
    const size_t count = std::min<size_t>(bytes.size(), 5);
    for (size_t i = 0; i < count; ++i) {
      bits |= static_cast<uint64_t>(static_cast<uint8_t>(bytes[i]))
              << (32 - 8 * i);
    }
    const size_t digits = (count * 8 + 4) / 5;
    for (size_t i = 0; i < 8; ++i) {
      out.push_back(i < digits ? kBase32[bits >> (35 - 5 * i) & 31] : '=');
    }
    bytes.remove_prefix(count);
  }
  return out;
}

void AddEncodings(FunctionTable& table) { AddRows(kRows, table); }

}  // namespace weir::gotmpl
