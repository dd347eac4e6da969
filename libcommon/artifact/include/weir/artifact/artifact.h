// Artifact describes one immutable, packaged revision of a source: the
// `status.artifact` of every source kind.
//
// Touches: nothing.
// Threads: values and pure functions.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace weir::artifact {

struct Artifact {
  std::string url;       // "http://<host>/<path>"
  std::string path;      // "gitrepository/<ns>/<name>/<file>", relative.
  std::string revision;  // "main@sha1:<hex>"
  std::string digest;    // "<algorithm>:<hex>" of the file's bytes.
  absl::Time last_update_time;
  int64_t size = 0;  // Bytes; 0 when not known.
  std::map<std::string, std::string> metadata;

  friend bool operator==(const Artifact&, const Artifact&) = default;
};

// The object that an artifact belongs to.
struct SourceKey {
  std::string kind;  // "GitRepository"
  std::string name_space;
  std::string name;

  friend auto operator<=>(const SourceKey&, const SourceKey&) = default;
  template <typename H>
  friend H AbslHashValue(H h, const SourceKey& v) {
    return H::combine(std::move(h), v.kind, v.name_space, v.name);
  }
};

// "<lower-case kind>/<namespace>/<name>": the folder of a source's artifacts
// below the storage root.
std::string SourceFolder(const SourceKey& key);

}  // namespace weir::artifact
