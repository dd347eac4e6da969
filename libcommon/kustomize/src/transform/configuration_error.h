// ConfigurationError is upstream's way to say that a builtin transformer or
// generator cannot work as the kustomization file configures it.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "weir/value/value.h"

namespace weir::kustomize {

// "trouble configuring builtin PatchTransformer with config: ...: reason". What
// is too much for us is not shown.
absl::Status ConfigurationError(absl::string_view plugin, const Value& config,
                                const absl::Status& reason);

}  // namespace weir::kustomize
