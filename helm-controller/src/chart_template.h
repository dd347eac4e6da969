// The HelmChart that a release's spec.chart asks for.
//
// Touches: network, through the client.
// Threads: pure functions besides.
// Source: helm-controller.md, section 4.3.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "src/plan.h"
#include "weir/base/context.h"
#include "weir/kube/client.h"
#include "weir/value/value.h"

namespace weir::helm_controller {

// The object to apply.
Value MakeHelmChart(const Plan& plan);

// Whether `live`, as it is there, is what `wanted` asks for.
bool IsInSync(const Value& wanted, const Value& live);

// "<kind>/<ns>/<name>" of the source that it names.
std::string DescribeSourceRef(const Plan& plan);

// Deletes "namespace/name". One that is gone is fine; returns whether it was
// there.
absl::StatusOr<bool> DeleteHelmChart(const Context& ctx,
                                     const kube::Client& client,
                                     const std::string& name);

}  // namespace weir::helm_controller
