// The fields of a dependency as Helm writes them.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include <vector>

#include "weir/helm/chart.h"
#include "weir/value/value.h"

namespace weir::helm {

// In the order of Helm's struct, those that are empty left out.
std::vector<Value::Member> DependencyFields(const Dependency& one);

}  // namespace weir::helm
