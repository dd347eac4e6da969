// `helm template` for tests: its arguments, without a program.
//
// Touches: files that the arguments name.
// Threads: one thread.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "weir/helm/capabilities.h"
#include "weir/helm/release.h"
#include "weir/helm/render.h"
#include "weir/helm/values.h"

namespace weir::helm {

// What `helm template` prints for these arguments.
absl::StatusOr<std::string> RunTemplate(const std::vector<std::string>& args);

// What is wrong with values, helm lists in no order.
std::string InOrder(const std::string& message);

}  // namespace weir::helm
