// The files of a chart's archive.
//
// Touches: what the source reads.
// Threads: pure functions.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "weir/archive/stream.h"
#include "weir/helm/load.h"

namespace weir::helm {

// Names are relative to the archive's one folder, whatever it is called.
// `wanted` says which files are kept; null: all.
// Errors: kInvalidArgument, kResourceExhausted with Helm's text.
absl::StatusOr<std::vector<File>> ReadArchiveFiles(
    archive::Source compressed, const LoadOptions& options,
    const std::function<bool(absl::string_view)>& wanted = nullptr);

// The message about a version that Helm reads, but does not render.
inline constexpr char kLaterVersion[] = "invalid chart apiVersion";
// Checks the apiVersion that Chart.yaml of the files has.
// Errors: kInvalidArgument "unsupported chart version", or when there is none.
absl::Status CheckApiVersion(const std::vector<File>& files);
absl::Status CheckApiVersionOf(absl::string_view chart_yaml);

// Whether it starts as a gzip stream does. Errors: kInvalidArgument with
// Helm's hints.
absl::Status EnsureArchive(const std::string& path, absl::string_view head);

}  // namespace weir::helm
