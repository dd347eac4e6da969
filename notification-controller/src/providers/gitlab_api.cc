#include "src/providers/gitlab_api.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "src/providers/git_repository.h"
#include "weir/base/status.h"

namespace weir::notification_controller {

absl::Status CheckGitlab(const Settings& settings) {
  return MakeGitlabApi(settings).status();
}

absl::StatusOr<GitlabApi> MakeGitlabApi(const Settings& settings) {
  const Secret& token = TokenOrPassword(settings);
  if (token.empty()) {
    return absl::InvalidArgumentError("gitlab token cannot be empty");
  }
  WEIR_ASSIGN_OR_RETURN(const GitAddress address,
                        ParseGitAddress(settings.address));
  // Groups have groups.
  WEIR_RETURN_IF_ERROR(SplitRepositoryId(address.id, 0));
  GitlabApi api;
  api.base = absl::StrCat(address.host, "/api/v4");
  // GitLab takes what is after a dot for a format.
  api.project.repository = absl::StrCat(
      api.base, "/projects/",
      absl::StrReplaceAll(EscapeSegment(address.id), {{".", "%2E"}}));
  api.project.headers = {{"Accept", "application/json"},
                         {"PRIVATE-TOKEN", token.RevealForUse()}};
  return api;
}

}  // namespace weir::notification_controller
