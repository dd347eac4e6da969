// HelmChartInflationGenerator makes the objects that a Helm chart renders to.
//
// Touches: files, through the Loader; what the ChartRenderer touches.
// Threads: one thread at a time.
#pragma once

#include "absl/status/statusor.h"
#include "src/generate/generator.h"
#include "src/load/loader.h"
#include "src/model/schema.h"
#include "weir/value/value.h"

namespace weir::kustomize {

// How the objects of charts are marked, whose namespace is left alone.
inline constexpr char kHelmGenerated[] =
    "internal.config.kubernetes.io/helm-generated";

// Errors: kFailedPrecondition when charts are not enabled or this one's
// configuration is wrong; kUnimplemented when nothing renders charts.
absl::StatusOr<Generator> MakeHelmChartGenerator(const Value& config,
                                                 const Loader& loader,
                                                 const Schema* schema);

}  // namespace weir::kustomize
