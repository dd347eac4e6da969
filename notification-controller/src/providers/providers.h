// The rows of the table, each made by the provider's own file.
//
// Touches: nothing.
// Threads: constants.
#pragma once

#include "src/provider_type.h"

namespace weir::notification_controller {

extern const ProviderType kAlertmanager;
extern const ProviderType kAzureDevOps;
extern const ProviderType kAzureEventHub;
extern const ProviderType kBitbucket;
extern const ProviderType kBitbucketServer;
extern const ProviderType kDatadog;
extern const ProviderType kDiscord;
extern const ProviderType kGeneric;
extern const ProviderType kGenericHmac;
extern const ProviderType kGitea;
extern const ProviderType kGiteaPullRequestComment;
extern const ProviderType kGithub;
extern const ProviderType kGithubDispatch;
extern const ProviderType kGithubPullRequestComment;
extern const ProviderType kGitlab;
extern const ProviderType kGitlabMergeRequestComment;
extern const ProviderType kGoogleChat;
extern const ProviderType kGooglePubSub;
extern const ProviderType kGrafana;
extern const ProviderType kIncidentIo;
extern const ProviderType kLark;
extern const ProviderType kMatrix;
extern const ProviderType kMsTeams;
extern const ProviderType kNats;
extern const ProviderType kOpsgenie;
extern const ProviderType kOtel;
extern const ProviderType kPagerDuty;
extern const ProviderType kRocket;
extern const ProviderType kSentry;
extern const ProviderType kSlack;
extern const ProviderType kTelegram;
extern const ProviderType kWebex;
extern const ProviderType kZoom;
extern const ProviderType kZulip;

}  // namespace weir::notification_controller
