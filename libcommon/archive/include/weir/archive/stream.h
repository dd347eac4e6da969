// Where bytes come from and where they go, one piece at a time.
//
// Touches: nothing; FileSource: the file it is given.
// Threads: a stream belongs to one thread.
#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace weir::archive {

// Takes the next bytes. An error ends the stream.
using Sink = std::function<absl::Status(absl::string_view)>;

// Fills at most `size` bytes of `buffer`; 0 is the end.
using Source = std::function<absl::StatusOr<size_t>(char* buffer, size_t size)>;

// Reads a file from its start. Errors: those of ErrnoToStatus.
absl::StatusOr<Source> FileSource(const std::string& path);

// Reads bytes that must outlive the source.
Source StringSource(absl::string_view bytes);

}  // namespace weir::archive
