// The API server's refusals, in its words: each becomes a Status object.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "kinds.h"
#include "weir/value/value.h"

namespace weir::apiserver {

// A Failure of any kind. `details` may be null.
absl::Status MakeFailure(int code, absl::string_view reason,
                         absl::string_view message, Value details = Value());

absl::Status BadRequest(absl::string_view message);
// `deployments.apps "x" not found`
absl::Status ObjectNotFound(const KindInfo& kind, absl::string_view name);
absl::Status AlreadyExists(const KindInfo& kind, absl::string_view name,
                           bool is_being_deleted = false);
// `Operation cannot be fulfilled on deployments.apps "x": <why>`
absl::Status Conflict(const KindInfo& kind, absl::string_view name,
                      absl::string_view why);
// The conflict of a resourceVersion that is not the stored one.
absl::Status StaleVersion(const KindInfo& kind, absl::string_view name);
// `deployments.apps "x" is forbidden: <why>`; causes may be null.
absl::Status Forbidden(const KindInfo& kind, absl::string_view name,
                       absl::string_view why, Value causes = Value());
absl::Status MethodNotAllowed();
// The 422 of an option or a subresource's object:
// `PatchOptions.meta.k8s.io "" is invalid: <field>: <message>`
absl::Status InvalidOption(absl::string_view kind, absl::string_view group,
                           absl::string_view name, const FieldError& error);
absl::Status UnknownResource();
absl::Status NotAcceptable(absl::string_view accepted);
absl::Status UnsupportedMediaType(absl::string_view accepted);
absl::Status Expired(absl::string_view message);
absl::Status InternalError(absl::string_view message);

// "deployments.apps"
std::string QualifiedResource(const KindInfo& kind);

// The Status object of an error; one that is no API error becomes a 500.
Value StatusObjectOf(const absl::Status& status);

}  // namespace weir::apiserver
