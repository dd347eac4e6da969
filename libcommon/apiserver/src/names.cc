#include "names.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace weir::apiserver {
namespace {

#define WEIR_LABEL "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
#define WEIR_SUBDOMAIN WEIR_LABEL "(\\." WEIR_LABEL ")*"
#define WEIR_KEY "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"

constexpr absl::string_view kLabel =
    "a lowercase RFC 1123 label must consist of lower case alphanumeric "
    "characters or '-', and must start and end with an alphanumeric "
    "character (e.g. 'my-name',  or '123-abc', regex used for validation is "
    "'" WEIR_LABEL "')";
constexpr absl::string_view k1035 =
    "a DNS-1035 label must consist of lower case alphanumeric characters or "
    "'-', start with an alphabetic character, and end with an alphanumeric "
    "character (e.g. 'my-name',  or 'abc-123', regex used for validation is "
    "'[a-z]([-a-z0-9]*[a-z0-9])?')";
constexpr absl::string_view kSubdomain =
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric "
    "characters, '-' or '.', and must start and end with an alphanumeric "
    "character (e.g. 'example.com', regex used for validation is "
    "'" WEIR_SUBDOMAIN "')";
constexpr absl::string_view kWildcard =
    "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid "
    "DNS subdomain, which must consist of lower case alphanumeric "
    "characters, '-' or '.' and end with an alphanumeric character (e.g. "
    "'*.example.com', regex used for validation is "
    "'\\*\\." WEIR_SUBDOMAIN "')";
constexpr absl::string_view kKey =
    "must consist of alphanumeric characters, '-', '_' or '.', and must start "
    "and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  "
    "or '123-abc', regex used for validation is '" WEIR_KEY "')";
constexpr absl::string_view kLabelValue =
    "a valid label must be an empty string or consist of alphanumeric "
    "characters, '-', '_' or '.', and must start and end with an "
    "alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', "
    "regex used for validation is '(" WEIR_KEY ")?')";
constexpr absl::string_view kConfigKey =
    "a valid config key must consist of alphanumeric characters, '-', '_' or "
    "'.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for "
    "validation is '[-._a-zA-Z0-9]+')";
constexpr absl::string_view kHttpHeader =
    "a valid HTTP header must consist of alphanumeric characters or '-' "
    "(e.g. 'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')";

#undef WEIR_LABEL
#undef WEIR_SUBDOMAIN
#undef WEIR_KEY

bool IsLower(char c) {
  return absl::ascii_islower(static_cast<unsigned char>(c));
}
bool IsDigit(char c) {
  return absl::ascii_isdigit(static_cast<unsigned char>(c));
}
bool IsAlnum(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c));
}

bool IsLabel(absl::string_view name) {
  auto edge = [](char c) { return IsLower(c) || IsDigit(c); };
  return !name.empty() && edge(name.front()) && edge(name.back()) &&
         std::all_of(name.begin(), name.end(),
                     [&](char c) { return edge(c) || c == '-'; });
}

bool IsSubdomain(absl::string_view name) {
  for (absl::string_view part : absl::StrSplit(name, '.')) {
    if (!IsLabel(part)) return false;
  }
  return true;
}

bool IsKey(absl::string_view name) {
  return !name.empty() && IsAlnum(name.front()) && IsAlnum(name.back()) &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return IsAlnum(c) || c == '-' || c == '_' || c == '.';
         });
}

std::string TooLong(size_t max, absl::string_view unit = "bytes") {
  return absl::StrCat("must be no more than ", max, " ", unit);
}

void AddDots(absl::string_view name, NameProblems& out) {
  if (name == ".") {
    out.push_back("must not be '.'");
  } else if (name == "..") {
    out.push_back("must not be '..'");
  } else if (absl::StartsWith(name, "..")) {
    out.push_back("must not start with '..'");
  }
}

}  // namespace

NameProblems CheckDnsLabel(absl::string_view name) {
  NameProblems out;
  if (name.size() > 63) out.push_back(TooLong(63));
  if (!IsLabel(name)) {
    out.push_back(IsSubdomain(name) && absl::StrContains(name, ".")
                      ? "must not contain dots"
                      : std::string(kLabel));
  }
  return out;
}

NameProblems CheckDns1035Label(absl::string_view name) {
  NameProblems out;
  if (name.size() > 63) out.push_back(TooLong(63, "characters"));
  if (!IsLabel(name) || !IsLower(name.front())) out.emplace_back(k1035);
  return out;
}

NameProblems CheckDnsSubdomain(absl::string_view name) {
  NameProblems out;
  if (name.size() > 253) out.push_back(TooLong(253));
  if (!IsSubdomain(name)) out.emplace_back(kSubdomain);
  return out;
}

NameProblems CheckWildcardDomain(absl::string_view name) {
  NameProblems out;
  if (name.size() > 253) out.push_back(TooLong(253, "characters"));
  if (!absl::StartsWith(name, "*.") || !IsSubdomain(name.substr(2))) {
    out.emplace_back(kWildcard);
  }
  return out;
}

NameProblems CheckPathSegment(absl::string_view name) {
  if (name == "." || name == "..") {
    return {absl::StrCat("may not be '", name, "'")};
  }
  NameProblems out;
  for (absl::string_view part : {"/", "%"}) {
    if (absl::StrContains(name, part)) {
      out.push_back(absl::StrCat("may not contain '", part, "'"));
    }
  }
  return out;
}

NameProblems CheckQualifiedName(absl::string_view key) {
  NameProblems out;
  std::vector<absl::string_view> parts = absl::StrSplit(key, '/');
  if (parts.size() > 2) {
    return {absl::StrCat("a valid label key ", kKey,
                         " with an optional DNS subdomain prefix and '/' "
                         "(e.g. 'example.com/MyName')")};
  }
  if (parts.size() == 2) {
    if (parts[0].empty()) {
      out.push_back("prefix part must be non-empty");
    } else {
      for (const std::string& problem : CheckDnsSubdomain(parts[0])) {
        out.push_back(absl::StrCat("prefix part ", problem));
      }
    }
  }
  absl::string_view name = parts.back();
  if (name.empty()) {
    out.push_back("name part must be non-empty");
  } else if (name.size() > 63) {
    out.push_back(absl::StrCat("name part ", TooLong(63)));
  }
  if (!IsKey(name)) out.push_back(absl::StrCat("name part ", kKey));
  return out;
}

NameProblems CheckLabelValue(absl::string_view value) {
  NameProblems out;
  if (value.size() > 63) out.push_back(TooLong(63));
  if (!value.empty() && !IsKey(value)) out.emplace_back(kLabelValue);
  return out;
}

NameProblems CheckConfigKey(absl::string_view key) {
  NameProblems out;
  if (key.size() > 253) out.push_back(TooLong(253, "characters"));
  bool fine = !key.empty() && std::all_of(key.begin(), key.end(), [](char c) {
    return IsAlnum(c) || c == '-' || c == '_' || c == '.';
  });
  if (!fine) out.emplace_back(kConfigKey);
  AddDots(key, out);
  return out;
}

NameProblems CheckEnvName(absl::string_view name) {
  if (name.empty()) return {"environment variable name must be non-empty"};
  bool fine = std::all_of(name.begin(), name.end(), [](char c) {
    return c >= ' ' && c <= '~' && c != '=';
  });
  if (fine) return {};
  return {
      "a valid environment variable name must consist only of printable ASCII "
      "characters other than '='"};
}

NameProblems CheckPortName(absl::string_view name) {
  NameProblems out;
  if (name.size() > 15) out.push_back(TooLong(15, "characters"));
  if (name.empty() || !std::all_of(name.begin(), name.end(), [](char c) {
        return IsLower(c) || IsDigit(c) || c == '-';
      })) {
    out.push_back(
        "must contain only alpha-numeric characters (a-z, 0-9), and hyphens "
        "(-)");
  }
  if (!std::any_of(name.begin(), name.end(), IsLower)) {
    out.push_back("must contain at least one letter (a-z)");
  }
  if (absl::StrContains(name, "--")) {
    out.push_back("must not contain consecutive hyphens");
  }
  if (!name.empty() && (name.front() == '-' || name.back() == '-')) {
    out.push_back("must not begin or end with a hyphen");
  }
  return out;
}

NameProblems CheckHttpHeader(absl::string_view name) {
  bool fine = !name.empty() &&
              std::all_of(name.begin(), name.end(),
                          [](char c) { return IsAlnum(c) || c == '-'; });
  if (fine) return {};
  return {std::string(kHttpHeader)};
}

}  // namespace weir::apiserver
