#include "src/git_auth.h"

#include <memory>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "weir/base/status.h"
#include "weir/git/ssh_key.h"
#include "weir/http/client.h"
#include "weir/kube/types.h"

namespace weir::source {
namespace {

const Secret* Find(const Credentials& credentials, const std::string& key) {
  const auto it = credentials.data.find(key);
  return it == credentials.data.end() ? nullptr : &it->second;
}

Secret Get(const Credentials& credentials, const std::string& key) {
  const Secret* found = Find(credentials, key);
  return found == nullptr ? Secret() : *found;
}

// The newer name wins.
Secret GetEither(const Credentials& credentials, const std::string& key,
                 const std::string& old_key) {
  const Secret* found = Find(credentials, key);
  return found != nullptr ? *found : Get(credentials, old_key);
}

absl::Status InvalidOption(absl::string_view transport,
                           absl::string_view problem) {
  return absl::InvalidArgumentError(
      absl::StrCat("invalid '", transport, "' auth option: ", problem));
}

absl::Status ApplyTls(const Credentials& credentials,
                      git::RemoteOptions* options) {
  const Secret certificate = GetEither(credentials, "tls.crt", "certFile");
  const Secret key = GetEither(credentials, "tls.key", "keyFile");
  const Secret authority = GetEither(credentials, "ca.crt", "caFile");
  if (certificate.empty() != key.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "secret '", credentials.name, "' has no '",
        certificate.empty() ? "tls.crt" : "tls.key", "', but the key to it"));
  }
  if (certificate.empty() && authority.empty()) return absl::OkStatus();
  auto tls = std::make_shared<http::TlsOptions>();
  tls->ca_pem = authority.RevealForUse();
  tls->client_certificate_pem = certificate.RevealForUse();
  tls->client_key_pem = key;
  options->tls = std::move(tls);
  return absl::OkStatus();
}

absl::Status ApplyHttp(const Credentials& credentials, absl::string_view scheme,
                       git::RemoteOptions* options) {
  // A token goes before a user, as upstream has it, whatever its documents
  // say of both.
  options->bearer_token = Get(credentials, "bearerToken");
  if (options->bearer_token.empty()) {
    options->username = Get(credentials, "username").RevealForUse();
    options->password = Get(credentials, "password");
    if (options->username.empty() && !options->password.empty()) {
      return InvalidOption(scheme, "'password' requires 'username' to be set");
    }
  }
  return ApplyTls(credentials, options);
}

absl::Status ApplySsh(const Credentials& credentials,
                      git::RemoteOptions* options) {
  options->ssh_private_key = Get(credentials, "identity");
  options->ssh_known_hosts = Get(credentials, "known_hosts").RevealForUse();
  options->ssh_passphrase = Get(credentials, "password");
  if (options->ssh_private_key.empty()) {
    return InvalidOption("ssh", "'identity' is required");
  }
  if (options->ssh_known_hosts.empty()) {
    return InvalidOption("ssh", "'known_hosts' is required");
  }
  return git::CheckSshKey(options->ssh_private_key, options->ssh_passphrase);
}

}  // namespace

absl::StatusOr<Credentials> ReadCredentials(const Value& secret) {
  Credentials credentials;
  credentials.name = kube::KeyOf(secret).ToString();
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

absl::Status ApplyCredentials(const Credentials& credentials,
                              git::RemoteOptions* options) {
  const absl::string_view scheme =
      absl::string_view(options->url).substr(0, options->url.find(':'));
  if (scheme == "ssh") return ApplySsh(credentials, options);
  return ApplyHttp(credentials, scheme, options);
}

}  // namespace weir::source
