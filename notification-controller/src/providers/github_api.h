// The REST API of GitHub and GitHub Enterprise Server: where it is, and how one
// logs in, with a token or as a GitHub App.
//
// Touches: clock; network, through the Sender of the exchange.
// Threads: may be called by many threads.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "src/provider_type.h"
#include "src/providers/commit_status.h"

namespace weir::notification_controller {

// Whether there is a token or what an App needs, and a repository.
// Errors: kInvalidArgument, in upstream's words.
absl::Status CheckGithub(const Settings& settings);

// The headers that all requests have, with this token.
http::Headers GithubHeaders(const Secret& token);

struct GithubApi {
  std::string base;  // "https://api.github.com"
  ForgeApi repository;
  // Under which an App's comments appear; empty for a token.
  std::string app_login;
};

enum class AppLogin { kIgnored, kWanted };

// Gets a token of the App first, unless one is given or cached.
absl::StatusOr<GithubApi> ConnectToGithub(const Context& ctx,
                                          const Exchange& exchange,
                                          AppLogin login);

}  // namespace weir::notification_controller
