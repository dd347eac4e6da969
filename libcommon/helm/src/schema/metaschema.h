// A schema held against the metaschema of its draft.
//
// Touches: nothing.
// Threads: pure functions.
// Source: github.com/santhosh-tekuri/jsonschema 6.0.2.
#pragma once

#include <string>

#include "weir/value/value.h"

namespace weir::helm {

// What Helm says is wrong with the schema of a chart; empty: nothing.
std::string CheckSchema(const Value& schema);

}  // namespace weir::helm
