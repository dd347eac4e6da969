// What commands read from standard input.
//
// Touches: process (standard input).
// Threads: one thread.
#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace weir::cli {

// All of it. Errors: kResourceExhausted above 64 MiB; those of reading.
absl::StatusOr<std::string> ReadStandardInput();

}  // namespace weir::cli
