// Cluster is the API server that a command talks to.
//
// Touches: files (kubeconfig), network.
// Threads: safe to share.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "invocation.h"
#include "weir/base/context.h"
#include "weir/kube/client.h"

namespace weir::cli {

// Finds the cluster as kubectl does: --kubeconfig, KUBECONFIG, then
// $HOME/.kube/config, then the Pod's service account.
absl::StatusOr<std::shared_ptr<kube::Transport>> OpenTransport(
    const Globals& globals);
absl::StatusOr<std::unique_ptr<kube::Client>> Connect(const Globals& globals);

// --timeout as a duration. Errors: kInvalidArgument.
absl::StatusOr<absl::Duration> TimeoutOf(const Globals& globals);

// Waits, by a watch of that one object, until `is_done` says so; returns the
// object. A deleted object is kNotFound; an error of `is_done` ends the wait.
using IsDone = std::function<absl::StatusOr<bool>(const Value& object)>;
absl::StatusOr<Value> AwaitObject(const Context& ctx,
                                  const kube::Client& client,
                                  const kube::ObjectRef& ref,
                                  const IsDone& is_done);

// Whether the object's controller is done with its latest generation: OK and
// true when Ready, an error when it failed for good or is stalled.
absl::StatusOr<bool> IsReconciled(const Value& object);

}  // namespace weir::cli
