// Registry is the ArtifactService of the process that stores the artifacts.
// The producer tells it what is published; it serves reads from the storage.
//
// Touches: files under the storage's root (reads).
// Threads: safe to share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>

#include "weir/artifact/service.h"
#include "weir/artifact/storage.h"
#include "weir/base/mutex.h"

namespace weir::artifact {

class Registry : public ArtifactService {
 public:
  // `storage` must outlive it. A Watch can resume within the last
  // `max_changes` changes.
  explicit Registry(const Storage& storage, size_t max_changes = 4096);

  // Tells that this is the source's artifact now. The same one again is no
  // change.
  void Publish(const SourceKey& source, const Artifact& artifact);
  // Tells that the source has none any more.
  void Withdraw(const SourceKey& source);

  absl::StatusOr<ArtifactList> List(const Context& ctx,
                                    const ArtifactFilter& filter) override;
  absl::StatusOr<Artifact> Get(const Context& ctx,
                               const SourceKey& source) override;
  absl::Status Watch(
      const Context& ctx, const ArtifactFilter& filter, uint64_t after_version,
      const std::function<void(const ArtifactChange&)>& callback) override;
  absl::StatusOr<std::string> Read(
      const Context& ctx, const ArtifactFile& file, int64_t offset,
      const std::function<absl::Status(absl::string_view)>& sink) override;

 private:
  void Record(ArtifactChange::Type type, const ArtifactEntry& entry)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  std::vector<ArtifactChange> StateOrChanges(const ArtifactFilter& filter,
                                             uint64_t after_version,
                                             uint64_t* version);
  std::vector<ArtifactChange> StateAgain(const ArtifactFilter& filter,
                                         const std::set<SourceKey>& told,
                                         uint64_t* version);
  std::vector<ArtifactChange> ChangesAfter(const ArtifactFilter& filter,
                                           uint64_t* version, bool* is_lost)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  // Constant after construction.
  const Storage& storage_;
  const size_t max_changes_;

  Mutex mu_;
  CondVar changed_;
  std::map<SourceKey, Artifact> artifacts_ ABSL_GUARDED_BY(mu_);
  std::deque<ArtifactChange> changes_ ABSL_GUARDED_BY(mu_);  // By version.
  uint64_t version_ ABSL_GUARDED_BY(mu_);
};

}  // namespace weir::artifact
