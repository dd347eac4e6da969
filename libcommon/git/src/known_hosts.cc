#include "weir/git/known_hosts.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "weir/base/status.h"

namespace weir::git {
namespace {

constexpr int kDefaultPort = 22;

// A string of SSH's wire format: four bytes of length, then the bytes.
std::optional<absl::string_view> TakeString(absl::string_view* rest) {
  if (rest->size() < 4) return std::nullopt;
  uint32_t size = 0;
  for (int i = 0; i < 4; ++i) {
    size = size << 8 | static_cast<unsigned char>((*rest)[i]);
  }
  if (rest->size() - 4 < size) return std::nullopt;
  const absl::string_view out = rest->substr(4, size);
  rest->remove_prefix(4 + size);
  return out;
}

// "*" and "?" over the whole text.
bool MatchesGlob(absl::string_view pattern, absl::string_view text) {
  size_t p = 0;
  size_t t = 0;
  size_t star = absl::string_view::npos;
  size_t star_text = 0;
  while (t < text.size()) {
    if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t]) &&
        pattern[p] != '*') {
      ++p;
      ++t;
    } else if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      star_text = t;
    } else if (star != absl::string_view::npos) {
      p = star + 1;
      t = ++star_text;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

// "|1|<base64 salt>|<base64 HMAC-SHA1 of the name>"
bool MatchesHashed(absl::string_view pattern, absl::string_view name) {
  const std::vector<absl::string_view> parts = absl::StrSplit(pattern, '|');
  std::string salt;
  std::string want;
  if (parts.size() != 4 || !absl::Base64Unescape(parts[2], &salt) ||
      !absl::Base64Unescape(parts[3], &want)) {
    return false;
  }
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  HMAC(EVP_sha1(), salt.data(), static_cast<int>(salt.size()),
       reinterpret_cast<const unsigned char*>(name.data()), name.size(), digest,
       &size);
  return want == absl::string_view(reinterpret_cast<char*>(digest), size);
}

// How known_hosts writes a host with its port.
std::string HostName(absl::string_view host, int port) {
  const std::string lower = absl::AsciiStrToLower(host);
  if (port == kDefaultPort) return lower;
  return absl::StrCat("[", lower, "]:", port);
}

}  // namespace

absl::string_view KeyTypeOf(absl::string_view key_blob) {
  return TakeString(&key_blob).value_or("");
}

absl::StatusOr<KnownHosts> KnownHosts::Parse(absl::string_view text) {
  KnownHosts out;
  int number = 0;
  for (absl::string_view raw : absl::StrSplit(text, '\n')) {
    ++number;
    raw = absl::StripAsciiWhitespace(raw);
    if (raw.empty() || raw.front() == '#') continue;
    std::vector<absl::string_view> fields =
        absl::StrSplit(raw, absl::ByAnyChar(" \t"), absl::SkipEmpty());
    Line line;
    if (fields[0] == "@cert-authority") {
      line.marker = Line::Marker::kAuthority;
    } else if (fields[0] == "@revoked") {
      line.marker = Line::Marker::kRevoked;
    } else if (fields[0].front() == '@') {
      return absl::InvalidArgumentError(
          absl::StrCat("known_hosts: line ", number, ": unknown marker"));
    }
    if (line.marker != Line::Marker::kNone) fields.erase(fields.begin());
    if (fields.size() < 3) {
      return absl::InvalidArgumentError(absl::StrCat(
          "known_hosts: line ", number, ": missing host, type or key"));
    }
    line.patterns = absl::StrSplit(fields[0], ',');
    line.key_type = std::string(fields[1]);
    if (!absl::Base64Unescape(fields[2], &line.key_blob) ||
        KeyTypeOf(line.key_blob).empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat("known_hosts: line ", number, ": malformed key"));
    }
    out.lines_.push_back(std::move(line));
  }
  return out;
}

bool KnownHosts::Matches(const Line& line, absl::string_view host, int port) {
  const std::string name = HostName(host, port);
  if (line.patterns.size() == 1 && absl::StartsWith(line.patterns[0], "|1|")) {
    return MatchesHashed(line.patterns[0], name);
  }
  bool matches = false;
  for (const std::string& pattern : line.patterns) {
    const bool negated = absl::StartsWith(pattern, "!");
    const std::string lower =
        absl::AsciiStrToLower(absl::string_view(pattern).substr(negated));
    if (!MatchesGlob(lower, name)) continue;
    if (negated) return false;
    matches = true;
  }
  return matches;
}

absl::Status KnownHosts::Check(absl::string_view host, int port,
                               absl::string_view key_blob) const {
  bool has_key = false;
  bool has_authority = false;
  bool is_known = false;
  for (const Line& line : lines_) {
    if (!Matches(line, host, port)) continue;
    switch (line.marker) {
      case Line::Marker::kRevoked:
        if (line.key_blob == key_blob) {
          return absl::UnauthenticatedError("knownhosts: key is revoked");
        }
        break;
      case Line::Marker::kAuthority:
        has_authority = true;
        break;
      case Line::Marker::kNone:
        has_key = true;
        is_known = is_known || line.key_blob == key_blob;
        break;
    }
  }
  if (is_known) return absl::OkStatus();
  if (has_key) return absl::UnauthenticatedError("knownhosts: key mismatch");
  return absl::UnauthenticatedError(
      has_authority ? "knownhosts: key is unknown (only a certificate "
                      "authority is on record, and host certificates are not "
                      "supported)"
                    : "knownhosts: key is unknown");
}

std::vector<std::string> KnownHosts::KeyTypes(absl::string_view host,
                                              int port) const {
  std::vector<std::string> types;
  for (const Line& line : lines_) {
    if (line.marker != Line::Marker::kNone || !Matches(line, host, port)) {
      continue;
    }
    std::string type(KeyTypeOf(line.key_blob));
    if (std::find(types.begin(), types.end(), type) == types.end()) {
      types.push_back(std::move(type));
    }
  }
  return types;
}

}  // namespace weir::git
