// PostStatus puts an event on the commit that it is about, unless it says so
// already. What differs among forges is in a StatusForge.
//
// Touches: network, through the Sender of the exchange.
// Threads: may be called by many threads.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "src/provider_type.h"
#include "weir/value/value.h"

namespace weir::notification_controller {

// A repository of a forge's API, and the headers its requests carry.
struct ForgeApi {
  std::string repository;  // "https://git.example/api/v1/repos/org/repo"
  http::Headers headers;
  std::string address;  // The Provider's, without credentials.
};

struct StatusUpdate {
  const Event& event;
  std::string hash;
  std::string id;
  std::string state;        // In the forge's words.
  std::string description;  // "apply succeeded"
  std::string name;         // "kustomization/app"
};

struct StatusForge {
  const char* info_state = nullptr;
  const char* error_state = nullptr;
  // Null: events that something is in progress are not told.
  const char* progressing_state = nullptr;
  // What errors begin with.
  const char* wrong_revision = nullptr;
  const char* wrong_severity = nullptr;
  const char* list_failed = nullptr;
  const char* post_failed = nullptr;
  bool absent_is_none = false;  // 404 says that there is no status yet.

  absl::StatusOr<ForgeApi> (*connect)(const Context& ctx,
                                      const Exchange& exchange) = nullptr;
  http::Request (*list)(const ForgeApi& api,
                        const StatusUpdate& update) = nullptr;
  // Whether the answer to `list` says the same as the update.
  bool (*is_duplicate)(const Value& answer,
                       const StatusUpdate& update) = nullptr;
  http::Request (*post)(const ForgeApi& api,
                        const StatusUpdate& update) = nullptr;
};

absl::Status PostStatus(const Context& ctx, const Exchange& exchange,
                        const StatusForge& forge);

// Whether the newest status of a list, which is the first of `update`'s
// context, has the same state and description. The state is in the member
// `state`.
bool IsNewestTheSame(const Value& list, absl::string_view state,
                     const StatusUpdate& update);

// The id in the 40 characters that Bitbucket takes: its SHA-1 in hex.
std::string KeyOf(const StatusUpdate& update);

}  // namespace weir::notification_controller
