// The table of providers; a new one is added here and in providers.h.
#include "src/providers/providers.h"

namespace weir::notification_controller {

absl::Span<const ProviderType* const> AllProviderTypes() {
  static const ProviderType* const kTypes[] = {
      &kAzureDevOps,
      &kBitbucket,
      &kBitbucketServer,
      &kGeneric,
      &kGenericHmac,
      &kGitea,
      &kGiteaPullRequestComment,
      &kGithub,
      &kGithubDispatch,
      &kGithubPullRequestComment,
      &kGitlab,
      &kGitlabMergeRequestComment,
  };
  return kTypes;
}

}  // namespace weir::notification_controller
