#include "src/checked_artifacts.h"

#include <sys/stat.h>

#include <utility>

#include "absl/time/time.h"

namespace weir::source {

std::optional<CheckedArtifacts::Seen> CheckedArtifacts::Look(
    const artifact::Artifact& artifact) const {
  const absl::StatusOr<std::string> path = storage_.LocalPath(artifact.path);
  struct stat info;
  if (!path.ok() || lstat(path->c_str(), &info) != 0 ||
      !S_ISREG(info.st_mode)) {
    return std::nullopt;
  }
  return Seen{artifact.path, artifact.digest,
              absl::ToUnixNanos(absl::TimeFromTimespec(info.st_mtim)),
              info.st_size, info.st_ino};
}

bool CheckedArtifacts::Check(const Context& ctx,
                             const artifact::SourceKey& source,
                             const artifact::Artifact& artifact,
                             std::string* problem) {
  std::optional<Seen> found = Look(artifact);
  if (!found.has_value()) return false;
  {
    MutexLock lock(mu_);
    const auto known = seen_.find(source);
    if (known != seen_.end() && known->second == *found) return true;
  }
  const absl::Status verified = storage_.Verify(ctx, artifact);
  if (!verified.ok()) {
    if (absl::IsDataLoss(verified)) *problem = std::string(verified.message());
    return false;
  }
  MutexLock lock(mu_);
  seen_[source] = *std::move(found);
  return true;
}

void CheckedArtifacts::Note(const artifact::SourceKey& source,
                            const artifact::Artifact& artifact) {
  std::optional<Seen> found = Look(artifact);
  if (!found.has_value()) return;
  MutexLock lock(mu_);
  seen_[source] = *std::move(found);
}

void CheckedArtifacts::Forget(const artifact::SourceKey& source) {
  MutexLock lock(mu_);
  seen_.erase(source);
}

}  // namespace weir::source
