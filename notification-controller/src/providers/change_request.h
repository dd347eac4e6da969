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

struct CommentForge {
  const char* key_prefix = nullptr;
  const char* login_member = nullptr;   // Of a user: "login".
  const char* author_member = nullptr;  // Of a comment: "user".
  // What errors begin with.
  const char* list_failed = nullptr;
  const char* edit_failed = nullptr;
  const char* create_failed = nullptr;
  const char* edit_method = nullptr;

  absl::StatusOr<CommentApi> (*connect)(const Context& ctx,
                                        const Exchange& exchange) = nullptr;
  // The first hundred, oldest first.
  http::Request (*list)(const CommentApi& api, int64_t number) = nullptr;
  // The address where a comment is created, and where this one is edited.
  std::string (*comments)(const CommentApi& api, int64_t number) = nullptr;
  std::string (*comment)(const CommentApi& api, int64_t number,
                         int64_t id) = nullptr;
};

absl::Status PostComment(const Context& ctx, const Exchange& exchange,
                         const CommentForge& forge);

}  // namespace weir::notification_controller
