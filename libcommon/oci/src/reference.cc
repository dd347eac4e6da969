#include "weir/oci/reference.h"

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "weir/base/status.h"
#include "weir/crypto/digest.h"

namespace weir::oci {
namespace {

constexpr size_t kMaxReferenceBytes = 4096;
constexpr size_t kMaxTagBytes = 128;

absl::Status Invalid(absl::string_view what, absl::string_view text) {
  return absl::InvalidArgumentError(
      absl::StrCat("invalid reference: invalid ", what, " \"", text, "\""));
}

bool IsWordOfPath(char c) {
  return absl::ascii_islower(static_cast<unsigned char>(c)) ||
         absl::ascii_isdigit(static_cast<unsigned char>(c));
}

// Words joined by ".", "_", "__" or dashes.
bool IsPathComponent(absl::string_view text) {
  if (text.empty() || !IsWordOfPath(text.front()) ||
      !IsWordOfPath(text.back())) {
    return false;
  }
  for (size_t i = 0; i < text.size();) {
    if (IsWordOfPath(text[i])) {
      ++i;
      continue;
    }
    const char c = text[i];
    size_t end = i;
    while (end < text.size() && text[end] == c) ++end;
    const size_t most = c == '.' ? 1 : c == '_' ? 2 : c == '-' ? end : 0;
    if (end - i > most || !IsWordOfPath(text[end])) return false;
    i = end;
  }
  return true;
}

bool IsRepository(absl::string_view text) {
  for (absl::string_view part : absl::StrSplit(text, '/')) {
    if (!IsPathComponent(part)) return false;
  }
  return true;
}

bool IsPort(absl::string_view text) {
  if (text.size() > 5) return false;
  for (char c : text) {
    if (!absl::ascii_isdigit(static_cast<unsigned char>(c))) return false;
  }
  return true;
}

bool IsRegistry(absl::string_view text) {
  if (text.empty()) return false;
  absl::string_view host = text;
  if (host.front() == '[') {
    const size_t end = host.find(']');
    if (end == absl::string_view::npos) return false;
    const absl::string_view rest = host.substr(end + 1);
    if (!rest.empty() && (rest[0] != ':' || !IsPort(rest.substr(1)))) {
      return false;
    }
    host = host.substr(1, end - 1);
    for (char c : host) {
      if (!absl::ascii_isxdigit(static_cast<unsigned char>(c)) && c != ':' &&
          c != '.') {
        return false;
      }
    }
    return !host.empty();
  }
  if (const size_t colon = host.find(':'); colon != absl::string_view::npos) {
    if (!IsPort(host.substr(colon + 1))) return false;
    host = host.substr(0, colon);
  }
  for (char c : host) {
    if (!absl::ascii_isalnum(static_cast<unsigned char>(c)) && c != '.' &&
        c != '-' && c != '_') {
      return false;
    }
  }
  return !host.empty();
}

}  // namespace

std::string Reference::host() const {
  return registry == "docker.io" ? "registry-1.docker.io" : registry;
}

std::string Reference::Name() const {
  return absl::StrCat(registry, "/", repository);
}

std::string Reference::ToString() const {
  if (!digest.empty()) return absl::StrCat(Name(), "@", digest);
  return tag.empty() ? Name() : absl::StrCat(Name(), ":", tag);
}

bool IsTag(absl::string_view text) {
  if (text.empty() || text.size() > kMaxTagBytes) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool is_word =
        absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_';
    if (!is_word && (i == 0 || (c != '.' && c != '-'))) return false;
  }
  return true;
}

absl::StatusOr<Reference> ParseReference(absl::string_view text) {
  absl::ConsumePrefix(&text, "oci://");
  if (text.size() > kMaxReferenceBytes) return Invalid("length", "...");
  const size_t slash = text.find('/');
  if (slash == absl::string_view::npos) {
    return absl::InvalidArgumentError(
        "invalid reference: missing registry or repository");
  }
  Reference out;
  out.registry = std::string(text.substr(0, slash));
  absl::string_view path = text.substr(slash + 1);
  bool has_tag = false;
  if (const size_t at = path.find('@'); at != absl::string_view::npos) {
    out.digest = std::string(path.substr(at + 1));
    path = path.substr(0, at);
  }
  if (const size_t colon = path.find(':'); colon != absl::string_view::npos) {
    out.tag = std::string(path.substr(colon + 1));
    path = path.substr(0, colon);
    has_tag = true;
  }
  out.repository = std::string(path);
  if (!IsRegistry(out.registry)) return Invalid("registry", out.registry);
  if (!IsRepository(path)) return Invalid("repository", path);
  if (!out.digest.empty()) {
    WEIR_RETURN_IF_ERROR(crypto::ParseDigest(out.digest),
                         "invalid reference: invalid digest \"", out.digest,
                         "\"");
  } else if (has_tag && !out.tag.empty() && !IsTag(out.tag)) {
    return Invalid("tag", out.tag);
  }
  return out;
}

}  // namespace weir::oci
