// Waiting, without a worker: for objects to become healthy, for hooks to end,
// for deleted objects to be gone.
//
// Touches: network, through the tracker's watches; clock.
// Threads: one thread at a time.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "src/release_objects.h"
#include "src/workbench.h"
#include "weir/apply/health_check.h"
#include "weir/kube/types.h"

namespace weir::helm_controller {

// What is known of an applied object, by the server's answer.
apply::HealthTarget HealthTargetOf(const Workbench& bench, const Value& live);

class ObjectWait {
 public:
  enum class Until { kHealthy, kReady, kEnded, kGone };
  // kHealthy: as kustomize-controller's health checks. kReady: as Helm 3 has
  // it, and no failure but that of a Job ends the wait. kEnded: Jobs and Pods
  // have run to their end; other kinds need nothing, unless a rule is for
  // them.
  ObjectWait(Workbench& bench, std::vector<apply::HealthTarget> targets,
             Until until, absl::Duration timeout);
  ~ObjectWait();
  ObjectWait(const ObjectWait&) = delete;
  ObjectWait& operator=(const ObjectWait&) = delete;

  // Errors: kFailedPrecondition when one has failed, kDeadlineExceeded when
  // time is up, in Flux's words.
  absl::StatusOr<Progress> Advance();

 private:
  absl::StatusOr<Progress> AdvanceReady(absl::Time now);
  absl::StatusOr<Progress> AdvanceEnded(absl::Time now);
  absl::StatusOr<Progress> AdvanceGone(absl::Time now);
  // How it stands with a hook's object.
  apply::HealthStatus EndOf(const apply::HealthTarget& target, absl::Time now);

  Workbench& bench_;
  std::vector<apply::HealthTarget> targets_;
  const Until until_;
  const absl::Time deadline_;
};

}  // namespace weir::helm_controller
