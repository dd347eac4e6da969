// gitlabmergerequestcomment: notes of merge requests of GitLab.
#include <utility>

#include "absl/strings/str_cat.h"
#include "src/providers/api_call.h"
#include "src/providers/change_request.h"
#include "src/providers/gitlab_api.h"
#include "src/providers/providers.h"
#include "weir/base/status.h"

namespace weir::notification_controller {
namespace {

absl::StatusOr<CommentApi> Connect(const Context& /*ctx*/,
                                   const Exchange& exchange) {
  WEIR_ASSIGN_OR_RETURN(GitlabApi api, MakeGitlabApi(exchange.settings));
  return CommentApi{std::move(api.base), std::move(api.project.repository),
                    std::move(api.project.headers), ""};
}

std::string Notes(const CommentApi& api, int64_t number) {
  return absl::StrCat(api.repository, "/merge_requests/", number, "/notes");
}

std::string Note(const CommentApi& api, int64_t number, int64_t id) {
  return absl::StrCat(Notes(api, number), "/", id);
}

http::Request List(const CommentApi& api, int64_t number) {
  return ApiRequest("GET",
                    absl::StrCat(Notes(api, number),
                                 "?order_by=created_at&per_page=100&sort=asc"),
                    api.headers);
}

absl::Status Notify(const Context& ctx, const Exchange& exchange) {
  static constexpr CommentForge kForge = {
      .key_prefix = "flux-mr-comment-key",
      .login_member = "username",
      .author_member = "author",
      .list_failed = "failed to list merge request notes",
      .edit_failed = "failed to update merge request note",
      .create_failed = "failed to create merge request note",
      .edit_method = "PUT",
      .connect = Connect,
      .list = List,
      .comments = Notes,
      .comment = Note,
  };
  return PostComment(ctx, exchange, kForge);
}

}  // namespace

const ProviderType kGitlabMergeRequestComment = {
    .name = "gitlabmergerequestcomment",
    .family = Family::kChangeRequest,
    .has_proxy = true,
    .has_tls = true,
    .check = CheckGitlab,
    .notify = Notify,
};

}  // namespace weir::notification_controller
