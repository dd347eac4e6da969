// What is done to an object of Git before it is sent to the server.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "weir/value/value.h"

namespace weir::apply {

// Folds a Secret's stringData into data, adds "protocol: TCP" to ports that
// lack one, drops nulls, status (not of CRDs), creationTimestamp and an
// invalid caBundle of a CRD's conversion webhook.
// Errors: kFailedPrecondition for a Secret whose stringData is no map of
// strings.
absl::StatusOr<Value> Normalize(Value object);

// Sets labels, overwriting equal keys. If any present label is not a string
// all of them are lost: a server would refuse them.
void SetLabels(Value& object, const Value& labels);
void SetAnnotations(Value& object, const Value& annotations);

// Whether the label or annotation `key` has `value`, letter case aside.
bool HasControl(const Value& object, absl::string_view key,
                absl::string_view value);

}  // namespace weir::apply
