#include "weir/artifact/registry.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "weir/base/file.h"
#include "weir/base/status.h"

namespace weir::artifact {
namespace {

constexpr size_t kChunkBytes = 64 << 10;

}  // namespace

// Versions start at the time of the start, in microseconds, so that those of
// an earlier process are recognised as old.
Registry::Registry(const Storage& storage, size_t max_changes)
    : storage_(storage),
      max_changes_(max_changes),
      version_(static_cast<uint64_t>(
          absl::ToUnixMicros(storage.options().clock->Now()))) {}

void Registry::Record(ArtifactChange::Type type, const ArtifactEntry& entry) {
  changes_.push_back({type, entry, ++version_});
  if (changes_.size() > max_changes_) changes_.pop_front();
  changed_.NotifyAll();
}

void Registry::Publish(const SourceKey& source, const Artifact& artifact) {
  MutexLock lock(mu_);
  auto [it, is_new] = artifacts_.try_emplace(source, artifact);
  if (!is_new) {
    if (it->second == artifact) return;
    it->second = artifact;
  }
  Record(ArtifactChange::Type::kPut, {source, artifact});
}

void Registry::Withdraw(const SourceKey& source) {
  MutexLock lock(mu_);
  const auto it = artifacts_.find(source);
  if (it == artifacts_.end()) return;
  const ArtifactEntry entry{source, it->second};
  artifacts_.erase(it);
  Record(ArtifactChange::Type::kRemoved, entry);
}

absl::StatusOr<ArtifactList> Registry::List(const Context& ctx,
                                            const ArtifactFilter& filter) {
  WEIR_RETURN_IF_ERROR(ctx.status());
  MutexLock lock(mu_);
  ArtifactList list;
  list.version = version_;
  for (const auto& [source, artifact] : artifacts_) {
    if (filter.Matches(source)) list.entries.push_back({source, artifact});
  }
  return list;
}

absl::StatusOr<Artifact> Registry::Get(const Context& ctx,
                                       const SourceKey& source) {
  WEIR_RETURN_IF_ERROR(ctx.status());
  MutexLock lock(mu_);
  const auto it = artifacts_.find(source);
  if (it == artifacts_.end()) {
    return absl::NotFoundError(absl::StrCat("no artifact of ", source.kind, " ",
                                            source.name_space, "/",
                                            source.name));
  }
  return it->second;
}

std::vector<ArtifactChange> Registry::ChangesAfter(const ArtifactFilter& filter,
                                                   uint64_t* version,
                                                   bool* is_lost) {
  std::vector<ArtifactChange> found;
  // The changes kept are those of versions (version_ - size, version_].
  *is_lost = *version > version_ || *version + changes_.size() < version_;
  if (*is_lost) return found;
  const size_t count = static_cast<size_t>(version_ - *version);
  for (size_t i = changes_.size() - count; i < changes_.size(); ++i) {
    if (filter.Matches(changes_[i].entry.source)) {
      found.push_back(changes_[i]);
    }
  }
  *version = version_;
  return found;
}

// What a new or lagging watch is told first.
std::vector<ArtifactChange> Registry::StateOrChanges(
    const ArtifactFilter& filter, uint64_t after_version, uint64_t* version) {
  MutexLock lock(mu_);
  std::vector<ArtifactChange> found;
  bool is_lost = after_version == 0;
  *version = after_version;
  if (!is_lost) found = ChangesAfter(filter, version, &is_lost);
  if (is_lost) {
    *version = version_;
    for (const auto& [source, artifact] : artifacts_) {
      if (!filter.Matches(source)) continue;
      found.push_back(
          {ArtifactChange::Type::kPut, {source, artifact}, version_});
    }
  }
  found.push_back({ArtifactChange::Type::kSynced, {}, *version});
  return found;
}

absl::Status Registry::Watch(
    const Context& ctx, const ArtifactFilter& filter, uint64_t after_version,
    const std::function<void(const ArtifactChange&)>& callback) {
  uint64_t version = 0;
  std::vector<ArtifactChange> batch =
      StateOrChanges(filter, after_version, &version);
  const Context::Registration on_cancel = ctx.OnCancel([this] {
    MutexLock lock(mu_);
    changed_.NotifyAll();
  });
  std::set<SourceKey> told;
  while (true) {
    for (const ArtifactChange& change : batch) {
      WEIR_RETURN_IF_ERROR(ctx.status());
      if (change.type == ArtifactChange::Type::kPut) {
        told.insert(change.entry.source);
      } else if (change.type == ArtifactChange::Type::kRemoved) {
        told.erase(change.entry.source);
      }
      callback(change);
    }
    bool is_lost = false;
    {
      MutexLock lock(mu_);
      while (!ctx.is_done() && version == version_) {
        changed_.WaitUntil(mu_, ctx.deadline());
      }
      WEIR_RETURN_IF_ERROR(ctx.status());
      batch = ChangesAfter(filter, &version, &is_lost);
    }
    if (is_lost) batch = StateAgain(filter, told, &version);
  }
}

// For a watch that was too slow: the state, and what it knew that is gone.
std::vector<ArtifactChange> Registry::StateAgain(
    const ArtifactFilter& filter, const std::set<SourceKey>& told,
    uint64_t* version) {
  std::vector<ArtifactChange> batch = StateOrChanges(filter, 0, version);
  batch.pop_back();  // It has been told kSynced.
  std::set<SourceKey> gone = told;
  for (const ArtifactChange& change : batch) gone.erase(change.entry.source);
  for (const SourceKey& source : gone) {
    batch.push_back({ArtifactChange::Type::kRemoved, {source, {}}, *version});
  }
  return batch;
}

absl::StatusOr<std::string> Registry::Read(
    const Context& ctx, const ArtifactFile& file, int64_t offset,
    const std::function<absl::Status(absl::string_view)>& sink) {
  if (file.path.empty() && file.digest.empty()) {
    return absl::NotFoundError("no such artifact");
  }
  std::string path;
  std::string digest;
  {
    MutexLock lock(mu_);
    for (const auto& [source, artifact] : artifacts_) {
      if ((file.path.empty() || artifact.path == file.path) &&
          (file.digest.empty() || artifact.digest == file.digest)) {
        path = artifact.path;
        digest = artifact.digest;
        break;
      }
    }
  }
  // An older file that is still stored can be read by its path.
  if (path.empty()) path = file.path;
  if (digest.empty()) digest = file.digest;
  if (path.empty()) return absl::NotFoundError("no such artifact");
  WEIR_ASSIGN_OR_RETURN(const std::string local, storage_.LocalPath(path));
  const int fd = open(local.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) return ErrnoToStatus(errno, absl::StrCat("artifact ", path));
  absl::Cleanup close_fd = [fd] { close(fd); };
  struct stat info;
  if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
    return absl::NotFoundError("no such artifact");
  }
  if (offset < 0 || offset > info.st_size) {
    return absl::OutOfRangeError(
        absl::StrCat("offset ", offset, " is beyond the end"));
  }
  const absl::StatusOr<crypto::Digest> want = crypto::ParseDigest(digest);
  std::optional<crypto::Hasher> hasher;
  hasher.emplace(want.ok() ? want->algorithm
                           : storage_.options().digest_algorithm);
  std::string buffer(kChunkBytes, '\0');
  int64_t at = 0;
  while (true) {
    WEIR_RETURN_IF_ERROR(ctx.status());
    const ssize_t got = pread(fd, buffer.data(), buffer.size(), at);
    if (got < 0) return ErrnoToStatus(errno, "reading artifact");
    if (got == 0) break;
    absl::string_view bytes(buffer.data(), static_cast<size_t>(got));
    hasher->Update(bytes);
    if (at + got > offset) {
      bytes.remove_prefix(
          static_cast<size_t>(std::max<int64_t>(0, offset - at)));
      WEIR_RETURN_IF_ERROR(sink(bytes));
    }
    at += got;
  }
  const std::string actual = hasher->Finish().ToString();
  if (want.ok() && actual != digest) {
    return absl::DataLossError(
        absl::StrCat("artifact ", path, " does not have digest ", digest));
  }
  return actual;
}

}  // namespace weir::artifact
