#include "src/nkey.h"

#include <cstdint>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "weir/base/status.h"
#include "weir/crypto/ed25519.h"

namespace weir::notification_controller {
namespace {

constexpr absl::string_view kBase32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
// Two bytes of kind, the key, two of the checksum.
constexpr size_t kSeedBytes = 36;
constexpr size_t kSeedDigits = 58;
constexpr size_t kMaxCreds = 64u << 10;
constexpr uint8_t kSeedKind = 18 << 3;

// CRC-16 of XMODEM.
uint16_t Checksum(absl::string_view bytes) {
  uint16_t sum = 0;
  for (const char c : bytes) {
    sum ^= static_cast<uint16_t>(static_cast<uint8_t>(c) << 8);
    for (int bit = 0; bit < 8; ++bit) {
      const bool carry = (sum & 0x8000) != 0;
      sum = static_cast<uint16_t>(sum << 1);
      if (carry) sum ^= 0x1021;
    }
  }
  return sum;
}

// Least byte first.
std::string WithChecksum(std::string bytes) {
  const uint16_t sum = Checksum(bytes);
  bytes.push_back(static_cast<char>(sum & 0xff));
  bytes.push_back(static_cast<char>(sum >> 8));
  return bytes;
}

std::string EncodeBase32(absl::string_view bytes) {
  std::string text;
  uint32_t held = 0;
  int bits = 0;
  for (const char c : bytes) {
    held = (held << 8) | static_cast<uint8_t>(c);
    for (bits += 8; bits >= 5; bits -= 5) {
      text.push_back(kBase32[(held >> (bits - 5)) & 31]);
    }
  }
  if (bits > 0) text.push_back(kBase32[(held << (5 - bits)) & 31]);
  return text;
}

// Empty when there is another digit.
std::string DecodeBase32(absl::string_view text) {
  std::string bytes;
  uint32_t held = 0;
  int bits = 0;
  for (const char c : text) {
    const size_t digit = kBase32.find(c);
    if (digit == absl::string_view::npos) return "";
    held = (held << 5) | static_cast<uint32_t>(digit);
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    bytes.push_back(static_cast<char>((held >> bits) & 0xff));
  }
  return bytes;
}

struct Seed {
  uint8_t kind = 0;  // As the public key has it.
  Secret key;
};

absl::StatusOr<Seed> DecodeSeed(const Secret& seed) {
  const absl::string_view text =
      absl::StripAsciiWhitespace(seed.RevealForUse());
  const std::string bytes =
      text.size() == kSeedDigits ? DecodeBase32(text) : "";
  const bool is_seed = bytes.size() == kSeedBytes &&
                       (static_cast<uint8_t>(bytes[0]) & 0xf8) == kSeedKind &&
                       WithChecksum(bytes.substr(0, kSeedBytes - 2)) == bytes;
  if (!is_seed) {
    return absl::InvalidArgumentError(
        "error parsing nkey seed: it is no seed of NATS");
  }
  // The five bits after those of "seed".
  const int kind = ((static_cast<uint8_t>(bytes[0]) & 7) << 5) |
                   (static_cast<uint8_t>(bytes[1]) >> 3);
  return Seed{static_cast<uint8_t>(kind),
              Secret(bytes.substr(2, kSeedBytes - 4))};
}

// What is between the lines "-----BEGIN <name>-----" and "------END ...".
Secret Section(absl::string_view text, absl::string_view name) {
  bool is_inside = false;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    line = absl::StripAsciiWhitespace(line);
    if (is_inside && !line.empty()) return Secret(std::string(line));
    is_inside =
        is_inside || (absl::StartsWith(line, "---") &&
                      absl::StrContains(line, absl::StrCat("BEGIN ", name)));
  }
  return Secret();
}

}  // namespace

absl::StatusOr<std::string> PublicNkey(const Secret& seed) {
  WEIR_ASSIGN_OR_RETURN(const Seed decoded, DecodeSeed(seed));
  WEIR_ASSIGN_OR_RETURN(const std::string key,
                        crypto::Ed25519PublicKey(decoded.key));
  return EncodeBase32(WithChecksum(
      absl::StrCat(std::string(1, static_cast<char>(decoded.kind)), key)));
}

absl::StatusOr<std::string> SignWithNkey(const Secret& seed,
                                         absl::string_view text) {
  WEIR_ASSIGN_OR_RETURN(const Seed decoded, DecodeSeed(seed));
  return crypto::Ed25519Sign(decoded.key, text);
}

absl::StatusOr<NatsCreds> ParseNatsCreds(const Secret& text) {
  NatsCreds creds;
  if (text.RevealForUse().size() <= kMaxCreds) {
    creds.jwt = Section(text.RevealForUse(), "NATS USER JWT");
    creds.seed = Section(text.RevealForUse(), "USER NKEY SEED");
  }
  if (creds.jwt.empty() || creds.seed.empty()) {
    return absl::InvalidArgumentError(
        "the creds hold no JWT and seed of a NATS user");
  }
  return creds;
}

}  // namespace weir::notification_controller
