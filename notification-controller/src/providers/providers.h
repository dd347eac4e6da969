// The rows of the table, each made by the provider's own file.
//
// Touches: nothing.
// Threads: constants.
#pragma once

#include "src/provider_type.h"

namespace weir::notification_controller {

extern const ProviderType kGeneric;
extern const ProviderType kGenericHmac;
extern const ProviderType kSlack;
extern const ProviderType kDiscord;
extern const ProviderType kRocket;
extern const ProviderType kMsTeams;
extern const ProviderType kGoogleChat;
extern const ProviderType kWebex;
extern const ProviderType kTelegram;
extern const ProviderType kLark;
extern const ProviderType kMatrix;
extern const ProviderType kOpsgenie;
extern const ProviderType kAlertmanager;
extern const ProviderType kGrafana;
extern const ProviderType kPagerDuty;
extern const ProviderType kDatadog;
extern const ProviderType kZulip;
extern const ProviderType kZoom;
extern const ProviderType kIncidentIo;

}  // namespace weir::notification_controller
