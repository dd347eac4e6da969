// Health of an object, computed from its content by the kstatus rules.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include <string>

#include "absl/time/time.h"
#include "weir/value/value.h"

namespace weir::apply {

enum class HealthStatus {
  kCurrent,
  kInProgress,
  kFailed,
  kTerminating,
  kNotFound,
  kUnknown,
};
// "Current", "InProgress", ...
const char* HealthStatusName(HealthStatus status);

struct Health {
  HealthStatus status = HealthStatus::kUnknown;
  std::string message;
  friend bool operator==(const Health&, const Health&) = default;
};

// `now` decides how long a Pod has been unschedulable.
// Source: kustomize-controller's readers over sigs.k8s.io/cli-utils kstatus.
Health ComputeHealth(const Value& object, absl::Time now);

}  // namespace weir::apply
