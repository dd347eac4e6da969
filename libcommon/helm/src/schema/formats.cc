#include "src/schema/formats.h"

#include <arpa/inet.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "src/go_text.h"
#include "weir/text/go_regexp.h"

namespace weir::helm {
namespace {

std::string InvalidCharacter(char c) {
  const std::string quoted = GoQuoteRunes(absl::string_view(&c, 1));
  return absl::StrCat("invalid character ",
                      quoted.substr(1, quoted.size() - 2));
}

std::string CheckIpv4(absl::string_view text) {
  const std::vector<absl::string_view> groups = absl::StrSplit(text, '.');
  if (groups.size() != 4) return "expected four decimals";
  for (absl::string_view group : groups) {
    if (group.size() > 1 && group[0] == '0') return "leading zeros";
    int number = 0;
    if (!absl::SimpleAtoi(group, &number)) {
      return absl::StrCat("strconv.Atoi: parsing ", GoQuote(group),
                          ": invalid syntax");
    }
    if (number < 0 || number > 255) {
      return "decimal must be between 0 and 255";
    }
  }
  return "";
}

std::string CheckIpv6(absl::string_view text) {
  if (!absl::StrContains(text, ":")) return "missing colon";
  if (absl::StrContains(text, "%")) {
    return "zone id is not a part of ipv6 address";
  }
  in6_addr address;
  if (inet_pton(AF_INET6, std::string(text).c_str(), &address) == 1) return "";
  return absl::StrCat("ParseAddr(", GoQuote(text), "): unable to parse IP");
}

std::string CheckHostname(absl::string_view text) {
  absl::ConsumeSuffix(&text, ".");
  if (text.size() > 253) return "more than 253 characters long";
  for (absl::string_view label : absl::StrSplit(text, '.')) {
    if (label.empty() || label.size() > 63) {
      return "label must be 1 to 63 characters long";
    }
    if (label.front() == '-') return "label starts with hyphen";
    if (label.back() == '-') return "label ends with hyphen";
    for (char c : label) {
      if (!absl::ascii_isalnum(c) && c != '-') return InvalidCharacter(c);
    }
  }
  return "";
}

std::string CheckLocalPart(absl::string_view local) {
  if (local.size() > 1 && local[0] == '"') {
    local = local.substr(1, local.size() - 2);
    if (local.find_first_of("\\\"") != absl::string_view::npos) {
      return "backslash and quote are not allowed within quoted local part";
    }
    return "";
  }
  if (absl::StartsWith(local, ".")) return "starts with dot";
  if (absl::EndsWith(local, ".")) return "ends with dot";
  if (absl::StrContains(local, "..")) return "consecutive dots";
  for (char c : local) {
    if (!absl::ascii_isalnum(c) &&
        !absl::StrContains(".!#$%&'*+-/=?^_`{|}~", c)) {
      return InvalidCharacter(c);
    }
  }
  return "";
}

std::string CheckEmail(absl::string_view text) {
  if (text.size() > 254) return "more than 255 characters long";
  const size_t at = text.rfind('@');
  if (at == absl::string_view::npos) return "missing @";
  const absl::string_view local = text.substr(0, at);
  absl::string_view domain = text.substr(at + 1);
  if (local.size() > 64) return "local part more than 64 characters long";
  std::string wrong = CheckLocalPart(local);
  if (!wrong.empty()) return wrong;
  if (absl::StartsWith(domain, "[") && absl::EndsWith(domain, "]")) {
    domain = domain.substr(1, domain.size() - 2);
    const bool is_new = absl::ConsumePrefix(&domain, "IPv6:");
    wrong = is_new ? CheckIpv6(domain) : CheckIpv4(domain);
    if (wrong.empty()) return "";
    return absl::StrCat(
        is_new ? "invalid ipv6 address: " : "invalid ipv4 address: ", wrong);
  }
  wrong = CheckHostname(domain);
  return wrong.empty() ? "" : absl::StrCat("invalid domain: ", wrong);
}

std::string CheckUuid(absl::string_view text) {
  constexpr size_t kLengths[] = {8, 4, 4, 4, 12};
  const std::vector<absl::string_view> groups = absl::StrSplit(text, '-');
  if (groups.size() != 5) return "must have 5 elements";
  for (size_t i = 0; i < groups.size(); ++i) {
    if (groups[i].size() != kLengths[i]) {
      return absl::StrCat("element ", i + 1, " must be ", kLengths[i],
                          " characters long");
    }
    for (char c : groups[i]) {
      if (!absl::ascii_isxdigit(c)) {
        const std::string quoted = GoQuoteRunes(absl::string_view(&c, 1));
        return absl::StrCat("non-hex character ",
                            quoted.substr(1, quoted.size() - 2));
      }
    }
  }
  return "";
}

// As far as it is a URL with a scheme.
std::string CheckUri(absl::string_view text) {
  for (char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      return absl::StrCat("parse ", GoQuote(text),
                          ": net/url: invalid control character in URL");
    }
  }
  const size_t colon = text.find(':');
  const size_t other = text.find_first_of("/?#");
  if (colon == absl::string_view::npos || colon > other) return "relative url";
  if (colon == 0) {
    return absl::StrCat("parse ", GoQuote(text), ": missing protocol scheme");
  }
  return "";
}

std::string CheckRegex(absl::string_view text) {
  const auto regex = text::GoRegexp::Compile(text);
  return regex.ok() ? "" : std::string(regex.status().message());
}

constexpr std::pair<absl::string_view, std::string (*)(absl::string_view)>
    kFormats[] = {
        {"email", CheckEmail}, {"hostname", CheckHostname},
        {"ipv4", CheckIpv4},   {"ipv6", CheckIpv6},
        {"iri", CheckUri},     {"regex", CheckRegex},
        {"uri", CheckUri},     {"uuid", CheckUuid},
};

}  // namespace

std::string CheckFormat(absl::string_view format, absl::string_view text) {
  for (const auto& [name, check] : kFormats) {
    if (name == format) return check(text);
  }
  return "";
}

}  // namespace weir::helm
