#include "src/memory_watch.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "weir/base/file.h"
#include "weir/base/status.h"

namespace weir::helm_controller {
namespace {

constexpr absl::Duration kMinInterval = absl::Milliseconds(50);

absl::StatusOr<uint64_t> ReadBytes(const std::string& path) {
  WEIR_ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
  uint64_t bytes = 0;
  if (absl::SimpleAtoi(absl::StripAsciiWhitespace(text), &bytes)) return bytes;
  return absl::FailedPreconditionError(
      absl::StrCat(path, " holds no number of bytes"));
}

// The path, or the first of the files of cgroups that is there.
absl::StatusOr<std::string> Find(const std::string& path,
                                 const MemoryWatchOptions& options,
                                 const char* v2, const char* v1) {
  if (!path.empty()) return path;
  for (const char* name : {v2, v1}) {
    const std::string file = absl::StrCat(options.cgroup, "/", name);
    if (ReadFile(file).ok()) return file;
  }
  return absl::FailedPreconditionError(absl::StrCat(
      "there is no ", v2, " in ", options.cgroup, ", please specify the path"));
}

}  // namespace

absl::StatusOr<MemoryWatch> MemoryWatch::Create(
    const MemoryWatchOptions& options) {
  if (options.threshold_percent < 1 || options.threshold_percent > 100) {
    return absl::InvalidArgumentError(
        absl::StrCat("memory usage percent threshold must be between 1 and "
                     "100, got ",
                     options.threshold_percent));
  }
  if (options.interval < kMinInterval) {
    return absl::InvalidArgumentError(
        absl::StrCat("interval must be at least 50ms, got ",
                     absl::FormatDuration(options.interval)));
  }
  MemoryWatch watch;
  WEIR_ASSIGN_OR_RETURN(const std::string max_path,
                        Find(options.max_path, options, "memory.max",
                             "memory/memory.limit_in_bytes"));
  WEIR_ASSIGN_OR_RETURN(watch.max_, ReadBytes(max_path),
                        "failed to read memory usage limit");
  WEIR_ASSIGN_OR_RETURN(watch.current_path_,
                        Find(options.current_path, options, "memory.current",
                             "memory/memory.usage_in_bytes"));
  WEIR_RETURN_IF_ERROR(
      ReadBytes(watch.current_path_).status(),
      "failed to confirm existence of current memory usage file");
  watch.threshold_percent_ = options.threshold_percent;
  watch.interval_ = options.interval;
  return watch;
}

void MemoryWatch::Run(const Context& ctx, const Logger& logger,
                      const std::function<void()>& on_full) const {
  while (ctx.SleepFor(interval_).ok()) {
    const absl::StatusOr<uint64_t> current = ReadBytes(current_path_);
    if (!current.ok()) {
      logger.Error("failed to read current memory usage, skipping check",
                   {{"error", current.status()}});
      continue;
    }
    const double percent =
        static_cast<double>(*current) / static_cast<double>(max_) * 100.0;
    if (percent < threshold_percent_) continue;
    logger.Info("memory usage is near OOM, shutting down",
                {{"bytes", *current}, {"limit", max_}});
    return on_full();
  }
}

}  // namespace weir::helm_controller
