// What most schemas are: proven to be right by one look at each keyword.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include "weir/value/value.h"

namespace weir::helm {

// Whether every metaschema from draft 6 on takes the schema. False when only
// the metaschema itself can tell.
bool IsPlainSchema(const Value& schema);

}  // namespace weir::helm
