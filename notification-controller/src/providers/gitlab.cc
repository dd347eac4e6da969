// gitlab: statuses of commits of GitLab.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "src/providers/api_call.h"
#include "src/providers/commit_status.h"
#include "src/providers/gitlab_api.h"
#include "src/providers/providers.h"
#include "weir/base/status.h"
#include "weir/value/go_url.h"

namespace weir::notification_controller {
namespace {

absl::StatusOr<ForgeApi> Connect(const Context& /*ctx*/,
                                 const Exchange& exchange) {
  WEIR_ASSIGN_OR_RETURN(GitlabApi api, MakeGitlabApi(exchange.settings));
  return std::move(api.project);
}

http::Request List(const ForgeApi& api, const StatusUpdate& update) {
  return ApiRequest(
      "GET",
      absl::StrCat(api.repository, "/repository/commits/", update.hash,
                   "/statuses?name=", QueryEscape(update.id)),
      api.headers);
}

// Of all, not only the newest: GitLab lists each pipeline's.
bool IsDuplicate(const Value& answer, const StatusUpdate& update) {
  const Value::Array& all = answer.array();
  return std::any_of(all.begin(), all.end(), [&update](const Value& status) {
    return status.GetString("sha") == update.hash &&
           status.GetString("status") == update.state &&
           status.GetString("description") == update.description &&
           status.GetString("name") == update.id;
  });
}

http::Request Post(const ForgeApi& api, const StatusUpdate& update) {
  Value body = Value::MakeObject();
  body.Set("state", update.state);
  body.Set("name", update.id);
  body.Set("description", update.description);
  return ApiRequest("POST",
                    absl::StrCat(api.repository, "/statuses/", update.hash),
                    api.headers, body);
}

absl::Status Notify(const Context& ctx, const Exchange& exchange) {
  static constexpr StatusForge kForge = {
      .info_state = "success",
      .error_state = "failed",
      .wrong_severity = "can't convert to gitlab state",
      .list_failed = "unable to list commit status",
      .connect = Connect,
      .list = List,
      .is_duplicate = IsDuplicate,
      .post = Post,
  };
  return PostStatus(ctx, exchange, kForge);
}

}  // namespace

const ProviderType kGitlab = {
    .name = "gitlab",
    .family = Family::kCommitStatus,
    .has_proxy = true,
    .has_tls = true,
    .check = CheckGitlab,
    .notify = Notify,
};

}  // namespace weir::notification_controller
