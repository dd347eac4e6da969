// Values held against values.schema.json of a chart and of those below it.
//
// Touches: nothing.
// Threads: pure functions.
// Source: Helm v4.2.4; messages of santhosh-tekuri/jsonschema 6.0.2.
#pragma once

#include <string>

#include "src/schema/validator.h"
#include "weir/gotmpl/value.h"
#include "weir/helm/chart.h"

namespace weir::helm {

// What is wrong, chart by chart; empty: nothing.
std::string ValidateValues(const Chart& chart, const gotmpl::Any& values,
                           const LoadSchema& load);

}  // namespace weir::helm
