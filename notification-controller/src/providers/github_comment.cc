// githubpullrequestcomment: comments of pull requests of GitHub.
#include <utility>

#include "absl/strings/str_cat.h"
#include "src/providers/api_call.h"
#include "src/providers/change_request.h"
#include "src/providers/github_api.h"
#include "src/providers/providers.h"
#include "weir/base/status.h"

namespace weir::notification_controller {
namespace {

absl::StatusOr<CommentApi> Connect(const Context& ctx,
                                   const Exchange& exchange) {
  WEIR_ASSIGN_OR_RETURN(GithubApi api,
                        ConnectToGithub(ctx, exchange, AppLogin::kWanted));
  return CommentApi{std::move(api.base), std::move(api.repository.repository),
                    std::move(api.repository.headers),
                    std::move(api.app_login)};
}

http::Request List(const CommentApi& api, int64_t number) {
  http::Request request =
      ApiRequest("GET",
                 absl::StrCat(IssueComments(api, number),
                              "?direction=asc&per_page=100&sort=created"),
                 api.headers);
  // As upstream's client, which asks for reactions too.
  request.headers.Set("Accept", "application/vnd.github.squirrel-girl-preview");
  return request;
}

absl::Status Notify(const Context& ctx, const Exchange& exchange) {
  static constexpr CommentForge kForge = {
      .connect = Connect,
      .list = List,
  };
  return PostComment(ctx, exchange, kForge);
}

}  // namespace

const ProviderType kGithubPullRequestComment = {
    .name = "githubpullrequestcomment",
    .family = Family::kChangeRequest,
    .has_proxy = true,
    .has_tls = true,
    .check = CheckGithub,
    .notify = Notify,
};

}  // namespace weir::notification_controller
