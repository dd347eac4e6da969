// Chart.yaml, Chart.lock and their forms of apiVersion v1, decoded and checked.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "weir/helm/chart.h"

namespace weir::helm {

// Lays what the text says over `metadata`.
// Errors: those of sigs.k8s.io/yaml.
absl::Status ReadMetadata(absl::string_view text, Metadata& metadata);
absl::Status ReadLock(absl::string_view text, Lock& lock);

// Makes plain text of all fields, then checks them.
// Errors: kInvalidArgument "validation: ...".
absl::Status ValidateMetadata(Metadata& metadata);

}  // namespace weir::helm
