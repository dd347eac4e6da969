// gitea: commit statuses of Gitea and Forgejo.
#include <utility>

#include "absl/strings/str_cat.h"
#include "src/providers/api_call.h"
#include "src/providers/commit_status.h"
#include "src/providers/gitea_api.h"
#include "src/providers/providers.h"
#include "weir/base/status.h"

namespace weir::notification_controller {
namespace {

absl::StatusOr<ForgeApi> Connect(const Context& ctx, const Exchange& exchange) {
  WEIR_ASSIGN_OR_RETURN(GiteaApi api, ConnectToGitea(ctx, exchange));
  return std::move(api.repository);
}

http::Request List(const ForgeApi& api, const StatusUpdate& update) {
  http::Request request =
      ApiRequest("GET",
                 absl::StrCat(api.repository, "/commits/", update.hash,
                              "/statuses?limit=50&page=1"),
                 api.headers);
  request.headers.Set("Content-Type", "application/json");
  return request;
}

bool IsDuplicate(const Value& answer, const StatusUpdate& update) {
  return IsNewestTheSame(answer, "status", update);
}

http::Request Post(const ForgeApi& api, const StatusUpdate& update) {
  Value body = Value::MakeObject();
  body.Set("state", update.state);
  body.Set("target_url", "");
  body.Set("description", update.description);
  body.Set("context", update.id);
  return ApiRequest("POST",
                    absl::StrCat(api.repository, "/statuses/", update.hash),
                    api.headers, body);
}

absl::Status Notify(const Context& ctx, const Exchange& exchange) {
  static constexpr StatusForge kForge = {
      .info_state = "success",
      .error_state = "failure",
      .progressing_state = "pending",
      .wrong_severity = "can't convert to gitea state",
      .list_failed = "could not list commit statuses",
      .connect = Connect,
      .list = List,
      .is_duplicate = IsDuplicate,
      .post = Post,
  };
  return PostStatus(ctx, exchange, kForge);
}

}  // namespace

const ProviderType kGitea = {
    .name = "gitea",
    .family = Family::kCommitStatus,
    .has_proxy = true,
    .has_tls = true,
    .check = CheckGitea,
    .notify = Notify,
};

}  // namespace weir::notification_controller
