// Credentials for registries, from docker's config.json.
//
// Touches: nothing; credential helpers run through a callback.
// Threads: immutable once parsed; safe to share.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "weir/base/secret.h"
#include "weir/oci/reference.h"

namespace weir::oci {

// All empty: anonymous.
struct Credentials {
  std::string username;
  Secret password;
  Secret identity_token;  // Traded for access tokens.
  Secret registry_token;  // Sent as it is.

  bool is_empty() const {
    return username.empty() && password.empty() && identity_token.empty() &&
           registry_token.empty();
  }
};

// Credentials for a repository.
using FindCredentials =
    std::function<absl::StatusOr<Credentials>(const Reference&)>;

// Runs "docker-credential-<name> get" with the address as its input; returns
// what it prints.
using RunCredentialHelper = std::function<absl::StatusOr<std::string>(
    const std::string& name, const std::string& address)>;

class DockerConfig {
 public:
  // Parses config.json, or the older .dockercfg, which is its "auths" alone.
  // Errors: kInvalidArgument; no message holds a credential.
  static absl::StatusOr<DockerConfig> Parse(absl::string_view json);

  // As docker and oras find them: by the registry's name, also within older
  // URLs; a helper of the registry first, then the store, then "auths".
  // Errors: kFailedPrecondition when a helper is needed and `run` is null;
  // the helper's.
  absl::StatusOr<Credentials> Find(const Reference& reference,
                                   const RunCredentialHelper& run) const;

  // As the kubelet finds them: keys may have "*" in parts of the host, and a
  // path; the longest that matches wins. Helpers are not asked.
  Credentials FindByPattern(const Reference& reference) const;

  bool has_auths() const { return !auths_.empty(); }

 private:
  std::map<std::string, Credentials> auths_;
  std::map<std::string, std::string> helpers_;  // credHelpers, by registry.
  std::string store_;                           // credsStore
};

// What a helper prints.
// Errors: kInvalidArgument.
absl::StatusOr<Credentials> ParseHelperAnswer(absl::string_view json);

}  // namespace weir::oci
