// Authorizer answers a registry's challenges, and remembers the answers.
//
// Touches: network (token servers), clock.
// Threads: safe to share.
// Source: the distribution specification's token authentication; oras-go.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "src/challenge.h"
#include "weir/base/context.h"
#include "weir/base/mutex.h"
#include "weir/base/secret.h"
#include "weir/http/client.h"
#include "weir/oci/client.h"

namespace weir::oci {

// "https://host:443"; "" when it is no URL of http.
std::string OriginOf(absl::string_view url);
// Whether the host of a URL is an address of this machine, of its link or of a
// private network.
bool IsPrivateAddress(absl::string_view url);
// A request with what all of ours have. It follows redirects, but none to a
// private address on another host, and none from https to http.
http::Request NewRequest(const ClientOptions& options, std::string url);

class Authorizer {
 public:
  Authorizer(http::Client& http, const ClientOptions& options)
      : http_(http), options_(options) {}

  // A remembered value of the header Authorization; empty: none yet.
  Secret Remembered(const Reference& where) const;

  // Answers a 401 that came from `url`. Empty when there is nothing to answer
  // with.
  // Errors: those of Client.
  absl::StatusOr<Secret> Answer(const Context& ctx, const Reference& where,
                                const std::string& url,
                                const std::vector<std::string>& headers);

 private:
  struct Token {
    Secret header;
    absl::Time expires = absl::InfiniteFuture();
  };

  absl::StatusOr<Credentials> FindCredentialsFor(const Reference& where) const;
  absl::StatusOr<Token> FetchToken(const Context& ctx, const Reference& where,
                                   const std::string& url,
                                   const Challenge& challenge,
                                   const Credentials& credentials);

  http::Client& http_;
  const ClientOptions& options_;
  mutable Mutex mu_;
  // By "host repository".
  std::map<std::string, Token> tokens_ ABSL_GUARDED_BY(mu_);
};

}  // namespace weir::oci
