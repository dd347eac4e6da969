// HelmChartInflationGenerator checks what a kustomization file says of a chart
// as upstream does, and refuses to render it.
//
// Touches: files, through the Loader.
// Threads: one thread at a time.
#pragma once

#include "absl/status/status.h"
#include "src/load/loader.h"
#include "weir/value/value.h"

namespace weir::kustomize {

// Never OK. Errors: kFailedPrecondition when charts are not enabled or this
// one's configuration is wrong; kUnimplemented otherwise.
absl::Status RefuseHelmChart(const Value& config, const Loader& loader);

}  // namespace weir::kustomize
