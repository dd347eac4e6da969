// An archive in memory, which errors call by a name as if it were a file.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "weir/helm/chart.h"
#include "weir/helm/load.h"

namespace weir::helm {

// Errors: as LoadChart of that file.
absl::StatusOr<Chart> LoadNamedArchive(const std::string& name,
                                       absl::string_view bytes,
                                       const LoadOptions& options);

}  // namespace weir::helm
