// LoadChart reads a chart from a folder, an archive or files in memory.
//
// Touches: files under the folder and what its links point to; the archive.
// Threads: pure functions besides.
// Source: Helm v4.2.4, pkg/chart/loader; messages are its own.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "weir/archive/stream.h"
#include "weir/helm/chart.h"

namespace weir::helm {

struct LoadOptions {
  // Limits of Helm.
  int64_t max_file_bytes = 5 * 1024 * 1024;
  int64_t max_archive_bytes = 100 * 1024 * 1024;  // Decompressed.
  // Limits of ours: of a folder's files together, of their number, and of
  // charts within charts.
  int64_t max_folder_bytes = int64_t{1} << 30;
  int64_t max_files = 100'000;
  int max_depth = 64;
  bool keep_values_text = false;  // For PackageChart.
  // Large files of a folder are mapped, so that what nobody looks at is not
  // read. They must not become shorter while the chart is in use.
  bool map_files = false;
  std::function<void(absl::string_view)> on_warning;  // May be empty.
};

// Loads the folder or the archive at `path`.
//
// Errors: kNotFound when there is nothing; kInvalidArgument when it is no
// chart; kResourceExhausted above a limit.
absl::StatusOr<Chart> LoadChart(const std::string& path,
                                const LoadOptions& options = {});

// Reads and checks only what Chart.yaml (and requirements.yaml) of a folder or
// an archive say; the rest of an archive is looked at and not kept.
// Errors: as LoadChart.
absl::StatusOr<Metadata> LoadMetadata(const std::string& path,
                                      const LoadOptions& options = {});
absl::StatusOr<Metadata> LoadArchiveMetadata(archive::Source compressed,
                                             const LoadOptions& options = {});

// Loads a .tgz from a stream.
absl::StatusOr<Chart> LoadChartArchive(archive::Source compressed,
                                       const LoadOptions& options = {});

// Writes what is in a .tgz to `folder`/NAME, which must not be there yet; NAME
// is the chart's.
// Errors: kAlreadyExists; those of LoadChartArchive and of writing.
absl::Status ExpandChart(absl::string_view archive, const std::string& folder,
                         const LoadOptions& options = {});

// Loads a chart of all the files of its folder, in byte order of each folder's
// entries: .helmignore is heeded.
absl::StatusOr<Chart> LoadChartTree(std::vector<File> files,
                                    const LoadOptions& options = {});

// Loads a chart of files in memory, in the order that they are given.
absl::StatusOr<Chart> LoadChartFiles(std::vector<File> files,
                                     const LoadOptions& options = {});

}  // namespace weir::helm
