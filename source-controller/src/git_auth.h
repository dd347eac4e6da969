// How a GitRepository's Secret becomes the credentials of a connection.
//
// Touches: nothing.
// Threads: pure functions.
// Source: source.md, sections 6 and 7.4.
#pragma once

#include "absl/status/status.h"
#include "weir/git/remote.h"
#include "weir/kube/secrets.h"

namespace weir::source {

// Fills in what the Secret says for a connection to options->url; an empty
// Secret is anonymous access where there is such a thing. Keys that mean
// nothing are ignored.
// Errors: kInvalidArgument, in the words that users know.
absl::Status ApplyCredentials(const kube::SecretData& credentials,
                              git::RemoteOptions* options);

}  // namespace weir::source
