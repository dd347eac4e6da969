// The functions that Helm adds to Go's and Sprig's, and those that it
// replaces.
//
// Touches: what `lookup` does.
// Threads: a table is filled first, then shared; RenderState belongs to one
// rendering.
// Source: Helm v4.2.4, pkg/engine.
#pragma once

#include <string>

#include "absl/container/flat_hash_map.h"
#include "weir/gotmpl/function.h"
#include "weir/helm/render.h"

namespace weir::helm {

// What an Execution's user_data points to.
struct RenderState {
  const RenderOptions* options = nullptr;
  // How many times each template is being included.
  absl::flat_hash_map<std::string, int> included;
};

void AddHelmFunctions(gotmpl::FunctionTable& table);

// Go has "<no value>" where Helm has nothing.
void EraseNoValue(std::string& text);

}  // namespace weir::helm
