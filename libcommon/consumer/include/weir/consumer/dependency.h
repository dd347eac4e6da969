// What a dependsOn asks: whether an object of the controller's own kind is
// ready, by its status or by an expression.
//
// Touches: network, through the manager's client, for what is not cached.
// Threads: pure functions, but for ReadDependency, which is safe to call from
// many.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "weir/base/context.h"
#include "weir/kube/types.h"
#include "weir/reconcile/controller.h"
#include "weir/reconcile/manager.h"
#include "weir/value/value.h"

namespace weir::consumer {

// Why a dependency is not met.
struct UnmetDependency {
  std::string message;
  bool is_terminal = false;  // Its readyExpr is malformed.
};

// Whether its controller has seen the newest generation and called it ready.
bool IsReadyAndObserved(const Value& object);

// The dependency, from the controller's cache where that sees its namespace.
// Errors: kNotFound; what the server answers.
absl::StatusOr<Value> ReadDependency(const Context& ctx,
                                     reconcile::Manager& manager,
                                     reconcile::Controller& controller,
                                     const kube::GroupVersionKind& gvk,
                                     absl::string_view plural,
                                     const kube::ObjectKey& key);

// What the readyExpr of `self` has against `dependency`, called `key`.
std::optional<UnmetDependency> EvaluateReady(const std::string& expression,
                                             const Value& self,
                                             const kube::ObjectKey& key,
                                             const Value& dependency);

// Whether an object waits for what an expression says of a dependency: any
// change of that one may be it.
bool AwaitsExpression(const Value& object);

// Enqueues those that a change of their dependency concerns: all of good news,
// else those that await an expression, once a burst of changes is over.
void WakeDependents(reconcile::Controller& controller,
                    const std::vector<kube::ObjectKey>& dependents,
                    bool is_good_news);

}  // namespace weir::consumer
