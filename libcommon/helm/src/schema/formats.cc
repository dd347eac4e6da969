#include "src/schema/formats.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "src/go_text.h"
#include "src/schema/address_format.h"
#include "src/schema/time_formats.h"
#include "weir/helm/url.h"
#include "weir/text/go_regexp.h"

namespace weir::helm {
namespace {

std::string InvalidCharacter(absl::string_view rune) {
  const std::string quoted = GoQuoteRunes(rune);
  return absl::StrCat("invalid character ",
                      quoted.substr(1, quoted.size() - 2));
}

// The first that is neither a letter, nor a digit, nor one of the others.
std::string OddCharacter(absl::string_view text, absl::string_view others) {
  for (size_t i = 0; i < text.size();) {
    size_t length = 0;
    RuneAt(text, i, &length);
    const absl::string_view rune = text.substr(i, length);
    if (length != 1 ||
        (!absl::ascii_isalnum(rune[0]) && !absl::StrContains(others, rune))) {
      return InvalidCharacter(rune);
    }
    i += length;
  }
  return "";
}

std::string CheckIpv4(absl::string_view text) {
  const std::vector<absl::string_view> groups = absl::StrSplit(text, '.');
  if (groups.size() != 4) return "expected four decimals";
  for (absl::string_view group : groups) {
    if (group.size() > 1 && group[0] == '0') return "leading zeros";
    int number = 0;
    if (absl::StrContains(group, ' ') || !absl::SimpleAtoi(group, &number)) {
      return absl::StrCat("strconv.Atoi: parsing ", GoQuote(group),
                          ": invalid syntax");
    }
    if (number < 0 || number > 255) {
      return "decimal must be between 0 and 255";
    }
  }
  return "";
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
    const std::string odd = OddCharacter(label, "-");
    if (!odd.empty()) return odd;
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
  return OddCharacter(local, ".!#$%&'*+-/=?^_`{|}~");
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

// What is wrong with the text as any URL; otherwise `url` is it.
std::string ReadUrl(absl::string_view text, Url* url) {
  absl::StatusOr<Url> parsed = ParseUrl(text);
  if (!parsed.ok()) return std::string(parsed.status().message());
  *url = *std::move(parsed);
  if (absl::StartsWith(url->host, "[")) {
    const std::string wrong = CheckIpv6(url->hostname());
    return wrong.empty() ? "" : absl::StrCat("invalid ipv6 address: ", wrong);
  }
  return url->host.find(':') == url->host.rfind(':')
             ? ""
             : "ipv6 address not enclosed in brackets";
}

std::string CheckUri(absl::string_view text) {
  Url url;
  std::string wrong = ReadUrl(text, &url);
  if (!wrong.empty()) return wrong;
  return url.is_absolute() ? "" : "relative url";
}

std::string CheckUriReference(absl::string_view text) {
  if (absl::StrContains(text, '\\')) return "contains \\";
  Url url;
  return ReadUrl(text, &url);
}

// Braces are looked at in paths only.
std::string CheckUriTemplate(absl::string_view text) {
  Url url;
  std::string wrong = ReadUrl(text, &url);
  if (!wrong.empty()) return wrong;
  if (url.is_absolute() && !absl::StartsWith(url.path, "/")) return "";
  for (absl::string_view part : absl::StrSplit(url.path, '/')) {
    bool is_open = false;
    for (const char c : part) {
      if (c != '{' && c != '}') continue;
      if ((c == '{') == is_open) return "nested curly braces";
      is_open = !is_open;
    }
    if (is_open) return "no matching closing brace";
  }
  return "";
}

std::string CheckJsonPointer(absl::string_view text) {
  if (text.empty()) return "";
  if (text[0] != '/') return "not starting with /";
  for (size_t at = text.find('~'); at != absl::string_view::npos;
       at = text.find('~', at + 2)) {
    if (at + 1 >= text.size() || (text[at + 1] != '0' && text[at + 1] != '1')) {
      return "~ must be followed by 0 or 1";
    }
  }
  // "~" is escaped; there is nothing else that must not be there.
  return "";
}

std::string CheckRelativeJsonPointer(absl::string_view text) {
  size_t digits = 0;
  while (digits < text.size() && absl::ascii_isdigit(text[digits])) ++digits;
  if (digits == 0) return "must start with non-negative integer";
  if (digits > 1 && text[0] == '0') return "starts with zero";
  text.remove_prefix(digits);
  return text == "#" ? "" : CheckJsonPointer(text);
}

// What is wrong with the identifiers that come after "-" and "+".
std::string CheckIdentifiers(absl::string_view text, absl::string_view what,
                             bool is_ordered) {
  for (absl::string_view one : absl::StrSplit(text, '.')) {
    if (one.empty()) return absl::StrCat(what, " identifier is empty");
    bool is_number = true;
    for (size_t i = 0; i < one.size();) {
      size_t length = 0;
      RuneAt(one, i, &length);
      const absl::string_view rune = one.substr(i, length);
      if (length != 1 || (!absl::ascii_isalnum(rune[0]) && rune[0] != '-')) {
        return absl::StrCat(InvalidCharacter(rune), " in ", what,
                            " identifier");
      }
      is_number = is_number && absl::ascii_isdigit(rune[0]);
      i += length;
    }
    if (is_ordered && is_number && one.size() > 1 && one[0] == '0') {
      return absl::StrCat(what, " numeric identifier starts with zero");
    }
  }
  return "";
}

std::string CheckSemver(absl::string_view text) {
  if (const size_t plus = text.find('+'); plus != absl::string_view::npos) {
    if (plus + 1 == text.size()) return "build is empty";
    std::string wrong = CheckIdentifiers(text.substr(plus + 1), "build", false);
    if (!wrong.empty()) return wrong;
    text = text.substr(0, plus);
  }
  if (const size_t dash = text.find('-'); dash != absl::string_view::npos) {
    std::string wrong =
        CheckIdentifiers(text.substr(dash + 1), "pre-release", true);
    if (!wrong.empty()) return wrong;
    text = text.substr(0, dash);
  }
  const std::vector<absl::string_view> numbers = absl::StrSplit(text, '.');
  if (numbers.size() != 3) {
    return "versionCore must have 3 numbers separated by dot";
  }
  constexpr const char* kNames[] = {"major", "minor", "patch"};
  for (size_t i = 0; i < numbers.size(); ++i) {
    const absl::string_view number = numbers[i];
    if (number.empty()) return absl::StrCat(kNames[i], " is empty");
    if (number.size() > 1 && number[0] == '0') {
      return absl::StrCat(kNames[i], " starts with zero");
    }
    for (const char c : number) {
      if (!absl::ascii_isdigit(c)) {
        return absl::StrCat(kNames[i], " contains non-digit");
      }
    }
  }
  return "";
}

std::string CheckRegex(absl::string_view text) {
  const auto regex = text::GoRegexp::Compile(text);
  return regex.ok() ? "" : std::string(regex.status().message());
}

constexpr std::pair<absl::string_view, std::string (*)(absl::string_view)>
    kFormats[] = {
        {"date", CheckDate},
        {"date-time", CheckDateTime},
        {"duration", CheckDuration},
        {"email", CheckEmail},
        {"hostname", CheckHostname},
        {"ipv4", CheckIpv4},
        {"ipv6", CheckIpv6},
        {"iri", CheckUri},
        {"iri-reference", CheckUriReference},
        {"json-pointer", CheckJsonPointer},
        {"period", CheckPeriod},
        {"regex", CheckRegex},
        {"relative-json-pointer", CheckRelativeJsonPointer},
        {"semver", CheckSemver},
        {"time", CheckTime},
        {"uri", CheckUri},
        {"uri-reference", CheckUriReference},
        {"uri-template", CheckUriTemplate},
        {"uuid", CheckUuid},
};

}  // namespace

std::string CheckFormat(absl::string_view format, absl::string_view text) {
  for (const auto& [name, check] : kFormats) {
    if (name == format) return check(text);
  }
  return "";
}

}  // namespace weir::helm
