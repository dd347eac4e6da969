// ArtifactService is how consumers learn of artifacts and read them: by direct
// call into the storage of the same process, or over gRPC.
//
// Touches: what the implementation touches (files or network).
// Threads: implementations are safe to share.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "weir/artifact/artifact.h"
#include "weir/base/context.h"

namespace weir::artifact {

struct ArtifactEntry {
  SourceKey source;
  Artifact artifact;
};

// Which sources; empty fields match all.
struct ArtifactFilter {
  std::string kind;
  std::string name_space;
  std::string name;

  bool Matches(const SourceKey& key) const;
};

struct ArtifactList {
  std::vector<ArtifactEntry> entries;  // By source.
  // Where a Watch can resume: opaque, never 0.
  uint64_t version = 0;
};

struct ArtifactChange {
  enum class Type {
    kPut,      // A first or newer artifact, or one with a new URL.
    kRemoved,  // The source has no artifact any more.
    kSynced,   // The state at the start has been told; changes follow.
  } type = Type::kPut;
  ArtifactEntry entry;   // Of kRemoved: the last known, if it still is.
  uint64_t version = 0;  // Give it to Watch to resume after this change.
};

// What to read: an artifact's digest, its path, or both (then the file at the
// path must have the digest).
struct ArtifactFile {
  std::string digest;
  std::string path;
};

class ArtifactService {
 public:
  virtual ~ArtifactService() = default;

  virtual absl::StatusOr<ArtifactList> List(const Context& ctx,
                                            const ArtifactFilter& filter) = 0;

  // Errors: kNotFound when the source is unknown or has no artifact.
  virtual absl::StatusOr<Artifact> Get(const Context& ctx,
                                       const SourceKey& source) = 0;

  // Tells the present state (each as kPut), then kSynced, then changes, in
  // order and never two calls at once, until ctx is done or the connection
  // breaks. With `after_version` of a former answer only what changed since
  // then is told; when that is too long ago the whole state is told again.
  // Blocks; the callback runs on the calling thread.
  // Errors: kCancelled and kDeadlineExceeded of the context; kUnavailable
  // when the connection broke: call again with the last version.
  virtual absl::Status Watch(
      const Context& ctx, const ArtifactFilter& filter, uint64_t after_version,
      const std::function<void(const ArtifactChange&)>& callback) = 0;

  // Streams the file's bytes from `offset` to the end into `sink` and returns
  // the digest of the whole file. An error of the sink stops it and is
  // returned.
  // Errors: kNotFound when no such file is stored; kOutOfRange when `offset`
  // is beyond the end; kDataLoss when the bytes do not have the digest.
  virtual absl::StatusOr<std::string> Read(
      const Context& ctx, const ArtifactFile& file, int64_t offset,
      const std::function<absl::Status(absl::string_view)>& sink) = 0;
};

}  // namespace weir::artifact
