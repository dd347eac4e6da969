// Tokens of GitHub Apps: the App's key signs who it is, and GitHub answers with
// a token for one of its installations.
//
// Touches: clock; network, through the Sender of the exchange.
// Threads: may be called by many threads.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "src/provider_type.h"
#include "weir/base/secret.h"

namespace weir::notification_controller {

struct GithubApp {
  int64_t id = 0;
  int64_t installation_id = 0;  // One of these two is set.
  std::string installation_owner;
  Secret private_key;  // PEM.
  std::string base;    // "https://api.github.com"
};

// What the Secret says of it.
// Errors: kInvalidArgument, in upstream's words.
absl::StatusOr<GithubApp> ReadGithubApp(const Settings& settings);

struct GithubAppToken {
  Secret token;
  std::string slug;  // The App's name in addresses; empty unless wanted.
};

// From the cache, or from GitHub.
absl::StatusOr<GithubAppToken> GetGithubAppToken(const Context& ctx,
                                                 const Exchange& exchange,
                                                 bool want_slug);

}  // namespace weir::notification_controller
