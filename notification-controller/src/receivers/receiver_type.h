// ReceiverType is one row of the table of senders of webhooks: how they prove
// who they are.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "src/receivers/hook.h"
#include "weir/base/secret.h"

namespace weir::notification_controller {

// Whose token a hook must carry, where tokens are verified by keys that are
// published.
enum class TokenIssuer { kNone, kConfigured, kGoogle };

struct ReceiverType {
  const char* name = nullptr;          // spec.type
  const char* title = "";              // In messages: "GitHub".
  const char* event_header = nullptr;  // Null: spec.events is not looked at.
  TokenIssuer issuer = TokenIssuer::kNone;
  // Whether the hook is from who it should be from, and says what it should.
  // With an issuer, its token has been verified before.
  // Errors: in upstream's words, without secrets.
  absl::StatusOr<Message> (*read)(const Hook& hook, const Secret& token);
};

// Null when there is none of that name.
const ReceiverType* FindReceiverType(absl::string_view name);
absl::Span<const ReceiverType> AllReceiverTypes();

// What the type's `read` says, if `events`, when there are any and the type
// knows events, have the hook's in any case.
absl::StatusOr<Message> ReadHook(const ReceiverType& type, const Hook& hook,
                                 const Secret& token,
                                 const std::vector<std::string>& events);

// --- The functions of the table.
absl::StatusOr<Message> ReadPlain(const Hook& hook, const Secret& token);
absl::StatusOr<Message> ReadSigned(const Hook& hook, const Secret& token);
absl::StatusOr<Message> ReadGitHub(const Hook& hook, const Secret& token);
absl::StatusOr<Message> ReadBitbucket(const Hook& hook, const Secret& token);
absl::StatusOr<Message> ReadGitLab(const Hook& hook, const Secret& token);
absl::StatusOr<Message> ReadHarbor(const Hook& hook, const Secret& token);
absl::StatusOr<Message> ReadNexus(const Hook& hook, const Secret& token);
absl::StatusOr<Message> ReadDockerHub(const Hook& hook, const Secret& token);
absl::StatusOr<Message> ReadQuay(const Hook& hook, const Secret& token);
absl::StatusOr<Message> ReadAcr(const Hook& hook, const Secret& token);
absl::StatusOr<Message> ReadGcr(const Hook& hook, const Secret& token);
absl::StatusOr<Message> ReadCdEvent(const Hook& hook, const Secret& token);

}  // namespace weir::notification_controller
