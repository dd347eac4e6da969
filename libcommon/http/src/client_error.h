// Turns libcurl's result codes into Status.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include <curl/curl.h>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "src/client_url.h"

namespace weir::http {

// `easy` is the handle that ended with `code`, `detail` its error buffer.
// Messages hold no times, counts or addresses that change from one try to the
// next: they end up in conditions, where a new text is a change.
absl::Status MakeTransferError(CURL* easy, CURLcode code,
                               absl::string_view detail, const Target& target,
                               absl::string_view proxy);

}  // namespace weir::http
