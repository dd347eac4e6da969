// Metadata and locks of charts as JSON, as Helm's structs are written.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include <vector>

#include "weir/helm/chart.h"
#include "weir/value/value.h"

namespace weir::helm {

// What is empty is left out.
Value MetadataToJson(const Metadata& metadata);
Value LockToJson(const Lock& lock);

// In the order of Helm's struct.
std::vector<Value::Member> DependencyFields(const Dependency& dependency);

}  // namespace weir::helm
