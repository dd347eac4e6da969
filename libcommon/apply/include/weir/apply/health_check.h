// Whether a set of objects is healthy, from what the watches know.
//
// Touches: network, through the tracker's watches.
// Threads: pure functions.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "weir/apply/health.h"
#include "weir/apply/health_rules.h"
#include "weir/apply/tracker.h"
#include "weir/kube/types.h"

namespace weir::apply {

struct HealthTarget {
  kube::ObjectRef ref;
  bool is_ours = true;   // It has our label.
  bool has_ttl = false;  // A Job that removes itself: gone is good.
  // What the last answer of the server told; kUnknown when there was none.
  Health known;
  // Null for the usual rules.
  std::shared_ptr<const HealthRule> rule;
};

// Whether the health of objects of a kind can change after they were applied.
bool CanChangeHealth(const kube::GroupVersionKind& gvk);

struct HealthVerdict {
  enum class Kind { kPassed, kWaiting, kFailed } kind = Kind::kWaiting;
  // "failed early due to stalled resources: [...]".
  std::string message;
};

// `is_last_look`: what is not healthy now has failed.
HealthVerdict JudgeHealth(const std::vector<HealthTarget>& targets,
                          const Tracker& tracker, absl::Time now,
                          bool fails_fast, bool is_last_look);

// The targets whose health has to be watched.
std::vector<Tracker::Awaited> AwaitedOf(
    const std::vector<HealthTarget>& targets);

}  // namespace weir::apply
