// Bodies in Kubernetes' protobuf encoding, of the few kinds that clients write
// in it: typed Go clients, of which the helm program is one.
//
// Touches: nothing.
// Threads: pure functions.
// Source: Kubernetes 1.36, the generated.proto of core/v1 and meta/v1.
#pragma once

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "weir/value/value.h"

namespace weir::apiserver {

// The object as JSON has it: a Secret, a ConfigMap or DeleteOptions.
// Errors: kInvalidArgument when it is malformed, kUnimplemented for another
// kind.
absl::StatusOr<Value> ReadKubeProtobuf(absl::string_view bytes);

}  // namespace weir::apiserver
