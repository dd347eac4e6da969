#include "src/providers/commit_status.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "src/providers/api_call.h"
#include "src/providers/git_repository.h"
#include "weir/base/status.h"
#include "weir/crypto/digest.h"

namespace weir::notification_controller {
namespace {

constexpr absl::string_view kProgressing = "Progressing";

absl::Status Annotated(const absl::Status& status, const char* prefix) {
  return prefix == nullptr ? status : Annotate(status, prefix);
}

absl::StatusOr<std::string> StateOf(const Event& event,
                                    const StatusForge& forge) {
  if (event.reason == kProgressing) return forge.progressing_state;
  if (event.severity == kSeverityInfo) return forge.info_state;
  if (event.severity == kSeverityError) return forge.error_state;
  return absl::FailedPreconditionError(forge.wrong_severity);
}

absl::StatusOr<StatusUpdate> MakeUpdate(const Event& event,
                                        const Settings& settings,
                                        const StatusForge& forge) {
  absl::StatusOr<std::string> hash = CommitHash(event);
  if (!hash.ok()) return Annotated(hash.status(), forge.wrong_revision);
  WEIR_ASSIGN_OR_RETURN(std::string state, StateOf(event, forge));
  return StatusUpdate{
      .event = event,
      .hash = *std::move(hash),
      .id = settings.commit_status,
      .state = std::move(state),
      .description = ReasonWords(event.reason),
      .name = absl::AsciiStrToLower(
          absl::StrCat(event.object.kind, "/", event.object.name)),
  };
}

}  // namespace

absl::Status PostStatus(const Context& ctx, const Exchange& exchange,
                        const StatusForge& forge) {
  if (exchange.settings.commit_status.empty()) {
    return absl::InvalidArgumentError("commit status cannot be empty");
  }
  if (exchange.event.reason == kProgressing &&
      forge.progressing_state == nullptr) {
    return absl::OkStatus();
  }
  WEIR_ASSIGN_OR_RETURN(const StatusUpdate update,
                        MakeUpdate(exchange.event, exchange.settings, forge));
  WEIR_ASSIGN_OR_RETURN(const ForgeApi api, forge.connect(ctx, exchange));
  CallOptions options;
  options.absent_is_null = forge.absent_is_none;
  const absl::StatusOr<Value> there =
      Call(ctx, exchange.sender, forge.list(api, update), options);
  if (!there.ok()) return Annotated(there.status(), forge.list_failed);
  if (forge.is_duplicate(*there, update)) return absl::OkStatus();
  return Annotated(
      CallIgnoringAnswer(ctx, exchange.sender, forge.post(api, update)),
      forge.post_failed);
}

bool IsNewestTheSame(const Value& list, absl::string_view state,
                     const StatusUpdate& update) {
  for (const Value& status : list.array()) {
    if (!status["context"].is_string() || !status[state].is_string() ||
        !status["description"].is_string()) {
      continue;
    }
    if (status.GetString("context") != update.id) continue;
    return status.GetString(state) == update.state &&
           status.GetString("description") == update.description;
  }
  return false;
}

std::string KeyOf(const StatusUpdate& update) {
  return crypto::ComputeDigest(crypto::DigestAlgorithm::kSha1, update.id).hex;
}

}  // namespace weir::notification_controller
