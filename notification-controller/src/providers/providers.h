// The rows of the table, each made by the provider's own file.
//
// Touches: nothing.
// Threads: constants.
#pragma once

#include "src/provider_type.h"

namespace weir::notification_controller {

extern const ProviderType kAzureDevOps;
extern const ProviderType kBitbucket;
extern const ProviderType kBitbucketServer;
extern const ProviderType kGeneric;
extern const ProviderType kGenericHmac;
extern const ProviderType kGitea;
extern const ProviderType kGiteaPullRequestComment;
extern const ProviderType kGithub;
extern const ProviderType kGithubDispatch;
extern const ProviderType kGithubPullRequestComment;
extern const ProviderType kGitlab;
extern const ProviderType kGitlabMergeRequestComment;

}  // namespace weir::notification_controller
