// Extraction of tar+gzip archives from outside: bounded, and never outside
// the target folder.
//
// Touches: files under the target folder.
// Threads: pure functions; one folder belongs to one call.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "weir/archive/stream.h"
#include "weir/base/context.h"

namespace weir::archive {

struct ExtractOptions {
  // Symbolic links: refused, or left out.
  bool skip_symlinks = false;
  // Limits of the decompressed contents; 0 is none.
  int64_t max_bytes = int64_t{1} << 30;
  int64_t max_entries = 1'000'000;
  // Bytes of one entry's name, and its number of parts.
  size_t max_name_bytes = 4096;
  int max_depth = 128;
};

// Checks the name of an entry and gives it without "./" and trailing "/";
// "." for the root.
//
// Errors: kInvalidArgument when it is empty or absolute, has a ".." part, a
// backslash or a NUL.
absl::StatusOr<std::string> CleanEntryName(absl::string_view name);

// Extracts into `dir`, an existing folder that nobody else writes to. Regular
// files keep their permission bits, and their time unless it is in the
// future; folders get 0700 besides. Hard links become empty files, as Flux
// makes them; other types are refused.
//
// Errors: kInvalidArgument for a malformed archive or an unsafe entry, named;
// kResourceExhausted above a limit or when the disk is full; the context's.
absl::Status ExtractTarGz(const Context& ctx, Source compressed,
                          const std::string& dir,
                          const ExtractOptions& options = {});

}  // namespace weir::archive
