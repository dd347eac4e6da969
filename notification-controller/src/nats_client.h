// PublishToNats sends one message to a NATS server.
//
// Which part of the protocol is spoken, and why not by NATS's C client, is in
// docs/adr/0011-nats.md.
//
// Touches: network.
// Threads: may be called by many threads.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "weir/base/context.h"
#include "weir/base/secret.h"

namespace weir::notification_controller {

struct NatsLogin {
  // The first of these that is set: the text of a .creds file; the seed of an
  // nkey; user and password, both. Else what the address says.
  Secret creds;
  Secret nkey;
  std::string username;
  Secret password;
};

// Whether these are addresses, separated by commas: "nats://host:4222",
// "tls://host" or "host".
// Errors: kInvalidArgument; never quotes one, as they may hold a password.
absl::Status CheckNatsServers(absl::string_view servers);

// Whether messages can have it: no spaces, no control characters, no empty
// parts between dots.
bool IsNatsSubject(absl::string_view subject);

// Returns when the server has taken it. Goes to the first server that answers
// within 2 s and takes the login.
// Errors: kInvalidArgument; kUnavailable "error connecting to server: nats:
// <why>", or when the server refused the message; kUnauthenticated when it
// refused the login, or is not who it should be; kDeadlineExceeded, kCancelled.
// Source: docs.nats.io, "Client Protocol".
absl::Status PublishToNats(const Context& ctx, absl::string_view servers,
                           const NatsLogin& login, const std::string& subject,
                           absl::string_view payload);

}  // namespace weir::notification_controller
