// Whether objects are ready in the sense of Helm 3, which knows the kinds that
// Kubernetes itself has and takes all others as ready.
//
// Touches: nothing.
// Threads: pure functions.
// Source: Helm v4.2.4, pkg/kube/ready.go.
#pragma once

#include "absl/status/statusor.h"
#include "weir/kube/types.h"
#include "weir/value/value.h"

namespace weir::helm_controller {

// Whether objects of the kind may be other than ready.
bool CanBeUnready(const kube::GroupVersionKind& gvk);

// `object`: as the server has it. Pods of ReplicaSets and of a Deployment's
// newest ReplicaSet are counted by the statuses of those that own them.
// Errors: kFailedPrecondition when a Job has failed for good.
absl::StatusOr<bool> IsReadyForHelm(const Value& object);

}  // namespace weir::helm_controller
