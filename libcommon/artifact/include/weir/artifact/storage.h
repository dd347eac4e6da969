// Storage keeps artifact files below one folder:
// <root>/<lower-case kind>/<namespace>/<name>/<file>.
//
// Touches: files under the root, clock.
// Threads: safe to share, also between processes: writers of one artifact
// take its lock file, and files appear by renaming.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "weir/archive/stream.h"
#include "weir/artifact/artifact.h"
#include "weir/base/clock.h"
#include "weir/base/context.h"
#include "weir/crypto/digest.h"

namespace weir::artifact {

struct StorageOptions {
  // An existing folder.
  std::string root;
  // Host and port in URLs, maybe with "http://" or "https://" before them.
  std::string advertised_host;
  crypto::DigestAlgorithm digest_algorithm = crypto::DigestAlgorithm::kSha256;
  // Files that are not current go when older than this, or when there are more
  // than so many; the current one counts.
  absl::Duration retention_ttl = absl::Minutes(1);
  int retention_records = 2;
  const Clock* clock = &Clock::Real();
};

class Storage {
 public:
  // Errors: kInvalidArgument when the root is not a folder.
  static absl::StatusOr<std::unique_ptr<Storage>> Open(StorageOptions options);

  const std::string& root() const { return options_.root; }
  const StorageOptions& options() const { return options_; }

  // An artifact with path, URL and revision; not yet on disk.
  Artifact MakeArtifact(const SourceKey& source, absl::string_view revision,
                        absl::string_view file_name) const;
  // The URL under which the file server hands out `path`.
  std::string UrlOf(absl::string_view path) const;
  // The local file of an artifact's path.
  absl::StatusOr<std::string> LocalPath(absl::string_view path) const;

  // Writes the artifact's file: `produce` gives its bytes to the sink. Then
  // sets digest, size and last_update_time. An existing file is replaced at
  // once or not at all.
  // Errors: kResourceExhausted when the disk is full; those of `produce`; the
  // context's.
  using Producer = std::function<absl::Status(const archive::Sink&)>;
  absl::Status Write(const Context& ctx, const Producer& produce,
                     Artifact* artifact) const;

  // Makes `name`, beside the artifact's file, a link that leads to it: the
  // address of whichever artifact is current.
  absl::Status Link(const Artifact& artifact, absl::string_view name) const;
  std::string LinkUrl(const Artifact& artifact, absl::string_view name) const;

  // Whether the artifact's file is there, whatever is in it.
  bool Has(const Artifact& artifact) const;

  // Reads the file again and compares.
  // Errors: kNotFound when it is not there; kDataLoss when the digest is
  // missing, malformed or another.
  absl::Status Verify(const Context& ctx, const Artifact& artifact) const;

  // Removes one file and its lock. An absent one is fine.
  absl::Status Remove(const Artifact& artifact) const;
  // Removes all files of a source. Returns whether there were any.
  absl::StatusOr<bool> RemoveAll(const SourceKey& source) const;

  // Removes what retention no longer keeps of the folder of `current`; returns
  // the removed files. Stops after five seconds or 1000 files.
  absl::StatusOr<std::vector<std::string>> CollectGarbage(
      const Context& ctx, const Artifact& current) const;

 private:
  explicit Storage(StorageOptions options) : options_(std::move(options)) {}

  const StorageOptions options_;
};

}  // namespace weir::artifact
