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

std::string Comments(const CommentApi& api, int64_t number) {
  return absl::StrCat(api.repository, "/issues/", number, "/comments");
}

std::string Comment(const CommentApi& api, int64_t /*number*/, int64_t id) {
  return absl::StrCat(api.repository, "/issues/comments/", id);
}

http::Request List(const CommentApi& api, int64_t number) {
  http::Request request =
      ApiRequest("GET",
                 absl::StrCat(Comments(api, number),
                              "?direction=asc&per_page=100&sort=created"),
                 api.headers);
  // As upstream's client, which asks for reactions too.
  request.headers.Set("Accept", "application/vnd.github.squirrel-girl-preview");
  return request;
}

absl::Status Notify(const Context& ctx, const Exchange& exchange) {
  static constexpr CommentForge kForge = {
      .key_prefix = "flux-pr-comment-key",
      .login_member = "login",
      .author_member = "user",
      .list_failed = "failed to list pull request comments",
      .edit_failed = "failed to update pull request comment",
      .create_failed = "failed to create pull request comment",
      .edit_method = "PATCH",
      .connect = Connect,
      .list = List,
      .comments = Comments,
      .comment = Comment,
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
