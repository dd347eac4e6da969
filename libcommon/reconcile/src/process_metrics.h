// What the kernel knows about this process.
//
// Touches: files under /proc/self.
// Threads: safe.
#pragma once

#include <optional>

namespace weir::reconcile {

struct ProcessUsage {
  double cpu_seconds = 0;
  double resident_bytes = 0;
  double virtual_bytes = 0;
  double start_time_seconds = 0;  // Since 1970.
  double open_files = 0;
  double max_files = 0;
};

// Nothing where /proc cannot be read.
std::optional<ProcessUsage> ReadProcessUsage();

}  // namespace weir::reconcile
