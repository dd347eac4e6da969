// The REST API of Gitea and Forgejo: where a repository is, and how one logs
// in.
//
// Touches: network, through the Sender of the exchange.
// Threads: may be called by many threads.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "src/providers/commit_status.h"

namespace weir::notification_controller {

// Errors: kInvalidArgument, in upstream's words.
absl::Status CheckGitea(const Settings& settings);

struct GiteaApi {
  std::string base;     // "https://git.example/api/v1"
  ForgeApi repository;  // ".../repos/org/repo"
};

// Asks for the server's version first, as upstream does: whether this is a
// Gitea at all, before anything is written to it.
absl::StatusOr<GiteaApi> ConnectToGitea(const Context& ctx,
                                        const Exchange& exchange);

}  // namespace weir::notification_controller
