#include "weir/helm/url.h"

#include <algorithm>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "src/go_text.h"
#include "weir/base/status.h"

namespace weir::helm {
namespace {

absl::Status Wrong(absl::string_view text, absl::string_view why) {
  return absl::InvalidArgumentError(
      absl::StrCat("parse ", GoQuote(text), ": ", why));
}

bool IsHex(char c) {
  return absl::ascii_isxdigit(static_cast<unsigned char>(c));
}

absl::Status CheckEscapes(absl::string_view whole, absl::string_view part) {
  for (size_t i = 0; i < part.size(); ++i) {
    if (part[i] != '%') continue;
    if (i + 2 < part.size() && IsHex(part[i + 1]) && IsHex(part[i + 2])) {
      continue;
    }
    return Wrong(
        whole, absl::StrCat("invalid URL escape ", GoQuote(part.substr(i, 3))));
  }
  return absl::OkStatus();
}

// A port is made of digits, and http has but one colon in a host.
absl::Status CheckHost(absl::string_view whole, absl::string_view scheme,
                       absl::string_view host) {
  size_t colon = host.find(':');
  if (absl::StartsWith(host, "[")) {
    const size_t end = host.rfind(']');
    if (end == absl::string_view::npos) {
      return Wrong(whole, "missing ']' in host");
    }
    colon = end + 1;
  } else if (scheme != "http" && scheme != "https") {
    colon = host.rfind(':');
  }
  if (colon >= host.size()) return absl::OkStatus();
  const absl::string_view port = host.substr(colon);
  if (port[0] == ':' &&
      std::all_of(port.begin() + 1, port.end(),
                  [](unsigned char c) { return absl::ascii_isdigit(c); })) {
    return absl::OkStatus();
  }
  return Wrong(whole,
               absl::StrCat("invalid port ", GoQuote(port), " after host"));
}

// The scheme's length, 0 when there is none; an error when it is empty.
absl::StatusOr<size_t> SchemeLength(absl::string_view text) {
  for (size_t i = 0; i < text.size(); ++i) {
    const unsigned char c = static_cast<unsigned char>(text[i]);
    if (absl::ascii_isalpha(c)) continue;
    if (absl::ascii_isdigit(c) || c == '+' || c == '-' || c == '.') {
      if (i == 0) return 0;
      continue;
    }
    if (c != ':') return 0;
    if (i == 0) return Wrong(text, "missing protocol scheme");
    return i;
  }
  return 0;
}

// Removes "." and ".." of a path that starts with "/".
std::string RemoveDots(absl::string_view path) {
  std::vector<absl::string_view> parts;
  bool ends_in_folder = false;
  for (absl::string_view part : absl::StrSplit(path.substr(1), '/')) {
    ends_in_folder = part == "." || part == "..";
    if (part == ".") continue;
    if (part == "..") {
      if (!parts.empty()) parts.pop_back();
      continue;
    }
    parts.push_back(part);
  }
  if (ends_in_folder) parts.push_back("");
  return absl::StrCat("/", absl::StrJoin(parts, "/"));
}

}  // namespace

std::string Url::hostname() const {
  if (absl::StartsWith(host, "[")) return host.substr(1, host.find(']') - 1);
  return host.substr(0, host.find(':'));
}

std::string Url::port_or_default() const {
  const size_t colon = host.rfind(':');
  if (colon != std::string::npos &&
      host.find(']', colon) == std::string::npos) {
    return host.substr(colon + 1);
  }
  return scheme == "http" ? "80" : scheme == "https" ? "443" : "";
}

std::string Url::ToString() const {
  std::string out;
  if (!scheme.empty()) absl::StrAppend(&out, scheme, ":");
  if (has_authority) {
    absl::StrAppend(&out, "//", user_info, user_info.empty() ? "" : "@", host);
    if (!path.empty() && path[0] != '/') out += "/";
  }
  absl::StrAppend(&out, path);
  if (has_query) absl::StrAppend(&out, "?", query);
  return absl::StrCat(out, fragment);
}

absl::StatusOr<Url> ParseUrl(absl::string_view text) {
  Url url;
  const size_t hash = std::min(text.find('#'), text.size());
  url.fragment = std::string(text.substr(hash));
  const absl::string_view whole = text;
  text = text.substr(0, hash);
  for (const char c : text) {
    if (absl::ascii_iscntrl(static_cast<unsigned char>(c))) {
      return Wrong(text, "net/url: invalid control character in URL");
    }
  }
  absl::string_view rest = text;
  WEIR_ASSIGN_OR_RETURN(const size_t scheme, SchemeLength(rest));
  if (scheme > 0) {
    url.scheme = absl::AsciiStrToLower(rest.substr(0, scheme));
    rest.remove_prefix(scheme + 1);
  }
  if (const size_t mark = rest.find('?'); mark != absl::string_view::npos) {
    url.has_query = true;
    url.query = std::string(rest.substr(mark + 1));
    rest = rest.substr(0, mark);
  }
  if (!absl::StartsWith(rest, "/") && url.scheme.empty()) {
    const absl::string_view first = rest.substr(0, rest.find('/'));
    if (absl::StrContains(first, ':')) {
      return Wrong(text, "first path segment in URL cannot contain colon");
    }
  }
  if (absl::ConsumePrefix(&rest, "//")) {
    url.has_authority = true;
    absl::string_view authority = rest.substr(0, rest.find('/'));
    rest.remove_prefix(authority.size());
    if (const size_t at = authority.rfind('@'); at != absl::string_view::npos) {
      url.user_info = std::string(authority.substr(0, at));
      authority.remove_prefix(at + 1);
    }
    if (absl::StrContains(authority, ' ')) {
      return Wrong(text, "invalid character \" \" in host name");
    }
    WEIR_RETURN_IF_ERROR(CheckHost(text, url.scheme, authority));
    url.host = std::string(authority);
  }
  WEIR_RETURN_IF_ERROR(CheckEscapes(text, rest));
  WEIR_RETURN_IF_ERROR(CheckEscapes(whole, url.fragment));
  for (const char c : rest) {
    if (c == ' ') {
      url.path += "%20";
    } else {
      url.path.push_back(c);
    }
  }
  return url;
}

absl::StatusOr<std::string> ResolveReferenceUrl(const std::string& base,
                                                const std::string& reference) {
  WEIR_ASSIGN_OR_RETURN(const Url relative, ParseUrl(reference),
                        "failed to parse ", reference, " as URL");
  if (relative.is_absolute()) return reference;
  WEIR_ASSIGN_OR_RETURN(Url url, ParseUrl(base), "failed to parse ", base,
                        " as URL");
  if (relative.has_authority) {
    url.user_info = relative.user_info;
    url.host = relative.host;
    url.path = relative.path.empty() ? "" : RemoveDots(relative.path);
  } else {
    std::string folder(absl::StripSuffix(url.path, "/"));
    folder += "/";
    if (!absl::StartsWith(folder, "/")) folder.insert(0, "/");
    url.path = RemoveDots(absl::StartsWith(relative.path, "/")
                              ? relative.path
                              : absl::StrCat(folder, relative.path));
  }
  url.has_query = url.has_query && !url.query.empty();
  url.fragment = relative.fragment;
  return url.ToString();
}

std::string CleanPath(absl::string_view path) {
  if (path.empty()) return ".";
  const bool is_rooted = path[0] == '/';
  std::vector<absl::string_view> parts;
  for (absl::string_view part : absl::StrSplit(path, '/', absl::SkipEmpty())) {
    if (part == ".") continue;
    if (part != "..") {
      parts.push_back(part);
    } else if (!parts.empty() && parts.back() != "..") {
      parts.pop_back();
    } else if (!is_rooted) {
      parts.push_back(part);
    }
  }
  const std::string joined = absl::StrJoin(parts, "/");
  if (is_rooted) return absl::StrCat("/", joined);
  return joined.empty() ? "." : joined;
}

std::string BaseName(absl::string_view path) {
  if (path.empty()) return ".";
  while (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
  if (path == "/") return "/";
  return std::string(path.substr(path.rfind('/') + 1));
}

bool IsSameUrl(const std::string& a, const std::string& b) {
  absl::StatusOr<Url> x = ParseUrl(a);
  if (!x.ok()) return CleanPath(a) == CleanPath(b);
  absl::StatusOr<Url> y = ParseUrl(b);
  if (!y.ok()) return false;
  for (Url* url : {&*x, &*y}) {
    url->path = CleanPath(url->path.empty() ? "/" : url->path);
  }
  return x->ToString() == y->ToString();
}

}  // namespace weir::helm
