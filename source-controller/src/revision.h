// Revisions of Git artifacts: "main@sha1:<hex>", "sha1:<hex>".
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "weir/git/repository.h"

namespace weir::source {

// "refs/heads/feature/x" -> "feature/x": what follows the second slash.
absl::string_view ShortReference(absl::string_view reference);

// "<name>@sha1:<hex>", or "sha1:<hex>" without a name.
std::string MakeRevision(absl::string_view name, const git::Oid& commit);

// The form before Flux 0.41, "main/<hex>" and "HEAD/<hex>", becomes the
// present one; other text is returned as it is.
std::string ModernRevision(absl::string_view revision);

// The first line of a commit's message, at most 50 characters and "...".
std::string ShortMessage(absl::string_view message);

}  // namespace weir::source
