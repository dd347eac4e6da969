#include "src/git_auth.h"

#include "absl/strings/str_cat.h"
#include "weir/base/status.h"
#include "weir/git/ssh_key.h"

namespace weir::source {
namespace {

absl::Status InvalidOption(absl::string_view transport,
                           absl::string_view problem) {
  return absl::InvalidArgumentError(
      absl::StrCat("invalid '", transport, "' auth option: ", problem));
}

absl::Status ApplyHttp(const kube::SecretData& credentials,
                       absl::string_view scheme, git::RemoteOptions* options) {
  // A token goes before a user, as upstream has it, whatever its documents
  // say of both.
  options->bearer_token = credentials.Get("bearerToken");
  if (options->bearer_token.empty()) {
    options->username = credentials.Get("username").RevealForUse();
    options->password = credentials.Get("password");
    if (options->username.empty() && !options->password.empty()) {
      return InvalidOption(scheme, "'password' requires 'username' to be set");
    }
  }
  WEIR_ASSIGN_OR_RETURN(options->tls, kube::ReadTls(credentials));
  return absl::OkStatus();
}

absl::Status ApplySsh(const kube::SecretData& credentials,
                      git::RemoteOptions* options) {
  options->ssh_private_key = credentials.Get("identity");
  options->ssh_known_hosts = credentials.Get("known_hosts").RevealForUse();
  options->ssh_passphrase = credentials.Get("password");
  if (options->ssh_private_key.empty()) {
    return InvalidOption("ssh", "'identity' is required");
  }
  if (options->ssh_known_hosts.empty()) {
    return InvalidOption("ssh", "'known_hosts' is required");
  }
  return git::CheckSshKey(options->ssh_private_key, options->ssh_passphrase);
}

}  // namespace

absl::Status ApplyCredentials(const kube::SecretData& credentials,
                              git::RemoteOptions* options) {
  const absl::string_view scheme =
      absl::string_view(options->url).substr(0, options->url.find(':'));
  if (scheme == "ssh") return ApplySsh(credentials, options);
  return ApplyHttp(credentials, scheme, options);
}

}  // namespace weir::source
