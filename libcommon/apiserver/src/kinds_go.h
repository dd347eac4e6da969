// Builtin objects on their way into and out of Go's types.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include "schema.h"
#include "weir/value/value.h"

namespace weir::apiserver {

// What is left of an object that Go decoded: no nulls, no empty fields that
// Go leaves out, canonical quantities and times.
Value DecodeGo(const Schema& schema, const Value& object);
// Adds what Go writes though it is empty.
void EncodeGo(const Schema& schema, Value& object);

}  // namespace weir::apiserver
