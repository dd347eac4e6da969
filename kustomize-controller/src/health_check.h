// What a Kustomization's health check looks at.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include <optional>
#include <vector>

#include "src/plan.h"
#include "weir/apply/apply_run.h"
#include "weir/apply/health_check.h"

namespace weir::kustomize_controller {

// What a pass has to look at: all that was applied (wait), or healthChecks.
// Nothing when there is nothing to look at; a check of the Kustomization by
// itself is one of no objects.
std::optional<std::vector<apply::HealthTarget>> HealthTargetsOf(
    const Plan& plan, const std::vector<apply::ApplyRun::Applied>& applied);

}  // namespace weir::kustomize_controller
