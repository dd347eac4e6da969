// Requests and answers of the Kubernetes API as HTTP messages.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "weir/http/client.h"
#include "weir/kube/config.h"
#include "weir/kube/transport.h"

namespace weir::kube {

// The URL's start: scheme, host, port and path, without a "/" at the end. A
// server without a scheme gets https if the configuration is about TLS.
std::string BaseUrl(const Config& config);

// The headers of impersonation that `config` asks for.
http::Headers ImpersonationHeaders(const Config& config);

// All but identity and limits.
http::Request MakeHttpRequest(const std::string& base_url, Request request);

// Errors: kUnavailable when the body is not the JSON it claims to be.
absl::StatusOr<Response> MakeResponse(http::Response answer);

// Texts of `Warning: 299 <agent> "<text>"` headers.
std::vector<std::string> ParseWarnings(const std::vector<std::string>& values);

// Errors of the connection, as Transport has them; `what` is
// `Get "https://..."`.
absl::Status MakeTransportError(const absl::Status& status,
                                absl::string_view what);
std::string DescribeRequest(const http::Request& request);

}  // namespace weir::kube
