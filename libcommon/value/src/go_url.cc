#include "weir/value/go_url.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "weir/value/go_quote.h"

namespace weir {
namespace {

enum class Part { kPath, kSegment, kHost, kZone, kUser, kQuery, kFragment };

bool ShouldEscape(char c, Part part) {
  if (absl::ascii_isalnum(c)) return false;
  if (absl::StrContains("-_.~", c)) return false;
  if (part == Part::kHost || part == Part::kZone) {
    return !absl::StrContains("!$&'()*+,;=:[]<>\"", c);
  }
  if (absl::StrContains("$&+,/:;=?@", c)) {
    switch (part) {
      case Part::kPath:
        return c == '?';
      case Part::kSegment:
        return absl::StrContains("/;,?", c);
      case Part::kUser:
        return absl::StrContains("@/?:", c);
      case Part::kQuery:
        return true;
      default:
        return false;
    }
  }
  if (part == Part::kFragment) return !absl::StrContains("!()*", c);
  return true;
}

std::string Escape(absl::string_view text, Part part) {
  std::string out;
  for (const char c : text) {
    if (c == ' ' && part == Part::kQuery) {
      out.push_back('+');
    } else if (ShouldEscape(c, part)) {
      out.push_back('%');
      out.push_back("0123456789ABCDEF"[static_cast<uint8_t>(c) >> 4]);
      out.push_back("0123456789ABCDEF"[static_cast<uint8_t>(c) & 15]);
    } else {
      out.push_back(c);
    }
  }
  return out;
}

absl::Status BadEscape(absl::string_view text) {
  return absl::InvalidArgumentError(
      absl::StrCat("invalid URL escape ", GoQuote(text)));
}

char Unhex(char high, char low) {
  const auto digit = [](char c) { return 9 * (c >> 6) + (c & 15); };
  return static_cast<char>(digit(high) << 4 | digit(low));
}

absl::StatusOr<std::string> Unescape(absl::string_view text, Part part) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c != '%') {
      if ((part == Part::kHost || part == Part::kZone) &&
          static_cast<uint8_t>(c) < 0x80 && ShouldEscape(c, part)) {
        return absl::InvalidArgumentError(absl::StrCat(
            "invalid character ", GoQuote(text.substr(i, 1)), " in host name"));
      }
      out.push_back(c);
      continue;
    }
    const absl::string_view escape = text.substr(i, 3);
    if (escape.size() < 3 || !absl::ascii_isxdigit(escape[1]) ||
        !absl::ascii_isxdigit(escape[2])) {
      return BadEscape(escape);
    }
    const char byte = Unhex(escape[1], escape[2]);
    if (part == Part::kHost && static_cast<uint8_t>(byte) < 0x80 &&
        escape != "%25") {
      return BadEscape(escape);
    }
    if (part == Part::kZone && escape != "%25" && byte != ' ' &&
        ShouldEscape(byte, Part::kHost)) {
      return BadEscape(escape);
    }
    out.push_back(byte);
    i += 2;
  }
  return out;
}

absl::Status Wrong(absl::string_view text) {
  return absl::InvalidArgumentError(text);
}

// Takes "scheme:" off the text.
absl::Status TakeScheme(absl::string_view* text, std::string* scheme) {
  for (size_t i = 0; i < text->size(); ++i) {
    const char c = (*text)[i];
    if (absl::ascii_isalpha(c)) continue;
    if (absl::ascii_isdigit(c) || absl::StrContains("+-.", c)) {
      if (i == 0) return absl::OkStatus();
      continue;
    }
    if (c != ':') return absl::OkStatus();
    if (i == 0) return Wrong("missing protocol scheme");
    *scheme = absl::AsciiStrToLower(text->substr(0, i));
    text->remove_prefix(i + 1);
    return absl::OkStatus();
  }
  return absl::OkStatus();
}

bool IsValidPort(absl::string_view port) {
  if (port.empty()) return true;
  if (port[0] != ':') return false;
  for (const char c : port.substr(1)) {
    if (!absl::ascii_isdigit(c)) return false;
  }
  return true;
}

absl::Status BadPort(absl::string_view port) {
  return Wrong(absl::StrCat("invalid port ", GoQuote(port), " after host"));
}

absl::Status ParseHost(absl::string_view host, GoUrl* url) {
  const size_t open = host.rfind('[');
  if (open != absl::string_view::npos && open > 0) {
    return Wrong("invalid IP-literal");
  }
  if (open == 0) {
    const size_t close = host.rfind(']');
    if (close == absl::string_view::npos) return Wrong("missing ']' in host");
    const absl::string_view port = host.substr(close + 1);
    if (!IsValidPort(port)) return BadPort(port);
    const size_t zone = host.substr(0, close).find("%25");
    if (zone != absl::string_view::npos) {
      const auto first = Unescape(host.substr(0, zone), Part::kHost);
      const auto second =
          Unescape(host.substr(zone, close - zone), Part::kZone);
      const auto third = Unescape(host.substr(close), Part::kHost);
      for (const auto* part : {&first, &second, &third}) {
        if (!part->ok()) return part->status();
        absl::StrAppend(&url->host, **part);
      }
      return absl::OkStatus();
    }
  } else if (const size_t colon = host.rfind(':');
             colon != absl::string_view::npos) {
    if (host.find(':') != colon) {
      return BadPort(host.substr(host.find(':')));
    }
    if (!IsValidPort(host.substr(colon))) return BadPort(host.substr(colon));
  }
  absl::StatusOr<std::string> unescaped = Unescape(host, Part::kHost);
  if (!unescaped.ok()) return unescaped.status();
  url->host = *std::move(unescaped);
  return absl::OkStatus();
}

bool IsValidUserInfo(absl::string_view text) {
  for (const char c : text) {
    if (!absl::ascii_isalnum(c) &&
        !absl::StrContains("-._:~!$&'()*+,;=%@", c)) {
      return false;
    }
  }
  return true;
}

absl::Status ParseAuthority(absl::string_view authority, GoUrl* url) {
  const size_t at = authority.rfind('@');
  const absl::Status host = ParseHost(
      at == absl::string_view::npos ? authority : authority.substr(at + 1),
      url);
  if (!host.ok()) return host;
  if (at == absl::string_view::npos) return absl::OkStatus();
  const absl::string_view info = authority.substr(0, at);
  if (!IsValidUserInfo(info)) return Wrong("net/url: invalid userinfo");
  url->has_user = true;
  const size_t colon = info.find(':');
  absl::StatusOr<std::string> user =
      Unescape(info.substr(0, colon), Part::kUser);
  if (!user.ok()) return user.status();
  url->user = *std::move(user);
  if (colon == absl::string_view::npos) return absl::OkStatus();
  url->has_password = true;
  absl::StatusOr<std::string> password =
      Unescape(info.substr(colon + 1), Part::kUser);
  if (!password.ok()) return password.status();
  url->password = *std::move(password);
  return absl::OkStatus();
}

// Decodes a path or fragment; keeps the raw form when it is not the default.
absl::Status SetDecoded(absl::string_view text, Part part, std::string* decoded,
                        std::string* raw) {
  absl::StatusOr<std::string> unescaped = Unescape(text, part);
  if (!unescaped.ok()) return unescaped.status();
  *decoded = *std::move(unescaped);
  if (Escape(*decoded, part) != text) *raw = std::string(text);
  return absl::OkStatus();
}

// Of a request: nothing is relative.
absl::Status ParseParts(absl::string_view rest, bool is_request, GoUrl* url) {
  for (const char c : rest) {
    if (static_cast<uint8_t>(c) < ' ' || c == 0x7F) {
      return Wrong("net/url: invalid control character in URL");
    }
  }
  if (is_request && rest.empty()) return Wrong("empty url");
  if (rest == "*") {
    url->path = "*";
    return absl::OkStatus();
  }
  const absl::Status scheme = TakeScheme(&rest, &url->scheme);
  if (!scheme.ok()) return scheme;
  if (absl::EndsWith(rest, "?") && rest.find('?') == rest.size() - 1) {
    url->force_query = true;
    rest.remove_suffix(1);
  } else if (const size_t query = rest.find('?');
             query != absl::string_view::npos) {
    url->raw_query = std::string(rest.substr(query + 1));
    rest = rest.substr(0, query);
  }
  if (!absl::StartsWith(rest, "/")) {
    if (!url->scheme.empty()) {
      url->opaque = std::string(rest);
      return absl::OkStatus();
    }
    if (is_request) return Wrong("invalid URI for request");
    if (absl::StrContains(rest.substr(0, rest.find('/')), ':')) {
      return Wrong("first path segment in URL cannot contain colon");
    }
  }
  const bool is_triple = absl::StartsWith(rest, "///");
  if ((!url->scheme.empty() || (!is_request && !is_triple)) &&
      absl::StartsWith(rest, "//")) {
    const absl::string_view after = rest.substr(2);
    const size_t slash = std::min(after.find('/'), after.size());
    const absl::Status authority = ParseAuthority(after.substr(0, slash), url);
    if (!authority.ok()) return authority;
    rest = after.substr(slash);
  } else if (!url->scheme.empty() && absl::StartsWith(rest, "/")) {
    url->omit_host = true;
  }
  return SetDecoded(rest, Part::kPath, &url->path, &url->raw_path);
}

bool IsValidEncoded(absl::string_view text, Part part) {
  for (const char c : text) {
    if (absl::StrContains("!$&'()*+,;=:@[]%", c)) continue;
    if (ShouldEscape(c, part)) return false;
  }
  return true;
}

std::string Encoded(const std::string& decoded, const std::string& raw,
                    Part part) {
  if (!raw.empty() && IsValidEncoded(raw, part)) {
    const absl::StatusOr<std::string> unescaped = Unescape(raw, part);
    if (unescaped.ok() && *unescaped == decoded) return raw;
  }
  if (decoded == "*" && part == Part::kPath) return "*";
  return Escape(decoded, part);
}

absl::Status NotParsed(absl::string_view text, const absl::Status& status) {
  return absl::InvalidArgumentError(
      absl::StrCat("parse ", GoQuote(text), ": ", status.message()));
}

// Of a query, where a plus is a space.
absl::StatusOr<std::string> UnescapeQuery(absl::string_view text) {
  std::string spaced(text);
  std::replace(spaced.begin(), spaced.end(), '+', ' ');
  return Unescape(spaced, Part::kQuery);
}

}  // namespace

std::string QueryEscape(absl::string_view text) {
  return Escape(text, Part::kQuery);
}

absl::StatusOr<GoUrl> ParseGoUrl(absl::string_view text) {
  GoUrl url;
  const size_t hash = text.find('#');
  absl::string_view rest = text.substr(0, hash);
  absl::Status status = ParseParts(rest, false, &url);
  absl::string_view shown = rest;
  if (status.ok() && hash != absl::string_view::npos) {
    shown = text;
    status = SetDecoded(text.substr(hash + 1), Part::kFragment, &url.fragment,
                        &url.raw_fragment);
  }
  if (status.ok()) return url;
  return NotParsed(shown, status);
}

absl::StatusOr<GoUrl> ParseGoRequestUri(absl::string_view text) {
  GoUrl url;
  const absl::Status status = ParseParts(text, true, &url);
  if (status.ok()) return url;
  return NotParsed(text, status);
}

absl::Status CheckGoRequestUri(absl::string_view text) {
  return ParseGoRequestUri(text).status();
}

std::string GoUrl::Hostname() const {
  absl::string_view name = host;
  const size_t colon = name.rfind(':');
  if (colon != absl::string_view::npos && IsValidPort(name.substr(colon))) {
    name = name.substr(0, colon);
  }
  if (absl::StartsWith(name, "[") && absl::EndsWith(name, "]")) {
    name = name.substr(1, name.size() - 2);
  }
  return std::string(name);
}

std::string GoUrl::Port() const {
  const size_t colon = host.rfind(':');
  if (colon == std::string::npos) return "";
  const std::string port = host.substr(colon);
  return IsValidPort(port) ? port.substr(1) : "";
}

std::string GoUrl::EscapedPath() const {
  return Encoded(path, raw_path, Part::kPath);
}

std::map<std::string, std::vector<std::string>> GoUrl::Query() const {
  std::map<std::string, std::vector<std::string>> query;
  for (const absl::string_view pair : absl::StrSplit(raw_query, '&')) {
    if (pair.empty() || absl::StrContains(pair, ';')) continue;
    const size_t equals = std::min(pair.find('='), pair.size());
    const auto key = UnescapeQuery(pair.substr(0, equals));
    const auto value =
        UnescapeQuery(pair.substr(std::min(equals + 1, pair.size())));
    if (key.ok() && value.ok()) query[*key].push_back(*value);
  }
  return query;
}

std::string GoUrl::UserText() const {
  std::string text = Escape(user, Part::kUser);
  if (has_password) absl::StrAppend(&text, ":", Escape(password, Part::kUser));
  return text;
}

std::string GoUrl::ToString() const {
  std::string out;
  if (!scheme.empty()) absl::StrAppend(&out, scheme, ":");
  if (!opaque.empty()) {
    absl::StrAppend(&out, opaque);
  } else {
    if (!scheme.empty() || !host.empty() || has_user) {
      if (!omit_host || !host.empty() || has_user) {
        if (!host.empty() || !path.empty() || has_user) out.append("//");
        if (has_user) absl::StrAppend(&out, UserText(), "@");
        absl::StrAppend(&out, Escape(host, Part::kHost));
      }
    }
    const std::string encoded = EscapedPath();
    if (!encoded.empty() && encoded[0] != '/' && !host.empty()) {
      out.push_back('/');
    }
    if (out.empty()) {
      const absl::string_view segment =
          absl::string_view(encoded).substr(0, encoded.find('/'));
      if (absl::StrContains(segment, ':')) out.append("./");
    }
    absl::StrAppend(&out, encoded);
  }
  if (force_query || !raw_query.empty()) absl::StrAppend(&out, "?", raw_query);
  if (!fragment.empty()) {
    absl::StrAppend(&out, "#",
                    Encoded(fragment, raw_fragment, Part::kFragment));
  }
  return out;
}

}  // namespace weir
