// The values of a release, composed of ConfigMaps, Secrets and spec.values.
//
// Touches: what it is given to read with.
// Threads: pure functions.
// Source: helm-controller.md, section 5; fluxcd/pkg, chartutil.
#pragma once

#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "src/plan.h"
#include "weir/kube/types.h"
#include "weir/value/value.h"

namespace weir::helm_controller {

// Numbers in it are doubles, as Helm has them.
// `read`: a ConfigMap or Secret; kNotFound when there is none. Each is read
// once. `on_missing` is told of optional references that lead nowhere.
// Errors: "could not resolve ..." in Flux's words; those of `read`.
absl::StatusOr<Value> ComposeValues(
    const Plan& plan,
    const std::function<absl::StatusOr<Value>(const kube::ObjectRef&)>& read,
    const std::function<void(const std::string&)>& on_missing = nullptr);

}  // namespace weir::helm_controller
