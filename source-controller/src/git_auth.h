// How a GitRepository's Secret becomes the credentials of a connection.
//
// Touches: nothing.
// Threads: pure functions.
// Source: source.md, sections 6 and 7.4.
#pragma once

#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "weir/base/secret.h"
#include "weir/git/remote.h"
#include "weir/value/value.h"

namespace weir::source {

struct Credentials {
  std::string name;  // "namespace/name" of the Secret, for messages.
  std::map<std::string, Secret> data;
};

// Reads a Secret object. Errors: kInvalidArgument for data that is no base64.
absl::StatusOr<Credentials> ReadCredentials(const Value& secret);

// Fills in what the Secret says for a connection to options->url; an empty
// Secret is anonymous access where there is such a thing. Keys that mean
// nothing are ignored.
// Errors: kInvalidArgument, in the words that users know.
absl::Status ApplyCredentials(const Credentials& credentials,
                              git::RemoteOptions* options);

}  // namespace weir::source
