// Conversion between the versions of one kind: custom kinds change only their
// apiVersion; events have two groups, autoscalers two versions.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include "registry.h"
#include "weir/value/value.h"

namespace weir::apiserver {

// Event of events.k8s.io/v1 from one of v1, and back.
Value EventFromCore(const Value& event);
Value EventToCore(const Value& event);

// HorizontalPodAutoscaler v1 from v2, and back. Metrics beyond the CPU's
// utilisation travel in an annotation, as upstream.
Value AutoscalerToV1(const Value& autoscaler);
Value AutoscalerToV2(const Value& autoscaler);

}  // namespace weir::apiserver
