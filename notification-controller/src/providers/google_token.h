// Access tokens of Google Cloud: the key of a service account signs who it is,
// and the token endpoint answers with one.
//
// Touches: clock; network, through the Sender of the exchange.
// Threads: may be called by many threads.
#pragma once

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "src/provider_type.h"
#include "weir/base/secret.h"

namespace weir::notification_controller {

// For the JSON of a service account in the Secret's `token`. From the cache,
// or from Google.
// Errors: kInvalidArgument when it is no such JSON; never quotes it.
// Source: RFC 7523, section 2.1.
absl::StatusOr<Secret> GetGoogleToken(const Context& ctx,
                                      const Exchange& exchange,
                                      absl::string_view scope);

}  // namespace weir::notification_controller
