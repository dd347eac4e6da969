#include "ip_address.h"

#include <algorithm>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "weir/value/go_quote.h"

namespace weir::apiserver {
namespace {

absl::Status Wrong(absl::string_view text, absl::string_view why,
                   absl::string_view at = "") {
  std::string message = absl::StrCat("ParseAddr(", GoQuote(text), "): ", why);
  if (!at.empty()) absl::StrAppend(&message, " (at ", GoQuote(at), ")");
  return absl::InvalidArgumentError(message);
}

// Four numbers, of the part `fields` of `text`.
absl::Status ReadV4(absl::string_view text, absl::string_view fields,
                    uint8_t* out) {
  int field = 0;
  int value = 0;
  int digits = 0;
  for (size_t i = 0; i < fields.size(); ++i) {
    if (absl::ascii_isdigit(fields[i])) {
      if (digits == 1 && value == 0) {
        return Wrong(text, "IPv4 field has octet with leading zero");
      }
      value = value * 10 + (fields[i] - '0');
      ++digits;
      if (value > 255) return Wrong(text, "IPv4 field has value >255");
      continue;
    }
    if (fields[i] != '.') {
      return Wrong(text, "unexpected character", fields.substr(i));
    }
    if (digits == 0 || i + 1 == fields.size()) {
      return Wrong(text, "IPv4 field must have at least one digit",
                   fields.substr(i));
    }
    if (field == 3) return Wrong(text, "IPv4 address too long");
    out[field++] = static_cast<uint8_t>(value);
    value = 0;
    digits = 0;
  }
  if (field < 3) return Wrong(text, "IPv4 address too short");
  out[3] = static_cast<uint8_t>(value);
  return absl::OkStatus();
}

// Reads groups of IPv6, one after the other.
class V6Reader {
 public:
  V6Reader(absl::string_view text, absl::string_view groups,
           std::array<uint8_t, 16>& bytes)
      : text_(text), rest_(groups), bytes_(bytes) {}

  absl::Status Read() {
    if (absl::StartsWith(rest_, "::")) {
      gap_ = 0;
      rest_.remove_prefix(2);
      if (rest_.empty()) return absl::OkStatus();
    }
    while (size_ < 16 && !is_done_) {
      const absl::Status status = ReadGroup();
      if (!status.ok()) return status;
    }
    if (!rest_.empty()) {
      return Wrong(text_, "trailing garbage after address", rest_);
    }
    if (size_ == 16) {
      if (gap_ < 0) return absl::OkStatus();
      return Wrong(text_, "the :: must expand to at least one field of zeros");
    }
    if (gap_ < 0) return Wrong(text_, "address string too short");
    // What follows the gap goes to the end.
    std::rotate(bytes_.begin() + gap_, bytes_.begin() + size_, bytes_.end());
    return absl::OkStatus();
  }

 private:
  absl::Status ReadGroup() {
    size_t end = 0;
    unsigned value = 0;
    while (end < rest_.size() && absl::ascii_isxdigit(rest_[end])) {
      if (end == 4) {
        return Wrong(text_, "each group must have 4 or less digits", rest_);
      }
      const char c = absl::ascii_tolower(rest_[end++]);
      value = value * 16 + (c <= '9' ? c - '0' : c - 'a' + 10);
    }
    if (end == 0) {
      return Wrong(text_,
                   "each colon-separated field must have at least one digit",
                   rest_);
    }
    if (end < rest_.size() && rest_[end] == '.') return ReadTail();
    bytes_[size_++] = static_cast<uint8_t>(value >> 8);
    bytes_[size_++] = static_cast<uint8_t>(value);
    rest_.remove_prefix(end);
    is_done_ = rest_.empty();
    return is_done_ ? absl::OkStatus() : ReadColon();
  }

  absl::Status ReadColon() {
    if (rest_[0] != ':') {
      return Wrong(text_, "unexpected character, want colon", rest_);
    }
    if (rest_.size() == 1) {
      return Wrong(text_, "colon must be followed by more characters", rest_);
    }
    rest_.remove_prefix(1);
    if (rest_[0] != ':') return absl::OkStatus();
    if (gap_ >= 0) return Wrong(text_, "multiple :: in address", rest_);
    gap_ = size_;
    rest_.remove_prefix(1);
    is_done_ = rest_.empty();
    return absl::OkStatus();
  }

  // An address of IPv4 at the end.
  absl::Status ReadTail() {
    if (gap_ < 0 && size_ != 12) {
      return Wrong(text_,
                   "embedded IPv4 address must replace the final 2 fields of "
                   "the address",
                   rest_);
    }
    if (size_ > 12) {
      return Wrong(text_,
                   "too many hex fields to fit an embedded IPv4 at the end of "
                   "the address",
                   rest_);
    }
    const absl::Status status = ReadV4(text_, rest_, bytes_.data() + size_);
    size_ += 4;
    rest_ = "";
    is_done_ = true;
    return status;
  }

  const absl::string_view text_;
  absl::string_view rest_;
  std::array<uint8_t, 16>& bytes_;
  int size_ = 0;
  int gap_ = -1;  // Where the zeros of "::" belong.
  bool is_done_ = false;
};

std::string V6Text(const std::array<uint8_t, 16>& bytes) {
  std::array<unsigned, 8> groups;
  for (size_t i = 0; i < 8; ++i) {
    groups[i] = bytes[2 * i] * 256u + bytes[2 * i + 1];
  }
  // The first of the longest runs of two zeros and more.
  size_t gap = 8;
  size_t gap_size = 1;
  for (size_t i = 0; i < 8; ++i) {
    size_t end = i;
    while (end < 8 && groups[end] == 0) ++end;
    if (end - i > gap_size) {
      gap = i;
      gap_size = end - i;
    }
    if (end > i) i = end;
  }
  std::string out;
  for (size_t i = 0; i < 8; ++i) {
    if (i == gap) {
      out += "::";
      i += gap_size - 1;
      continue;
    }
    if (!out.empty() && out.back() != ':') out += ':';
    absl::StrAppend(&out, absl::Hex(groups[i]));
  }
  return out;
}

// What an address of IPv4 within IPv6 is.
IpAddress Unmapped(const IpAddress& address) {
  if (!address.IsV4InV6()) return address;
  IpAddress out;
  std::copy(address.bytes.begin() + 12, address.bytes.end(), out.bytes.begin());
  return out;
}

bool IsMulticast(const IpAddress& address) {
  return address.is_v6 ? address.bytes[0] == 0xff
                       : (address.bytes[0] & 0xf0) == 0xe0;
}

}  // namespace

bool IpAddress::IsV4InV6() const {
  return is_v6 && bytes[10] == 0xff && bytes[11] == 0xff &&
         std::all_of(bytes.begin(), bytes.begin() + 10,
                     [](uint8_t b) { return b == 0; });
}

bool IpAddress::IsUnspecified() const {
  return zone.empty() && std::all_of(bytes.begin(), bytes.end(),
                                     [](uint8_t b) { return b == 0; });
}

bool IpAddress::IsLoopback() const {
  const IpAddress address = Unmapped(*this);
  if (!address.is_v6) return address.bytes[0] == 127;
  return address.bytes[15] == 1 &&
         std::all_of(address.bytes.begin(), address.bytes.begin() + 15,
                     [](uint8_t b) { return b == 0; });
}

bool IpAddress::IsLinkLocalMulticast() const {
  const IpAddress address = Unmapped(*this);
  if (address.is_v6) {
    return address.bytes[0] == 0xff && (address.bytes[1] & 0x0f) == 2;
  }
  return address.bytes[0] == 224 && address.bytes[1] == 0 &&
         address.bytes[2] == 0;
}

bool IpAddress::IsLinkLocalUnicast() const {
  const IpAddress address = Unmapped(*this);
  if (address.is_v6) {
    return address.bytes[0] == 0xfe && (address.bytes[1] & 0xc0) == 0x80;
  }
  return address.bytes[0] == 169 && address.bytes[1] == 254;
}

bool IpAddress::IsGlobalUnicast() const {
  const IpAddress address = Unmapped(*this);
  const bool is_broadcast =
      !address.is_v6 &&
      std::all_of(address.bytes.begin(), address.bytes.begin() + 4,
                  [](uint8_t b) { return b == 0xff; });
  return !is_broadcast && !address.IsUnspecified() && !address.IsLoopback() &&
         !IsMulticast(address) && !address.IsLinkLocalUnicast();
}

std::string IpAddress::ToString() const {
  if (!is_v6) {
    return absl::StrJoin(bytes.begin(), bytes.begin() + 4, ".");
  }
  std::string out = IsV4InV6()
                        ? absl::StrCat("::ffff:", Unmapped(*this).ToString())
                        : V6Text(bytes);
  if (!zone.empty()) absl::StrAppend(&out, "%", zone);
  return out;
}

bool IpAddress::operator==(const IpAddress& other) const {
  return is_v6 == other.is_v6 && bytes == other.bytes && zone == other.zone;
}

IpPrefix IpPrefix::Masked() const {
  IpPrefix out = *this;
  for (int i = 0; i < 16; ++i) {
    const int kept = std::clamp(length - 8 * i, 0, 8);
    out.address.bytes[i] &= static_cast<uint8_t>(0xff00 >> kept);
  }
  return out;
}

bool IpPrefix::Contains(const IpAddress& other) const {
  if (other.is_v6 != address.is_v6 || !other.zone.empty()) return false;
  return IpPrefix{other, length}.Masked().address == Masked().address;
}

std::string IpPrefix::ToString() const {
  return absl::StrCat(address.ToString(), "/", length);
}

absl::StatusOr<IpAddress> ParseIpAddress(absl::string_view text) {
  IpAddress out;
  const size_t first = text.find_first_of(".:%");
  if (first == absl::string_view::npos) {
    return Wrong(text, "unable to parse IP");
  }
  if (text[first] == '%') return Wrong(text, "missing IPv6 address");
  if (text[first] == '.') {
    const absl::Status status = ReadV4(text, text, out.bytes.data());
    if (!status.ok()) return status;
    return out;
  }
  out.is_v6 = true;
  absl::string_view groups = text;
  if (const size_t percent = text.find('%');
      percent != absl::string_view::npos) {
    groups = text.substr(0, percent);
    out.zone = std::string(text.substr(percent + 1));
    if (out.zone.empty()) {
      return Wrong(text, "zone must be a non-empty string");
    }
  }
  const absl::Status status = V6Reader(text, groups, out.bytes).Read();
  if (!status.ok()) return status;
  return out;
}

absl::StatusOr<IpPrefix> ParseIpPrefix(absl::string_view text) {
  const auto wrong = [&](absl::string_view why) {
    return absl::InvalidArgumentError(
        absl::StrCat("netip.ParsePrefix(", GoQuote(text), "): ", why));
  };
  const size_t slash = text.rfind('/');
  if (slash == absl::string_view::npos) return wrong("no '/'");
  const auto address = ParseIpAddress(text.substr(0, slash));
  if (!address.ok()) return wrong(address.status().message());
  if (!address->zone.empty()) {
    return wrong("IPv6 zones cannot be present in a prefix");
  }
  const absl::string_view bits = text.substr(slash + 1);
  IpPrefix out{*address, 0};
  const bool is_number =
      !bits.empty() && std::all_of(bits.begin(), bits.end(), [](char c) {
        return absl::ascii_isdigit(c);
      });
  if (!is_number || (bits.size() > 1 && bits[0] == '0') || bits.size() > 18) {
    return wrong(absl::StrCat("bad bits after slash: ", GoQuote(bits)));
  }
  int64_t length = 0;
  if (!absl::SimpleAtoi(bits, &length) || length > address->bits()) {
    return wrong("prefix length out of range");
  }
  out.length = static_cast<int>(length);
  return out;
}

}  // namespace weir::apiserver
