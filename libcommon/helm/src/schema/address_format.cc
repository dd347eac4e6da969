#include "src/schema/address_format.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "src/go_text.h"

namespace weir::helm {
namespace {

constexpr int kGroups = 8;

// Reads an address, which is the text without its zone.
class AddressReader {
 public:
  AddressReader(absl::string_view text, absl::string_view address)
      : text_(text), rest_(address) {}

  // The error; empty when there is none.
  std::string ReadIpv6();
  std::string ReadIpv4(absl::string_view part);
  std::string Fail(absl::string_view why, absl::string_view at = "") const {
    const std::string where =
        at.empty() ? "" : absl::StrCat(" (at ", GoQuote(at), ")");
    return absl::StrCat("ParseAddr(", GoQuote(text_), "): ", why, where);
  }

 private:
  // One group and what follows it. True: another one follows.
  bool ReadGroup(std::string* wrong);
  bool ReadColons(std::string* wrong);

  const absl::string_view text_;
  absl::string_view rest_;
  int groups_ = 0;
  bool has_gap_ = false;  // "::"
};

std::string AddressReader::ReadIpv4(absl::string_view part) {
  int value = 0;
  int digits = 0;
  int dots = 0;
  for (size_t i = 0; i < part.size(); ++i) {
    const char c = part[i];
    if (absl::ascii_isdigit(static_cast<unsigned char>(c))) {
      if (digits == 1 && value == 0) {
        return Fail("IPv4 field has octet with leading zero");
      }
      value = value * 10 + (c - '0');
      ++digits;
      if (value > 255) return Fail("IPv4 field has value >255");
    } else if (c == '.') {
      if (i == 0 || i + 1 == part.size() || part[i - 1] == '.') {
        return Fail("IPv4 field must have at least one digit", part.substr(i));
      }
      if (dots == 3) return Fail("IPv4 address too long");
      ++dots;
      value = 0;
      digits = 0;
    } else {
      return Fail("unexpected character", part.substr(i));
    }
  }
  return dots < 3 ? Fail("IPv4 address too short") : "";
}

bool AddressReader::ReadGroup(std::string* wrong) {
  size_t digits = 0;
  while (digits < rest_.size() &&
         absl::ascii_isxdigit(static_cast<unsigned char>(rest_[digits]))) {
    if (digits > 3) {
      *wrong = Fail("each group must have 4 or less digits", rest_);
      return false;
    }
    ++digits;
  }
  if (digits == 0) {
    *wrong =
        Fail("each colon-separated field must have at least one digit", rest_);
    return false;
  }
  if (digits < rest_.size() && rest_[digits] == '.') {
    if (!has_gap_ && groups_ != kGroups - 2) {
      *wrong = Fail(
          "embedded IPv4 address must replace the final 2 fields of the "
          "address",
          rest_);
    } else if (groups_ + 2 > kGroups) {
      *wrong = Fail(
          "too many hex fields to fit an embedded IPv4 at the end of the "
          "address",
          rest_);
    } else {
      *wrong = ReadIpv4(rest_);
    }
    groups_ += 2;
    rest_ = "";
    return false;
  }
  ++groups_;
  rest_.remove_prefix(digits);
  return !rest_.empty() && ReadColons(wrong);
}

bool AddressReader::ReadColons(std::string* wrong) {
  if (rest_[0] != ':') {
    *wrong = Fail("unexpected character, want colon", rest_);
    return false;
  }
  if (rest_.size() == 1) {
    *wrong = Fail("colon must be followed by more characters", rest_);
    return false;
  }
  rest_.remove_prefix(1);
  if (rest_[0] != ':') return true;
  if (has_gap_) {
    *wrong = Fail("multiple :: in address", rest_);
    return false;
  }
  has_gap_ = true;
  rest_.remove_prefix(1);
  return !rest_.empty();
}

std::string AddressReader::ReadIpv6() {
  has_gap_ = absl::ConsumePrefix(&rest_, "::");
  if (has_gap_ && rest_.empty()) return "";
  std::string wrong;
  while (groups_ < kGroups && ReadGroup(&wrong)) {
  }
  if (!wrong.empty()) return wrong;
  if (!rest_.empty()) return Fail("trailing garbage after address", rest_);
  if (groups_ < kGroups)
    return has_gap_ ? "" : Fail("address string too short");
  return has_gap_ ? Fail("the :: must expand to at least one field of zeros")
                  : "";
}

}  // namespace

std::string CheckIpv6(absl::string_view text) {
  if (!absl::StrContains(text, ':')) return "missing colon";
  const size_t sign = text.find_first_of(".:%");
  const size_t zone = text.find('%');
  AddressReader reader(text, text.substr(0, zone));
  if (text[sign] == '%') return reader.Fail("missing IPv6 address");
  if (text[sign] == '.') return reader.ReadIpv4(text);
  if (zone != absl::string_view::npos && zone + 1 == text.size()) {
    return reader.Fail("zone must be a non-empty string");
  }
  std::string wrong = reader.ReadIpv6();
  if (!wrong.empty() || zone == absl::string_view::npos) return wrong;
  return "zone id is not a part of ipv6 address";
}

}  // namespace weir::helm
