// The table of providers; a new one is added here and in providers.h.
#include "src/providers/providers.h"

namespace weir::notification_controller {

absl::Span<const ProviderType* const> AllProviderTypes() {
  // One row a line.
  // clang-format off
  static const ProviderType* const kTypes[] = {
      &kAlertmanager,
      &kAzureDevOps,
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
      &kGrafana,
      &kIncidentIo,
      &kLark,
      &kMatrix,
      &kMsTeams,
      &kOpsgenie,
      &kPagerDuty,
      &kRocket,
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
