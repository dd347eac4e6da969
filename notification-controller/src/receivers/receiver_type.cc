#include "src/receivers/receiver_type.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "weir/base/status.h"

namespace weir::notification_controller {
namespace {

constexpr ReceiverType kTypes[] = {
    {.name = "generic", .title = "generic", .read = ReadPlain},
    {.name = "generic-hmac", .title = "generic", .read = ReadSigned},
    {.name = "generic-oidc",
     .title = "generic",
     .issuer = TokenIssuer::kConfigured,
     .read = ReadPlain},
    {.name = "github",
     .title = "GitHub",
     .event_header = "X-GitHub-Event",
     .read = ReadGitHub},
    {.name = "gitlab",
     .title = "GitLab",
     .event_header = "X-Gitlab-Event",
     .read = ReadGitLab},
    {.name = "bitbucket",
     .title = "Bitbucket server",
     .event_header = "X-Event-Key",
     .read = ReadBitbucket},
    {.name = "harbor", .title = "Harbor", .read = ReadHarbor},
    {.name = "dockerhub", .title = "DockerHub", .read = ReadDockerHub},
    {.name = "quay", .title = "Quay", .read = ReadQuay},
    {.name = "gcr",
     .title = "GCR",
     .issuer = TokenIssuer::kGoogle,
     .read = ReadGcr},
    {.name = "nexus", .title = "Nexus", .read = ReadNexus},
    {.name = "acr", .title = "ACR", .read = ReadAcr},
    {.name = "cdevents",
     .title = "CDEvent",
     .event_header = "Ce-Type",
     .read = ReadCdEvent},
};

}  // namespace

absl::Span<const ReceiverType> AllReceiverTypes() { return kTypes; }

const ReceiverType* FindReceiverType(absl::string_view name) {
  const auto* found = std::find_if(
      std::begin(kTypes), std::end(kTypes),
      [name](const ReceiverType& one) { return one.name == name; });
  return found == std::end(kTypes) ? nullptr : found;
}

absl::StatusOr<Message> ReadHook(const ReceiverType& type, const Hook& hook,
                                 const Secret& token,
                                 const std::vector<std::string>& events) {
  WEIR_ASSIGN_OR_RETURN(Message message, type.read(hook, token));
  if (type.event_header == nullptr || events.empty()) return message;
  const absl::string_view event = hook.headers.Get(type.event_header);
  const bool is_wanted = std::any_of(
      events.begin(), events.end(),
      [event](const auto& one) { return absl::EqualsIgnoreCase(event, one); });
  if (is_wanted) return message;
  return absl::PermissionDeniedError(absl::StrCat(
      "the ", type.title, " event \"", event, "\" is not authorised"));
}

}  // namespace weir::notification_controller
