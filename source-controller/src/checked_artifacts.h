// CheckedArtifacts remembers the artifact files whose digest was checked: a
// file is read again only when it has changed.
//
// Touches: files under the storage's root.
// Threads: safe to share.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "weir/artifact/artifact.h"
#include "weir/artifact/storage.h"
#include "weir/base/context.h"
#include "weir/base/mutex.h"

namespace weir::source {

class CheckedArtifacts {
 public:
  // `storage` must outlive it.
  explicit CheckedArtifacts(const artifact::Storage& storage)
      : storage_(storage) {}

  // Whether the artifact's file is there and has its digest; `problem` says
  // what is wrong with a file that is there.
  bool Check(const Context& ctx, const artifact::SourceKey& source,
             const artifact::Artifact& artifact, std::string* problem);
  // The artifact has just been written.
  void Note(const artifact::SourceKey& source,
            const artifact::Artifact& artifact);
  void Forget(const artifact::SourceKey& source);

 private:
  // What stat says of a file.
  struct Seen {
    std::string path, digest;
    int64_t modified_nanos = 0, size = 0;
    uint64_t inode = 0;

    friend bool operator==(const Seen&, const Seen&) = default;
  };
  std::optional<Seen> Look(const artifact::Artifact& artifact) const;

  const artifact::Storage& storage_;
  Mutex mu_;
  std::map<artifact::SourceKey, Seen> seen_ ABSL_GUARDED_BY(mu_);
};

}  // namespace weir::source
