// PostComment tells the state of an object in one comment of a pull or merge
// request: it edits its own if there is one. What differs among forges is in a
// CommentForge.
//
// Touches: network, through the Sender of the exchange.
// Threads: may be called by many threads.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "src/provider_type.h"
#include "weir/value/value.h"

namespace weir::notification_controller {

// Where the comments are, and who writes there.
struct CommentApi {
  std::string base;        // "https://git.example/api/v1"
  std::string repository;  // ".../repos/org/repo"
  http::Headers headers;
  std::string login;  // Empty: not known yet.
};

// Where comments of pull requests are, in the API that GitHub made: pull
// requests are issues there.
std::string IssueComments(const CommentApi& api, int64_t number);
std::string IssueComment(const CommentApi& api, int64_t number, int64_t id);

// The defaults are those of forges with GitHub's API.
struct CommentForge {
  const char* key_prefix = "flux-pr-comment-key";
  const char* login_member = "login";  // Of a user.
  const char* author_member = "user";  // Of a comment.
  // What errors begin with.
  const char* list_failed = "failed to list pull request comments";
  const char* edit_failed = "failed to update pull request comment";
  const char* create_failed = "failed to create pull request comment";
  const char* edit_method = "PATCH";

  absl::StatusOr<CommentApi> (*connect)(const Context& ctx,
                                        const Exchange& exchange) = nullptr;
  // The first hundred, oldest first.
  http::Request (*list)(const CommentApi& api, int64_t number) = nullptr;
  // The address where a comment is created, and where this one is edited.
  std::string (*comments)(const CommentApi& api,
                          int64_t number) = IssueComments;
  std::string (*comment)(const CommentApi& api, int64_t number,
                         int64_t id) = IssueComment;
};

absl::Status PostComment(const Context& ctx, const Exchange& exchange,
                         const CommentForge& forge);

}  // namespace weir::notification_controller
