// WriteIndex writes an index anew: as JSON, charts by name, their versions from
// the newest, those that Helm would skip left out. It works on a file beside,
// so that an index of any size needs little memory.
//
// Touches: what it is given to read from; a file of the given folder.
// Threads: pure functions.
// Source: Helm v4.2.4, pkg/repo/v1 (SortEntries), as encoding/json indents it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "weir/archive/stream.h"
#include "weir/helm/index.h"

namespace weir::helm {

// Where the list of a chart's versions is in an index that WriteIndex wrote.
struct IndexSpan {
  std::string chart;
  int64_t offset = 0;
  int64_t bytes = 0;  // 0: the chart has no versions.
};

// `spans` gets one for each chart, by name.
// Errors: those of ReadIndex; kResourceExhausted for more charts or versions
// than are sensible, or when the disk is full; the sink's.
absl::Status WriteIndex(const OpenIndex& open, const std::string& temp_folder,
                        const IndexOptions& options, const archive::Sink& sink,
                        std::vector<IndexSpan>* spans);

// Finds them in such a file.
// Errors: kInvalidArgument when it has another form; the source's.
absl::StatusOr<std::vector<IndexSpan>> FindSpans(const archive::Source& index);

}  // namespace weir::helm
