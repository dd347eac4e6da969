// Clock tells the time, so that tests and simulations can set it.
//
// Touches: clock.
// Threads: safe to share.
#pragma once

#include "absl/time/time.h"

namespace weir {

class Clock {
 public:
  virtual ~Clock() = default;
  virtual absl::Time Now() const = 0;

  // The machine's clock; lives as long as the process.
  static const Clock& Real();
};

}  // namespace weir
