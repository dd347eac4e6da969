// Getter fetches files over HTTP as Helm does: with credentials only for the
// repository's own host, with the certificates that flags name.
//
// Touches: network; files with certificates.
// Threads: an object belongs to one thread.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "weir/base/context.h"
#include "weir/helm/fetch.h"
#include "weir/helm/repositories.h"
#include "weir/http/client.h"

namespace weir::helm {

// Null when the system's authorities will do.
// Errors: kInvalidArgument "can't create TLS config for client: ...".
absl::StatusOr<std::shared_ptr<const http::TlsOptions>> TlsOf(
    const RepositoryAccess& access);

class Getter {
 public:
  Getter(http::Client& http, const FetchOptions& options)
      : http_(http), options_(options) {}

  struct Wanted {
    std::string url;
    // Credentials are for this one's scheme and host.
    std::string credentials_url;
    RepositoryAccess access;
    std::string accept;
    int64_t max_bytes = 0;
  };
  // Errors: kNotFound, kUnavailable and the like "failed to fetch URL : 404
  // Not Found"; kResourceExhausted; those of http::Client.
  absl::Status Download(
      const Context& ctx, const Wanted& wanted,
      const std::function<absl::Status(absl::string_view)>& sink);
  absl::StatusOr<std::string> Get(const Context& ctx, const Wanted& wanted);

 private:
  http::Client& http_;
  const FetchOptions& options_;
};

}  // namespace weir::helm
