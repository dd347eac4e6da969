// Durations and times as Go and Kubernetes write them.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace weir {

// Parses Go's time.ParseDuration: "1h30m", "1.5s", "300ms", "-2us", "0".
// Errors: kInvalidArgument, with Go's text.
absl::StatusOr<absl::Duration> ParseGoDuration(absl::string_view text);

// Go's Duration.String(): "1h0m0s", "30s", "1.5s", "750ms", "0s".
std::string FormatGoDuration(absl::Duration duration);

// Kubernetes' metav1.Time: "2006-01-02T15:04:05Z".
std::string FormatKubeTime(absl::Time time);
// Kubernetes' metav1.MicroTime: "2006-01-02T15:04:05.000000Z".
std::string FormatKubeMicroTime(absl::Time time);
// Parses RFC 3339, with or without a fraction. Errors: kInvalidArgument.
absl::StatusOr<absl::Time> ParseKubeTime(absl::string_view text);

// `interval` changed by a uniform factor within +/- `percent` (0 to 99).
absl::Duration Jitter(absl::Duration interval, int percent);

// base * 2^failures, at most `max`; failures counts from 0.
absl::Duration ExponentialBackoff(absl::Duration base, absl::Duration max,
                                  int failures);

}  // namespace weir
