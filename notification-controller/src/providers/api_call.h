// Calls of JSON APIs: one request, its answer checked and parsed.
//
// Touches: network, through the Sender it is given.
// Threads: may be called by many threads.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "src/provider_type.h"
#include "weir/value/value.h"

namespace weir::notification_controller {

// A request without a body.
http::Request ApiRequest(absl::string_view method, std::string url,
                         const http::Headers& headers);
// One with a JSON body.
http::Request ApiRequest(absl::string_view method, std::string url,
                         const http::Headers& headers, const Value& body);

struct CallOptions {
  bool absent_is_null = false;  // 404 is an answer: null.
  // What errors begin with instead of method and URL, for URLs that may hold
  // a token.
  const char* what = nullptr;
};

// The JSON of the answer; null when the body is empty.
// Errors: the sender's; for codes other than 2xx "GET <url without query>: 401
// <the API's message>", kFailedPrecondition, or kUnavailable when trying again
// may help; kUnavailable when the answer is no JSON. Credentials that the other
// side repeats are masked.
absl::StatusOr<Value> Call(const Context& ctx, Sender& sender,
                           http::Request request,
                           const CallOptions& options = {});

// The same, whatever the answer says.
absl::Status CallIgnoringAnswer(const Context& ctx, Sender& sender,
                                http::Request request,
                                const CallOptions& options = {});

}  // namespace weir::notification_controller
