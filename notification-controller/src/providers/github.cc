// github: commit statuses of GitHub, and githubdispatch: its repository
// dispatches.
#include <utility>

#include "absl/strings/str_cat.h"
#include "src/providers/api_call.h"
#include "src/providers/commit_status.h"
#include "src/providers/github_api.h"
#include "src/providers/providers.h"
#include "weir/base/status.h"

namespace weir::notification_controller {
namespace {

absl::StatusOr<ForgeApi> Connect(const Context& ctx, const Exchange& exchange) {
  WEIR_ASSIGN_OR_RETURN(GithubApi api,
                        ConnectToGithub(ctx, exchange, AppLogin::kIgnored));
  return std::move(api.repository);
}

http::Request List(const ForgeApi& api, const StatusUpdate& update) {
  return ApiRequest("GET",
                    absl::StrCat(api.repository, "/commits/", update.hash,
                                 "/statuses?per_page=50"),
                    api.headers);
}

bool IsDuplicate(const Value& answer, const StatusUpdate& update) {
  return IsNewestTheSame(answer, "state", update);
}

http::Request Post(const ForgeApi& api, const StatusUpdate& update) {
  Value body = Value::MakeObject();
  body.Set("state", update.state);
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
      .wrong_severity = "can't convert to github state",
      .list_failed = "could not list commit statuses",
      .post_failed = "could not create commit status",
      .connect = Connect,
      .list = List,
      .is_duplicate = IsDuplicate,
      .post = Post,
  };
  return PostStatus(ctx, exchange, kForge);
}

absl::Status Dispatch(const Context& ctx, const Exchange& exchange) {
  WEIR_ASSIGN_OR_RETURN(const ForgeApi api, Connect(ctx, exchange));
  const ObjectReference& object = exchange.event.object;
  Value body = Value::MakeObject();
  body.Set("event_type",
           absl::StrCat(object.kind, "/", object.name, ".", object.name_space));
  body.Set("client_payload", ToValue(exchange.event));
  WEIR_RETURN_IF_ERROR(
      CallIgnoringAnswer(
          ctx, exchange.sender,
          ApiRequest("POST", absl::StrCat(api.repository, "/dispatches"),
                     api.headers, body)),
      "could not send github repository dispatch webhook");
  return absl::OkStatus();
}

}  // namespace

const ProviderType kGithub = {
    .name = "github",
    .family = Family::kCommitStatus,
    .has_proxy = true,
    .has_tls = true,
    .check = CheckGithub,
    .notify = Notify,
};

const ProviderType kGithubDispatch = {
    .name = "githubdispatch",
    .has_proxy = true,
    .has_tls = true,
    .check = CheckGithub,
    .notify = Dispatch,
};

}  // namespace weir::notification_controller
