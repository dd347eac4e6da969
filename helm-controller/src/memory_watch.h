// MemoryWatch tells when the process is about to run out of memory, so that it
// can end in an orderly way before the kernel ends it.
//
// Touches: files of the cgroup; clock.
// Threads: as a value; Run blocks.
// Source: fluxcd/helm-controller, internal/oomwatch.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "weir/base/context.h"
#include "weir/base/log.h"

namespace weir::helm_controller {

struct MemoryWatchOptions {
  // Files with a number of bytes; empty: those of the system's cgroup.
  std::string max_path, current_path;
  int threshold_percent = 95;                         // 1 to 100.
  absl::Duration interval = absl::Milliseconds(500);  // At least 50 ms.
  std::string cgroup = "/sys/fs/cgroup";
};

class MemoryWatch {
 public:
  // Errors: kInvalidArgument for numbers out of range; kFailedPrecondition
  // when there is no limit to read.
  static absl::StatusOr<MemoryWatch> Create(const MemoryWatchOptions& options);

  // Calls `on_full` once, and returns; or returns when ctx ends.
  void Run(const Context& ctx, const Logger& logger,
           const std::function<void()>& on_full) const;

 private:
  std::string current_path_;
  uint64_t max_ = 0;
  int threshold_percent_ = 0;
  absl::Duration interval_;
};

}  // namespace weir::helm_controller
