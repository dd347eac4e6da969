#include "src/authorizer.h"

#include <arpa/inet.h>

#include <cstring>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "src/request_loop.h"
#include "weir/base/status.h"
#include "weir/value/json.h"
#include "weir/value/value.h"

namespace weir::oci {
namespace {

constexpr size_t kMaxTokenBytes = 1u << 20;
constexpr absl::Duration kDefaultLifetime = absl::Seconds(60);
// Tokens end a little early, so that none ends on its way.
constexpr absl::Duration kMargin = absl::Seconds(5);
constexpr size_t kMaxTokens = 10'000;

std::string KeyOf(const Reference& where) {
  return absl::StrCat(where.host(), " ", where.repository);
}

absl::string_view HostOfUrl(absl::string_view url) {
  const size_t start = url.find("://");
  if (start == absl::string_view::npos) return "";
  url.remove_prefix(start + 3);
  url = url.substr(0, url.find_first_of("/?#"));
  const size_t at = url.rfind('@');
  if (at != absl::string_view::npos) url.remove_prefix(at + 1);
  return url;
}

// Without the port and the brackets.
std::string HostNameOf(absl::string_view url) {
  absl::string_view host = HostOfUrl(url);
  if (absl::StartsWith(host, "[")) {
    return std::string(host.substr(1, host.find(']') - 1));
  }
  return absl::AsciiStrToLower(host.substr(0, host.find(':')));
}

bool IsPrivateV4(const unsigned char* b) {
  return b[0] == 0 || b[0] == 10 || b[0] == 127 ||
         (b[0] == 169 && b[1] == 254) || (b[0] == 172 && (b[1] & 0xF0) == 16) ||
         (b[0] == 192 && b[1] == 168) ||
         (b[0] == 224 && b[1] == 0 && b[2] == 0);
}

bool IsPrivateV6(const unsigned char* b) {
  static constexpr unsigned char kMapped[12] = {0, 0, 0, 0, 0,    0,
                                                0, 0, 0, 0, 0xFF, 0xFF};
  if (std::memcmp(b, kMapped, sizeof(kMapped)) == 0) return IsPrivateV4(b + 12);
  bool is_low = true;  // "::" and "::1".
  for (int i = 0; i < 15; ++i) is_low = is_low && b[i] == 0;
  return (is_low && b[15] <= 1) || (b[0] & 0xFE) == 0xFC ||
         (b[0] == 0xFE && (b[1] & 0xC0) == 0x80) ||
         (b[0] == 0xFF && (b[1] & 0x0F) == 2);
}

absl::Status CheckRealm(const std::string& realm, const std::string& url) {
  if (!absl::StartsWith(realm, "https://") &&
      !absl::StartsWith(realm, "http://")) {
    return absl::FailedPreconditionError(absl::StrCat(
        "bearer realm \"", RedactUrl(realm), "\" uses unsupported scheme"));
  }
  if (absl::StartsWith(realm, "http://") && absl::StartsWith(url, "https://")) {
    return absl::FailedPreconditionError(
        absl::StrCat("bearer realm \"", RedactUrl(realm),
                     "\" uses http but registry was contacted over https"));
  }
  if (IsPrivateAddress(realm) && HostNameOf(realm) != HostNameOf(url)) {
    return absl::FailedPreconditionError(absl::StrCat(
        "bearer realm host \"", HostNameOf(realm),
        "\" is a loopback, link-local, private, or unspecified address"));
  }
  return absl::OkStatus();
}

Secret BasicHeader(const Credentials& credentials) {
  return Secret(absl::StrCat(
      "Basic ",
      absl::Base64Escape(absl::StrCat(credentials.username, ":",
                                      credentials.password.RevealForUse()))));
}

Secret BearerHeader(const std::string& token) {
  return Secret(absl::StrCat("Bearer ", token));
}

const Challenge* FindScheme(const std::vector<Challenge>& all,
                            absl::string_view scheme) {
  for (const Challenge& one : all) {
    if (one.scheme == scheme) return &one;
  }
  return nullptr;
}

std::string Param(const Challenge& challenge, const std::string& name) {
  const auto found = challenge.params.find(name);
  return found == challenge.params.end() ? "" : found->second;
}

}  // namespace

std::string OriginOf(absl::string_view url) {
  const bool is_https = absl::StartsWithIgnoreCase(url, "https://");
  if (!is_https && !absl::StartsWithIgnoreCase(url, "http://")) return "";
  std::string host = absl::AsciiStrToLower(HostOfUrl(url));
  const size_t colon = host.rfind(':');
  if (colon == std::string::npos || absl::EndsWith(host, "]")) {
    host += is_https ? ":443" : ":80";
  }
  return absl::StrCat(is_https ? "https://" : "http://", host);
}

bool IsPrivateAddress(absl::string_view url) {
  const std::string host = HostNameOf(url);
  unsigned char bytes[16];
  if (inet_pton(AF_INET, host.c_str(), bytes) == 1) return IsPrivateV4(bytes);
  if (inet_pton(AF_INET6, host.c_str(), bytes) == 1) return IsPrivateV6(bytes);
  return false;
}

http::Request NewRequest(const ClientOptions& options, std::string url) {
  http::Request request;
  request.tls = options.tls;
  request.proxy = http::ChooseProxy(options.proxies, url);
  request.headers.Set("User-Agent", options.user_agent);
  request.accept_gzip = false;
  const std::string first = HostNameOf(url);
  request.follow_redirect = [first](const http::Redirect& redirect) {
    if (absl::StartsWith(redirect.from, "https://") &&
        !absl::StartsWith(redirect.to, "https://")) {
      return false;
    }
    return !IsPrivateAddress(redirect.to) || HostNameOf(redirect.to) == first;
  };
  request.url = std::move(url);
  return request;
}

Secret Authorizer::Remembered(const Reference& where) const {
  MutexLock lock(mu_);
  const auto found = tokens_.find(KeyOf(where));
  if (found == tokens_.end() || found->second.expires <= absl::Now()) {
    return Secret();
  }
  return found->second.header;
}

absl::StatusOr<Credentials> Authorizer::FindCredentialsFor(
    const Reference& where) const {
  if (options_.credentials == nullptr) return Credentials();
  return options_.credentials(where);
}

absl::StatusOr<Secret> Authorizer::Answer(
    const Context& ctx, const Reference& where, const std::string& url,
    const std::vector<std::string>& headers) {
  std::vector<Challenge> challenges;
  for (const std::string& header : headers) {
    for (Challenge& one : ParseChallenges(header)) {
      challenges.push_back(std::move(one));
    }
  }
  Token token;
  const Challenge* bearer = FindScheme(challenges, "bearer");
  const Challenge* basic = FindScheme(challenges, "basic");
  if (bearer == nullptr && basic == nullptr) return Secret();
  WEIR_ASSIGN_OR_RETURN(const Credentials credentials,
                        FindCredentialsFor(where));
  if (bearer != nullptr) {
    WEIR_ASSIGN_OR_RETURN(token,
                          FetchToken(ctx, where, url, *bearer, credentials),
                          "failed to fetch token for ", where.Name());
  } else if (credentials.username.empty()) {
    return Secret();
  } else {
    token.header = BasicHeader(credentials);
  }
  MutexLock lock(mu_);
  if (tokens_.size() >= kMaxTokens) tokens_.clear();
  tokens_[KeyOf(where)] = token;
  return token.header;
}

absl::StatusOr<Authorizer::Token> Authorizer::FetchToken(
    const Context& ctx, const Reference& where, const std::string& url,
    const Challenge& challenge, const Credentials& credentials) {
  Token out;
  if (!credentials.registry_token.empty()) {
    out.header = BearerHeader(credentials.registry_token.RevealForUse());
    return out;
  }
  const std::string realm = Param(challenge, "realm");
  WEIR_RETURN_IF_ERROR(CheckRealm(realm, url));
  std::vector<std::pair<std::string, std::string>> query;
  const std::string service = Param(challenge, "service");
  if (!service.empty()) query.emplace_back("service", service);
  std::string scope = Param(challenge, "scope");
  if (scope.empty()) {
    scope = absl::StrCat("repository:", where.repository, ":pull");
  }
  query.emplace_back("scope", scope);
  const bool trades = !credentials.identity_token.empty();
  http::Request request = NewRequest(
      options_,
      trades ? realm
             : absl::StrCat(realm, absl::StrContains(realm, '?') ? "&" : "?",
                            http::FormatQuery(query)));
  if (trades) {
    query.emplace_back("grant_type", "refresh_token");
    query.emplace_back("client_id", "weir");
    query.emplace_back("refresh_token",
                       credentials.identity_token.RevealForUse());
    request.method = "POST";
    request.headers.Set("Content-Type", "application/x-www-form-urlencoded");
    request.body = http::FormatQuery(query);
  } else if (!credentials.username.empty()) {
    request.headers.Set("Authorization",
                        BasicHeader(credentials).RevealForUse());
  }
  request.max_response_bytes = kMaxTokenBytes;
  const std::string method = request.method;
  WEIR_ASSIGN_OR_RETURN(const http::Response answer,
                        http_.SendAndWait(ctx, std::move(request)));
  if (answer.code != 200) {
    return ErrorOfAnswer(method, answer.url, answer.code, answer.body);
  }
  const absl::StatusOr<Value> value = ParseJson(answer.body);
  absl::string_view token;
  if (value.ok()) {
    token = value->GetString("access_token");
    if (token.empty()) token = value->GetString("token");
  }
  if (token.empty()) {
    return absl::FailedPreconditionError(
        absl::StrCat(RedactUrl(realm), ": empty token returned"));
  }
  const int64_t seconds = value->GetInt("expires_in");
  out.expires = absl::Now() - kMargin +
                (seconds > 0 ? absl::Seconds(seconds) : kDefaultLifetime);
  out.header = BearerHeader(std::string(token));
  return out;
}

}  // namespace weir::oci
