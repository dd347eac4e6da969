// The REST API of GitLab: where a project is, and how one logs in.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "src/providers/commit_status.h"

namespace weir::notification_controller {

// Errors: kInvalidArgument, in upstream's words.
absl::Status CheckGitlab(const Settings& settings);

struct GitlabApi {
  std::string base;  // "https://gitlab.com/api/v4"
  ForgeApi project;  // ".../projects/org%2Frepo"
};

absl::StatusOr<GitlabApi> MakeGitlabApi(const Settings& settings);

}  // namespace weir::notification_controller
