// The fields of a kustomization file that are about Helm charts, kept as the
// map that upstream makes of them.
//
// Touches: nothing.
// Threads: one thread at a time.
#pragma once

#include "src/load/json_decoder.h"
#include "weir/value/value.h"

namespace weir::kustomize {

// One of `helmCharts`; `helmGlobals`. Empty fields are left out.
void DecodeHelmChart(JsonDecoder& decoder, const Value& value, Value* chart);
void DecodeHelmGlobals(JsonDecoder& decoder, const Value& value,
                       Value* globals);
// One of the deprecated `helmChartInflationGenerator`, which says both. What
// it says of the globals is added to them.
void DecodeOldHelmChart(JsonDecoder& decoder, const Value& value, Value* chart,
                        Value* globals);

}  // namespace weir::kustomize
