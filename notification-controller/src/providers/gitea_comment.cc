// giteapullrequestcomment: comments of pull requests of Gitea and Forgejo.
#include <utility>

#include "absl/strings/str_cat.h"
#include "src/providers/api_call.h"
#include "src/providers/change_request.h"
#include "src/providers/gitea_api.h"
#include "src/providers/providers.h"
#include "weir/base/status.h"

namespace weir::notification_controller {
namespace {

absl::StatusOr<CommentApi> Connect(const Context& ctx,
                                   const Exchange& exchange) {
  WEIR_ASSIGN_OR_RETURN(GiteaApi api, ConnectToGitea(ctx, exchange));
  return CommentApi{std::move(api.base), std::move(api.repository.repository),
                    std::move(api.repository.headers), ""};
}

http::Request List(const CommentApi& api, int64_t number) {
  return ApiRequest(
      "GET", absl::StrCat(IssueComments(api, number), "?limit=100&page=1"),
      api.headers);
}

absl::Status Notify(const Context& ctx, const Exchange& exchange) {
  static constexpr CommentForge kForge = {
      .connect = Connect,
      .list = List,
  };
  return PostComment(ctx, exchange, kForge);
}

}  // namespace

const ProviderType kGiteaPullRequestComment = {
    .name = "giteapullrequestcomment",
    .family = Family::kChangeRequest,
    .has_proxy = true,
    .has_tls = true,
    .check = CheckGitea,
    .notify = Notify,
};

}  // namespace weir::notification_controller
