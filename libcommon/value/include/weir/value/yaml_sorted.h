// YAML whose text depends on the value alone: what digests are made of.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include <string>

#include "weir/value/value.h"

namespace weir {

// As FormatYaml, but keys are in byte order.
// Source: fluxcd/pkg, chartutil.SortMapSlice.
std::string FormatSortedYaml(const Value& value);

}  // namespace weir
