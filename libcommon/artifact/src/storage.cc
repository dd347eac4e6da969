#include "weir/artifact/storage.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "weir/archive/secure_join.h"
#include "weir/base/file.h"
#include "weir/base/random.h"
#include "weir/base/status.h"

namespace weir::artifact {
namespace {

constexpr absl::Duration kGarbageBudget = absl::Seconds(5);
constexpr int kMaxGarbageFiles = 1000;
constexpr absl::Duration kLockPoll = absl::Milliseconds(20);
// A temporary file that is older has lost its writer.
constexpr absl::Duration kMaxWriteTime = absl::Hours(1);

// An flock'ed file; the file stays.
class FileLock {
 public:
  static absl::StatusOr<FileLock> Take(const Context& ctx,
                                       const std::string& path) {
    const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0) return ErrnoToStatus(errno, absl::StrCat("opening ", path));
    FileLock lock(fd);
    while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
      if (errno != EWOULDBLOCK && errno != EINTR) {
        return ErrnoToStatus(errno, absl::StrCat("locking ", path));
      }
      WEIR_RETURN_IF_ERROR(ctx.SleepFor(kLockPoll), "locking ", path);
    }
    return lock;
  }
  FileLock(FileLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FileLock& operator=(FileLock&&) = delete;
  ~FileLock() {
    if (fd_ >= 0) close(fd_);
  }

 private:
  explicit FileLock(int fd) : fd_(fd) {}
  int fd_;
};

absl::Status WriteFully(int fd, absl::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t wrote = write(fd, bytes.data(), bytes.size());
    if (wrote < 0) {
      if (errno == EINTR) continue;
      return ErrnoToStatus(errno, "writing artifact");
    }
    bytes.remove_prefix(static_cast<size_t>(wrote));
  }
  return absl::OkStatus();
}

struct StoredFile {
  std::string path;
  absl::Time modified;
};

// Regular files of one folder, locks left out; at most kMaxGarbageFiles.
std::vector<StoredFile> ListFiles(const std::string& dir) {
  std::vector<StoredFile> files;
  DIR* handle = opendir(dir.c_str());
  if (handle == nullptr) return files;
  while (const dirent* entry = readdir(handle)) {
    if (static_cast<int>(files.size()) >= kMaxGarbageFiles) break;
    if (absl::EndsWith(entry->d_name, ".lock")) continue;
    std::string path = absl::StrCat(dir, "/", entry->d_name);
    struct stat info;
    if (lstat(path.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) continue;
    files.push_back({std::move(path), absl::TimeFromTimespec(info.st_mtim)});
  }
  closedir(handle);
  std::sort(
      files.begin(), files.end(), [](const StoredFile& a, const StoredFile& b) {
        return std::tie(a.modified, a.path) < std::tie(b.modified, b.path);
      });
  return files;
}

absl::Status RemoveWithLock(const std::string& path) {
  if (unlink(path.c_str()) != 0 && errno != ENOENT) {
    return ErrnoToStatus(errno, absl::StrCat("removing ", path));
  }
  const std::string lock = absl::StrCat(path, ".lock");
  if (unlink(lock.c_str()) != 0 && errno != ENOENT) {
    return ErrnoToStatus(errno, absl::StrCat("removing ", lock));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<Storage>> Storage::Open(StorageOptions options) {
  while (options.root.size() > 1 && options.root.back() == '/') {
    options.root.pop_back();
  }
  struct stat info;
  if (stat(options.root.c_str(), &info) != 0 || !S_ISDIR(info.st_mode)) {
    return absl::InvalidArgumentError(
        absl::StrCat("storage path \"", options.root, "\" is not a folder"));
  }
  return std::unique_ptr<Storage>(new Storage(std::move(options)));
}

Artifact Storage::MakeArtifact(const SourceKey& source,
                               absl::string_view revision,
                               absl::string_view file_name) const {
  Artifact artifact;
  artifact.path = absl::StrCat(SourceFolder(source), "/", file_name);
  artifact.url = UrlOf(artifact.path);
  artifact.revision = std::string(revision);
  return artifact;
}

std::string Storage::UrlOf(absl::string_view path) const {
  const std::string& host = options_.advertised_host;
  const bool has_scheme =
      absl::StartsWith(host, "http://") || absl::StartsWith(host, "https://");
  return absl::StrCat(has_scheme ? "" : "http://", host, "/", path);
}

absl::StatusOr<std::string> Storage::LocalPath(absl::string_view path) const {
  return archive::SecureJoin(options_.root, path);
}

absl::Status Storage::Write(const Context& ctx, const Producer& produce,
                            Artifact* artifact) const {
  WEIR_ASSIGN_OR_RETURN(const std::string path, LocalPath(artifact->path));
  const std::string dir = path.substr(0, path.rfind('/'));
  WEIR_RETURN_IF_ERROR(MakeDirectories(dir, 0700));
  WEIR_ASSIGN_OR_RETURN(const FileLock lock,
                        FileLock::Take(ctx, absl::StrCat(path, ".lock")));
  const std::string temp = absl::StrCat(path, ".", RandomHex(6), ".tmp");
  const int fd =
      open(temp.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return ErrnoToStatus(errno, absl::StrCat("creating ", temp));
  absl::Cleanup remove_temp = [&temp] { unlink(temp.c_str()); };
  crypto::Hasher hasher(options_.digest_algorithm);
  int64_t size = 0;
  absl::Status status = produce([&](absl::string_view bytes) -> absl::Status {
    WEIR_RETURN_IF_ERROR(ctx.status());
    hasher.Update(bytes);
    size += static_cast<int64_t>(bytes.size());
    return WriteFully(fd, bytes);
  });
  if (status.ok() && fsync(fd) != 0) {
    status = ErrnoToStatus(errno, "syncing artifact");
  }
  if (close(fd) != 0 && status.ok()) {
    status = ErrnoToStatus(errno, "closing artifact");
  }
  WEIR_RETURN_IF_ERROR(status);
  if (rename(temp.c_str(), path.c_str()) != 0) {
    return ErrnoToStatus(errno, absl::StrCat("renaming ", temp));
  }
  std::move(remove_temp).Cancel();
  artifact->digest = hasher.Finish().ToString();
  artifact->size = size;
  artifact->last_update_time =
      absl::FromUnixSeconds(absl::ToUnixSeconds(options_.clock->Now()));
  return absl::OkStatus();
}

absl::Status Storage::Link(const Artifact& artifact,
                           absl::string_view name) const {
  WEIR_ASSIGN_OR_RETURN(const std::string target, LocalPath(artifact.path));
  const std::string path =
      absl::StrCat(target.substr(0, target.rfind('/') + 1), name);
  const std::string temp = absl::StrCat(path, ".tmp");
  if (unlink(temp.c_str()) != 0 && errno != ENOENT) {
    return ErrnoToStatus(errno, absl::StrCat("removing ", temp));
  }
  // Relative, so that the folder can be mounted elsewhere.
  const std::string file = target.substr(target.rfind('/') + 1);
  if (symlink(file.c_str(), temp.c_str()) != 0) {
    return ErrnoToStatus(errno, absl::StrCat("linking ", temp));
  }
  if (rename(temp.c_str(), path.c_str()) != 0) {
    return ErrnoToStatus(errno, absl::StrCat("renaming ", temp));
  }
  return absl::OkStatus();
}

std::string Storage::LinkUrl(const Artifact& artifact,
                             absl::string_view name) const {
  return UrlOf(absl::StrCat(
      artifact.path.substr(0, artifact.path.rfind('/') + 1), name));
}

bool Storage::Has(const Artifact& artifact) const {
  const absl::StatusOr<std::string> path = LocalPath(artifact.path);
  struct stat info;
  return path.ok() && !artifact.path.empty() &&
         lstat(path->c_str(), &info) == 0 && S_ISREG(info.st_mode);
}

absl::Status Storage::Verify(const Context& ctx,
                             const Artifact& artifact) const {
  WEIR_ASSIGN_OR_RETURN(const std::string path, LocalPath(artifact.path));
  if (!Has(artifact)) {
    return absl::NotFoundError(
        absl::StrCat("artifact file ", artifact.path, " is not there"));
  }
  if (artifact.digest.empty()) {
    return absl::DataLossError("artifact has no digest");
  }
  const absl::StatusOr<crypto::Digest> want =
      crypto::ParseDigest(artifact.digest);
  if (!want.ok()) return absl::DataLossError(want.status().message());
  WEIR_ASSIGN_OR_RETURN(const archive::Source source,
                        archive::FileSource(path));
  crypto::Hasher hasher(want->algorithm);
  std::string buffer(64 << 10, '\0');
  while (true) {
    WEIR_RETURN_IF_ERROR(ctx.status());
    WEIR_ASSIGN_OR_RETURN(const size_t got,
                          source(buffer.data(), buffer.size()));
    if (got == 0) break;
    hasher.Update(absl::string_view(buffer).substr(0, got));
  }
  const crypto::Digest actual = hasher.Finish();
  if (actual != *want) {
    return absl::DataLossError(
        absl::StrCat("computed digest doesn't match '", artifact.digest, "'"));
  }
  return absl::OkStatus();
}

absl::Status Storage::Remove(const Artifact& artifact) const {
  WEIR_ASSIGN_OR_RETURN(const std::string path, LocalPath(artifact.path));
  return RemoveWithLock(path);
}

absl::StatusOr<bool> Storage::RemoveAll(const SourceKey& source) const {
  WEIR_ASSIGN_OR_RETURN(const std::string dir, LocalPath(SourceFolder(source)));
  struct stat info;
  const bool was_there = lstat(dir.c_str(), &info) == 0;
  WEIR_RETURN_IF_ERROR(weir::RemoveAll(dir));
  return was_there;
}

absl::StatusOr<std::vector<std::string>> Storage::CollectGarbage(
    const Context& ctx, const Artifact& current) const {
  const absl::Time deadline = options_.clock->Now() + kGarbageBudget;
  WEIR_ASSIGN_OR_RETURN(const std::string path, LocalPath(current.path));
  std::vector<StoredFile> files = ListFiles(path.substr(0, path.rfind('/')));
  const absl::Time now = options_.clock->Now();
  std::erase_if(files, [&](const StoredFile& f) {
    return f.path == path || (absl::EndsWith(f.path, ".tmp") &&
                              f.modified >= now - kMaxWriteTime);
  });
  const absl::Time oldest = now - options_.retention_ttl;
  size_t keep =
      static_cast<size_t>(std::max(0, options_.retention_records - 1));
  std::vector<std::string> removed;
  for (size_t i = 0; i < files.size(); ++i) {
    WEIR_RETURN_IF_ERROR(ctx.status());
    if (options_.clock->Now() > deadline) break;
    const bool is_surplus = files.size() - i > keep;
    if (files[i].modified >= oldest && !is_surplus) break;
    WEIR_RETURN_IF_ERROR(RemoveWithLock(files[i].path));
    removed.push_back(files[i].path);
  }
  return removed;
}

}  // namespace weir::artifact
