// ProcessDependencies decides which charts below a chart are part of it, by
// conditions, tags and aliases, and imports values of theirs.
//
// Touches: nothing.
// Threads: pure functions.
// Source: Helm v4.2.4, pkg/chart/v2/util.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "weir/helm/chart.h"
#include "weir/helm/values.h"
#include "weir/value/value.h"

namespace weir::helm {

// Changes the chart: disabled dependencies are gone, aliases are names, and
// values hold the defaults of the charts below.
// Errors: those of CoalesceValues.
absl::Status ProcessDependencies(Chart& chart, const Value& user,
                                 const Warn& warn = nullptr);

// Errors: kFailedPrecondition, naming what Chart.yaml lists and charts/ has
// not.
absl::Status CheckDependencies(const Chart& chart);

// Whether a version is in a range; not when either is malformed.
bool IsCompatible(absl::string_view range, absl::string_view version);

}  // namespace weir::helm
