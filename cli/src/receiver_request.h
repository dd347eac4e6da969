// The request that a Receiver of each type takes: signed as its sender would
// sign it, and saying nothing.
//
// Touches: nothing.
// Threads: functions of their arguments.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "weir/base/secret.h"

namespace weir::cli {

struct ReceiverCall {
  std::string type;  // Of the Receiver: "github".
  Secret token;      // Of the Receiver's Secret.
  // Of the sender, where the type is one that checks who sends: generic-oidc
  // and gcr.
  Secret id_token;
  // Which event it is; empty: a ping, or what the sender has in its place.
  std::string event;
  // The body; empty: one that the type understands.
  std::string payload;
};

struct ReceiverRequest {
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};

// Errors: kInvalidArgument for an unknown type, and when the token is missing
// that the type wants.
absl::StatusOr<ReceiverRequest> MakeReceiverRequest(const ReceiverCall& call);

// Where a Receiver listens. `token` is empty for generic-oidc.
std::string WebhookPath(const Secret& token, absl::string_view name,
                        absl::string_view name_space);

// Whether an answer may be another in a moment: the path is not known yet, or
// the controller is starting.
bool IsWorthAnotherTry(int code);

}  // namespace weir::cli
