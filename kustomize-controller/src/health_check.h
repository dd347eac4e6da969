// HealthCheck says whether a set of objects is healthy, from what the watches
// know.
//
// Touches: network, through the tracker's watches.
// Threads: one thread at a time.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "src/plan.h"
#include "weir/apply/apply_run.h"
#include "weir/apply/health.h"
#include "weir/apply/health_rules.h"
#include "weir/apply/tracker.h"
#include "weir/kube/types.h"

namespace weir::kustomize_controller {

struct HealthTarget {
  kube::ObjectRef ref;
  bool is_ours = true;   // It has our label.
  bool has_ttl = false;  // A Job that removes itself: gone is good.
  // What the last answer of the server told; kUnknown when there was none.
  apply::Health known;
  // Of spec.healthCheckExprs; null for the usual rules.
  std::shared_ptr<const apply::HealthRule> rule;
};

// What a pass has to look at: all that was applied (wait), or healthChecks.
// Nothing when there is nothing to look at; a check of the Kustomization by
// itself is one of no objects.
std::optional<std::vector<HealthTarget>> HealthTargetsOf(
    const Plan& plan, const std::vector<apply::ApplyRun::Applied>& applied);

// Whether the health of objects of a kind can change after they were applied.
bool CanChangeHealth(const kube::GroupVersionKind& gvk);

struct HealthVerdict {
  enum class Kind { kPassed, kWaiting, kFailed } kind = Kind::kWaiting;
  // "failed early due to stalled resources: [...]".
  std::string message;
};

// `is_last_look`: what is not healthy now has failed.
HealthVerdict JudgeHealth(const std::vector<HealthTarget>& targets,
                          const apply::Tracker& tracker, absl::Time now,
                          bool fails_fast, bool is_last_look);

// The targets whose health has to be watched.
std::vector<apply::Tracker::Awaited> AwaitedOf(
    const std::vector<HealthTarget>& targets);

}  // namespace weir::kustomize_controller
