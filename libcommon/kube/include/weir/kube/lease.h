// LeaderElector holds a Lease while it can, so that one of several replicas
// works.
//
// Touches: network (the Lease), clock.
// Threads: Run blocks; the rest is safe from anywhere.
#pragma once

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "weir/base/context.h"
#include "weir/base/log.h"
#include "weir/kube/client.h"

namespace weir::kube {

struct LeaderElectorOptions {
  std::string name_space;
  std::string name;
  std::string identity;  // "<hostname>_<uuid>"
  absl::Duration lease_duration = absl::Seconds(35);
  absl::Duration renew_deadline = absl::Seconds(30);
  absl::Duration retry_period = absl::Seconds(5);
  bool release_on_cancel = true;
};

// Waits for leadership, calls `lead` with a context that ends when the lease
// is lost, and returns when `lead` has returned. Releases the lease on the
// way out when ctx was cancelled.
// Errors: kInvalidArgument unless lease > deadline > 1.2 * retry; kAborted
// when the lease was lost; what `lead` returned.
absl::Status RunAsLeader(
    const Context& ctx, const Client& client,
    const LeaderElectorOptions& options, const Logger& logger,
    const std::function<absl::Status(const Context&)>& lead);

}  // namespace weir::kube
