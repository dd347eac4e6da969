// The table of providers; a new one is added here and in providers.h.
#include "src/providers/providers.h"

namespace weir::notification_controller {

absl::Span<const ProviderType* const> AllProviderTypes() {
  // One row a line.
  // clang-format off
  static const ProviderType* const kTypes[] = {
      &kGeneric,
      &kGenericHmac,
      &kSlack,
      &kDiscord,
      &kRocket,
      &kMsTeams,
      &kGoogleChat,
      &kWebex,
      &kTelegram,
      &kLark,
      &kMatrix,
      &kOpsgenie,
      &kAlertmanager,
      &kGrafana,
      &kPagerDuty,
      &kDatadog,
      &kZulip,
      &kZoom,
      &kIncidentIo,
  };
  // clang-format on
  return kTypes;
}

}  // namespace weir::notification_controller
