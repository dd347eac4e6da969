#include "weir/base/file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "weir/base/random.h"
#include "weir/base/status.h"

namespace weir {
namespace {

// Closes a file descriptor when it goes.
class UniqueFd {
 public:
  explicit UniqueFd(int fd) : fd_(fd) {}
  ~UniqueFd() {
    if (fd_ >= 0) ::close(fd_);
  }
  UniqueFd(const UniqueFd&) = delete;
  UniqueFd& operator=(const UniqueFd&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

absl::Status WriteAll(int fd, absl::string_view data, const std::string& path) {
  while (!data.empty()) {
    const ssize_t written = ::write(fd, data.data(), data.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      return ErrnoToStatus(errno, absl::StrCat("write ", path));
    }
    data.remove_prefix(static_cast<size_t>(written));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status ErrnoToStatus(int error, absl::string_view what) {
  const std::string message =
      absl::StrCat(what, ": ", std::generic_category().message(error));
  switch (error) {
    case ENOENT:
    case ENOTDIR:
      return absl::NotFoundError(message);
    case EEXIST:
      return absl::AlreadyExistsError(message);
    case EACCES:
    case EPERM:
      return absl::PermissionDeniedError(message);
    case ENOSPC:
    case EDQUOT:
      return absl::ResourceExhaustedError(message);
    default:
      return absl::UnavailableError(message);
  }
}

absl::StatusOr<std::string> ReadFile(const std::string& path,
                                     size_t max_bytes) {
  return ReadFileAt(AT_FDCWD, path.c_str(), path, max_bytes);
}

absl::StatusOr<std::string> ReadFileAt(int folder, const char* entry,
                                       const std::string& path,
                                       size_t max_bytes) {
  const UniqueFd fd(::openat(folder, entry, O_RDONLY | O_CLOEXEC));
  if (fd.get() < 0) return ErrnoToStatus(errno, absl::StrCat("open ", path));
  struct stat info;
  if (::fstat(fd.get(), &info) != 0) {
    return ErrnoToStatus(errno, absl::StrCat("stat ", path));
  }
  if (S_ISDIR(info.st_mode)) {
    return absl::FailedPreconditionError(
        absl::StrCat("read ", path, ": is a directory"));
  }
  constexpr size_t kPiece = 64 * 1024;
  const bool says_size = S_ISREG(info.st_mode) && info.st_size > 0;
  const auto size = static_cast<size_t>(says_size ? info.st_size : 0);
  // With room for one byte more, a file that is as long as it said is read at
  // once.
  size_t room = says_size ? std::min(size, max_bytes) + 1 : kPiece;
  std::string contents;
  while (true) {
    const size_t before = contents.size();
    contents.resize(before + room);
    const ssize_t count = ::read(fd.get(), contents.data() + before, room);
    if (count < 0 && errno != EINTR) {
      return ErrnoToStatus(errno, absl::StrCat("read ", path));
    }
    contents.resize(before + static_cast<size_t>(std::max<ssize_t>(count, 0)));
    if (contents.size() > max_bytes) {
      return absl::ResourceExhaustedError(
          absl::StrCat("read ", path, ": larger than ", max_bytes, " bytes"));
    }
    const bool is_all = says_size && contents.size() == size && count > 0 &&
                        static_cast<size_t>(count) < room;
    if (is_all) return contents;
    if (count == 0) break;
    room = kPiece;
  }
  contents.shrink_to_fit();
  return contents;
}

absl::Status WriteFileAtomically(const std::string& path,
                                 absl::string_view contents, int mode) {
  const std::string temporary = absl::StrCat(path, ".", RandomHex(6), ".tmp");
  auto write = [&]() -> absl::Status {
    const UniqueFd fd(::open(temporary.c_str(),
                             O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
    if (fd.get() < 0) {
      return ErrnoToStatus(errno, absl::StrCat("create ", temporary));
    }
    WEIR_RETURN_IF_ERROR(WriteAll(fd.get(), contents, temporary));
    if (::fsync(fd.get()) != 0) {
      return ErrnoToStatus(errno, absl::StrCat("sync ", temporary));
    }
    return absl::OkStatus();
  };
  absl::Status status = write();
  if (status.ok() && ::rename(temporary.c_str(), path.c_str()) != 0) {
    status = ErrnoToStatus(errno, absl::StrCat("rename ", path));
  }
  if (!status.ok()) ::unlink(temporary.c_str());
  return status;
}

absl::Status MakeDirectories(const std::string& path, int mode) {
  for (size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
    const std::string prefix = path.substr(0, end);
    if (::mkdir(prefix.c_str(), static_cast<mode_t>(mode)) != 0 &&
        errno != EEXIST) {
      return ErrnoToStatus(errno, absl::StrCat("mkdir ", prefix));
    }
    if (end == std::string::npos) break;
  }
  struct stat info;
  if (::stat(path.c_str(), &info) != 0) {
    return ErrnoToStatus(errno, absl::StrCat("stat ", path));
  }
  if (!S_ISDIR(info.st_mode)) {
    return absl::FailedPreconditionError(
        absl::StrCat("mkdir ", path, ": not a directory"));
  }
  return absl::OkStatus();
}

absl::Status RemoveAll(const std::string& path) {
  std::error_code error;
  std::filesystem::remove_all(path, error);
  if (error) return ErrnoToStatus(error.value(), absl::StrCat("remove ", path));
  return absl::OkStatus();
}

absl::StatusOr<TempDir> TempDir::Create(absl::string_view prefix,
                                        const std::string& parent) {
  std::error_code error;
  const std::string base =
      parent.empty() ? std::filesystem::temp_directory_path(error).string()
                     : parent;
  if (error) return ErrnoToStatus(error.value(), "temporary folder");
  std::string path = absl::StrCat(base, "/", prefix, "-XXXXXX");
  if (::mkdtemp(path.data()) == nullptr) {
    return ErrnoToStatus(errno, absl::StrCat("mkdtemp ", path));
  }
  return TempDir(std::move(path));
}

TempDir::TempDir(std::string path) : path_(std::move(path)) {}
TempDir::TempDir(TempDir&& other) noexcept
    : path_(std::exchange(other.path_, "")) {}
TempDir& TempDir::operator=(TempDir&& other) noexcept {
  path_.swap(other.path_);
  return *this;
}
TempDir::~TempDir() {
  if (!path_.empty()) RemoveAll(path_).IgnoreError();
}

}  // namespace weir
