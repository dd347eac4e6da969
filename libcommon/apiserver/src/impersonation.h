// Impersonation: a request that asks to be somebody else's.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "api_request.h"

namespace weir::apiserver {

// Turns `user` into whom the Impersonate-* headers name, if any.
// Errors: 400 for groups or the like without a user.
absl::Status Impersonate(
    const std::vector<std::pair<std::string, std::string>>& headers,
    UserInfo& user);

}  // namespace weir::apiserver
