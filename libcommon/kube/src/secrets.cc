#include "weir/kube/secrets.h"

#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "weir/base/status.h"
#include "weir/http/headers.h"
#include "weir/kube/types.h"

namespace weir::kube {
namespace {

constexpr size_t kMaxProxyUrlBytes = 2048;

absl::Status Wrong(const SecretData& credentials, absl::string_view what) {
  return absl::InvalidArgumentError(
      absl::StrCat("secret '", credentials.name, "'", what));
}

}  // namespace

const Secret* SecretData::Find(const std::string& key) const {
  const auto it = data.find(key);
  return it == data.end() ? nullptr : &it->second;
}

Secret SecretData::Get(const std::string& key,
                       const std::string& old_key) const {
  const Secret* found = Find(key);
  if (found == nullptr && !old_key.empty()) found = Find(old_key);
  return found == nullptr ? Secret() : *found;
}

absl::StatusOr<SecretData> ReadSecretData(const Value& secret) {
  SecretData credentials;
  credentials.name = KeyOf(secret).ToString();
  credentials.type = std::string(secret.GetString("type"));
  for (const Value::Member& member : secret["data"].object()) {
    std::string bytes;
    if (!member.value.is_string() ||
        !absl::Base64Unescape(member.value.AsString(), &bytes)) {
      return absl::InvalidArgumentError(
          absl::StrCat("key '", member.key, "' of secret '", credentials.name,
                       "' is not base64"));
    }
    credentials.data.emplace(member.key, Secret(std::move(bytes)));
  }
  return credentials;
}

absl::StatusOr<SecretData> GetSecretData(const Context& ctx,
                                         const Client& client,
                                         const std::string& name_space,
                                         const std::string& name) {
  WEIR_ASSIGN_OR_RETURN(
      const Value secret,
      client.Get(ctx, {{"", "v1", "Secret"}, {name_space, name}}));
  return ReadSecretData(secret);
}

absl::StatusOr<std::shared_ptr<http::TlsOptions>> ReadTls(
    const SecretData& credentials) {
  const Secret certificate = credentials.Get("tls.crt", "certFile");
  const Secret key = credentials.Get("tls.key", "keyFile");
  const Secret authority = credentials.Get("ca.crt", "caFile");
  if (certificate.empty() != key.empty()) {
    const bool has_key = certificate.empty();
    return Wrong(
        credentials,
        absl::StrCat(" contains '", has_key ? "tls.key" : "tls.crt",
                     "' but missing '", has_key ? "tls.crt" : "tls.key", "'"));
  }
  if (certificate.empty() && authority.empty()) return nullptr;
  auto tls = std::make_shared<http::TlsOptions>();
  tls->ca_pem = authority.RevealForUse();
  tls->client_certificate_pem = certificate.RevealForUse();
  tls->client_key_pem = key;
  return tls;
}

absl::StatusOr<std::optional<BasicAuth>> ReadBasicAuth(
    const SecretData& credentials) {
  const Secret* username = credentials.Find("username");
  const Secret* password = credentials.Find("password");
  if (username == nullptr && password == nullptr) return std::nullopt;
  if (username == nullptr || password == nullptr) {
    const bool has_user = username != nullptr;
    return Wrong(
        credentials,
        absl::StrCat(": malformed basic auth - has '",
                     has_user ? "username" : "password", "' but missing '",
                     has_user ? "password" : "username", "'"));
  }
  return BasicAuth{username->RevealForUse(), *password};
}

absl::StatusOr<std::string> ReadProxyUrl(const SecretData& credentials) {
  const Secret* address = credentials.Find("address");
  if (address == nullptr) {
    return Wrong(credentials, ": key 'address' not found");
  }
  const std::string& url = address->RevealForUse();
  if (url.empty()) return Wrong(credentials, ": proxy address is empty");
  if (url.size() > kMaxProxyUrlBytes) {
    return Wrong(credentials,
                 absl::StrCat(": proxy URL exceeds maximum length of ",
                              kMaxProxyUrlBytes, " characters"));
  }
  const size_t end = url.find("://");
  const std::string scheme = end == std::string::npos ? "" : url.substr(0, end);
  if (scheme != "http" && scheme != "https" && scheme != "socks5") {
    return Wrong(credentials,
                 absl::StrCat(": proxy URL must use one of the supported "
                              "schemes (http, https, socks5), got '",
                              scheme, "'"));
  }
  const Secret* username = credentials.Find("username");
  if (username == nullptr) return url;
  std::string user = http::PercentEncode(username->RevealForUse());
  if (const Secret* password = credentials.Find("password")) {
    absl::StrAppend(&user, ":", http::PercentEncode(password->RevealForUse()));
  }
  // A user of the address itself gives way.
  std::string rest = url.substr(end + 3);
  const size_t at = rest.substr(0, rest.find('/')).rfind('@');
  if (at != std::string::npos) rest = rest.substr(at + 1);
  return absl::StrCat(scheme, "://", user, "@", rest);
}

}  // namespace weir::kube
