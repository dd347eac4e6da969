// Where a repository is, as git writes addresses, and which commit of it an
// event is about: what all forges begin with.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "src/event.h"
#include "src/settings.h"

namespace weir::notification_controller {

struct GitAddress {
  std::string host;  // "https://git.example:8443"
  std::string id;    // "org/repo"
};

// Takes "https://git.example/org/repo.git", "ssh://git@git.example:22/org/repo"
// and "git@git.example:org/repo". Of ssh becomes https; a port is kept.
// Errors: kInvalidArgument; never quotes the address, which may hold a token.
// Source: chainguard-dev/git-urls and upstream's parseGitAddress.
absl::StatusOr<GitAddress> ParseGitAddress(absl::string_view address);

// The parts of "org/repo"; `count` of them, 0: any number.
// Errors: kInvalidArgument `invalid repository id "x"` for another number, and
// for parts that would lead elsewhere: empty ones, "." and "..".
absl::StatusOr<std::vector<std::string>> SplitRepositoryId(absl::string_view id,
                                                           size_t count);

// As Go's url.PathEscape: "a/b" is "a%2Fb".
std::string EscapeSegment(absl::string_view segment);

// The hash of the commit that the event is about: of the metadata `commit`,
// `originRevision` or `revision`, whichever is there first. SHA-1 or SHA-256.
// Errors: kFailedPrecondition, in upstream's words.
absl::StatusOr<std::string> CommitHash(const Event& event);

// The Secret's token, else its password.
const Secret& TokenOrPassword(const Settings& settings);

}  // namespace weir::notification_controller
