// The table of providers; a new one is added here and in providers.h.
#include "src/providers/providers.h"

namespace weir::notification_controller {

absl::Span<const ProviderType* const> AllProviderTypes() {
  // One row a line.
  // clang-format off
  static const ProviderType* const kTypes[] = {
      &kAlertmanager,
      &kAzureDevOps,
      &kAzureEventHub,
      &kBitbucket,
      &kBitbucketServer,
      &kDatadog,
      &kDiscord,
      &kGeneric,
      &kGenericHmac,
      &kGitea,
      &kGiteaPullRequestComment,
      &kGithub,
      &kGithubDispatch,
      &kGithubPullRequestComment,
      &kGitlab,
      &kGitlabMergeRequestComment,
      &kGoogleChat,
      &kGooglePubSub,
      &kGrafana,
      &kIncidentIo,
      &kLark,
      &kMatrix,
      &kMsTeams,
      &kNats,
      &kOpsgenie,
      &kOtel,
      &kPagerDuty,
      &kRocket,
      &kSentry,
      &kSlack,
      &kTelegram,
      &kWebex,
      &kZoom,
      &kZulip,
  };
  // clang-format on
  return kTypes;
}

}  // namespace weir::notification_controller
