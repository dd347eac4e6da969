#include "weir/oci/credentials.h"

#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "weir/base/status.h"
#include "weir/value/json.h"
#include "weir/value/value.h"

namespace weir::oci {
namespace {

constexpr size_t kMaxConfigBytes = 4u << 20;
constexpr char kHubKey[] = "https://index.docker.io/v1/";
// The user that helpers give for an identity token.
constexpr char kTokenUser[] = "<token>";

// The key under which docker keeps a registry's credentials.
std::string ServerAddress(const std::string& registry) {
  if (registry == "docker.io" || registry == "registry-1.docker.io") {
    return kHubKey;
  }
  return registry;
}

// "https://host/v1/" is "host".
absl::string_view HostOf(absl::string_view address) {
  if (!absl::ConsumePrefix(&address, "http://")) {
    absl::ConsumePrefix(&address, "https://");
  }
  return address.substr(0, address.find('/'));
}

absl::Status Malformed(absl::string_view key, absl::string_view what) {
  return absl::InvalidArgumentError(
      absl::StrCat("invalid config format: auths[\"", key, "\"]", what));
}

absl::StatusOr<Credentials> ReadAuth(const std::string& key,
                                     const Value& value) {
  if (!value.is_object()) return Malformed(key, " is no object");
  Credentials out;
  out.username = std::string(value.GetString("username"));
  out.password = Secret(std::string(value.GetString("password")));
  out.identity_token = Secret(std::string(value.GetString("identitytoken")));
  out.registry_token = Secret(std::string(value.GetString("registrytoken")));
  const absl::string_view encoded = value.GetString("auth");
  if (encoded.empty()) return out;
  std::string decoded;
  if (!absl::Base64Unescape(encoded, &decoded)) {
    return Malformed(key, ".auth is no base64");
  }
  const size_t colon = decoded.find(':');
  if (colon == std::string::npos) {
    return Malformed(key, ".auth has no user and password");
  }
  out.username = decoded.substr(0, colon);
  absl::string_view password = absl::string_view(decoded).substr(colon + 1);
  // Some tools pad.
  while (absl::ConsumeSuffix(&password, absl::string_view("\0", 1))) {
  }
  out.password = Secret(std::string(password));
  return out;
}

// One part of a host against one of a pattern, in which "*" and "?" stand for
// anything.
bool PartMatches(absl::string_view pattern, absl::string_view text) {
  size_t p = 0, t = 0;
  size_t star = absl::string_view::npos, back = 0;
  while (t < text.size()) {
    if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
      ++p;
      ++t;
    } else if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      back = t;
    } else if (star != absl::string_view::npos) {
      p = star + 1;
      t = ++back;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

struct Location {
  std::string host;
  std::string port;
  std::string path;
};

Location Locate(absl::string_view text) {
  if (!absl::ConsumePrefix(&text, "http://")) {
    absl::ConsumePrefix(&text, "https://");
  }
  Location out;
  const size_t slash = text.find('/');
  if (slash != absl::string_view::npos) {
    absl::string_view path = text.substr(slash);
    // What older tools wrote after the host says nothing about paths.
    if (path == "/v1" || path == "/v2" || path == "/v1/" || path == "/v2/" ||
        path == "/") {
      path = "";
    }
    out.path = std::string(path);
    text = text.substr(0, slash);
  }
  const size_t colon = text.rfind(':');
  if (colon != absl::string_view::npos && !absl::EndsWith(text, "]")) {
    out.port = std::string(text.substr(colon + 1));
    text = text.substr(0, colon);
  }
  out.host = std::string(text);
  return out;
}

bool Matches(const Location& pattern, const Location& target) {
  if (pattern.port != target.port) return false;
  const std::vector<absl::string_view> want = absl::StrSplit(pattern.host, '.');
  const std::vector<absl::string_view> have = absl::StrSplit(target.host, '.');
  if (want.size() != have.size()) return false;
  for (size_t i = 0; i < want.size(); ++i) {
    if (!PartMatches(want[i], have[i])) return false;
  }
  return absl::StartsWith(target.path, pattern.path);
}

}  // namespace

absl::StatusOr<DockerConfig> DockerConfig::Parse(absl::string_view json) {
  JsonParseOptions options;
  options.max_bytes = kMaxConfigBytes;
  const absl::StatusOr<Value> parsed = ParseJson(json, options);
  // The parser's message may quote the text.
  if (!parsed.ok() || !parsed->is_object()) {
    return absl::InvalidArgumentError(
        "invalid config format: docker config is no JSON object");
  }
  DockerConfig out;
  out.store_ = std::string(parsed->GetString("credsStore"));
  for (const Value::Member& one : (*parsed)["credHelpers"].object()) {
    if (one.value.is_string()) out.helpers_[one.key] = one.value.AsString();
  }
  const bool is_older = !parsed->Has("auths") && !parsed->Has("credsStore") &&
                        !parsed->Has("credHelpers");
  const Value& auths = is_older ? *parsed : (*parsed)["auths"];
  for (const Value::Member& one : auths.object()) {
    if (is_older && !one.value.is_object()) continue;
    WEIR_ASSIGN_OR_RETURN(out.auths_[one.key], ReadAuth(one.key, one.value));
  }
  return out;
}

absl::StatusOr<Credentials> DockerConfig::Find(
    const Reference& reference, const RunCredentialHelper& run) const {
  const std::string address = ServerAddress(reference.registry);
  std::string helper = store_;
  if (const auto own = helpers_.find(address); own != helpers_.end()) {
    helper = own->second;
  }
  if (!helper.empty()) {
    if (run == nullptr) {
      return absl::FailedPreconditionError(
          absl::StrCat("credentials for ", reference.registry,
                       " are with the credential helper ", helper,
                       ", which is not run here"));
    }
    WEIR_ASSIGN_OR_RETURN(const std::string answer, run(helper, address),
                          "credential helper ", helper);
    // Helpers print nothing that we take for "no".
    if (answer.empty()) return Credentials();
    return ParseHelperAnswer(answer);
  }
  if (const auto found = auths_.find(address); found != auths_.end()) {
    return found->second;
  }
  for (const auto& [key, credentials] : auths_) {
    if (HostOf(key) == address) return credentials;
  }
  return Credentials();
}

Credentials DockerConfig::FindByPattern(const Reference& reference) const {
  Location target = Locate(reference.registry);
  target.path = absl::StrCat("/", reference.repository);
  const bool is_hub = ServerAddress(reference.registry) == kHubKey;
  const Credentials* best = nullptr;
  std::string best_key;
  for (const auto& [key, credentials] : auths_) {
    const Location pattern = Locate(key);
    const bool matches = Matches(pattern, target) ||
                         (is_hub && (pattern.host == "index.docker.io" ||
                                     pattern.host == "docker.io"));
    if (!matches) continue;
    if (best == nullptr || key.size() > best_key.size()) {
      best = &credentials;
      best_key = key;
    }
  }
  return best == nullptr ? Credentials() : *best;
}

absl::StatusOr<Credentials> ParseHelperAnswer(absl::string_view json) {
  const absl::StatusOr<Value> parsed = ParseJson(json);
  if (!parsed.ok() || !parsed->is_object()) {
    return absl::InvalidArgumentError(
        "the credential helper's answer is no "
        "JSON object");
  }
  Credentials out;
  const Secret secret(std::string(parsed->GetString("Secret")));
  if (parsed->GetString("Username") == kTokenUser) {
    out.identity_token = secret;
  } else {
    out.username = std::string(parsed->GetString("Username"));
    out.password = secret;
  }
  return out;
}

}  // namespace weir::oci
