// Chart repositories that the user's helm knows: repositories.yaml.
//
// Touches: the file.
// Threads: pure functions and value types.
// Source: Helm v4.2.4, pkg/repo/v1.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "weir/base/secret.h"
#include "weir/http/client.h"

namespace weir::helm {

// How a repository is reached.
struct RepositoryAccess {
  std::string username;
  Secret password;
  // To other hosts than the repository's too.
  bool pass_credentials = false;
  std::string ca_file;  // Instead of the system's authorities.
  std::string cert_file;
  std::string key_file;
  bool insecure_skip_tls_verify = false;
  // Instead of the four above; null: they say it.
  std::shared_ptr<const http::TlsOptions> tls;
  bool plain_http = false;  // Registries only.
};

struct Repository {
  std::string name;
  std::string url;
  RepositoryAccess access;
};

// Errors: kNotFound when there is no such file; kInvalidArgument.
absl::StatusOr<std::vector<Repository>> ReadRepositories(
    const std::string& path);

}  // namespace weir::helm
