#include "src/file_io.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "weir/base/file.h"
#include "weir/base/status.h"

namespace weir::source {
namespace {

constexpr size_t kBufferBytes = 256 << 10;

}  // namespace

FileSink::~FileSink() {
  if (fd_ >= 0) close(fd_);
}

absl::Status FileSink::Open(const std::string& path) {
  fd_ = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd_ >= 0) return absl::OkStatus();
  return ErrnoToStatus(errno, "creating a temporary file");
}

absl::Status FileSink::Write(absl::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t wrote = write(fd_, bytes.data(), bytes.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return ErrnoToStatus(errno, "writing a temporary file");
    bytes.remove_prefix(static_cast<size_t>(wrote));
  }
  return absl::OkStatus();
}

absl::Status FileSink::Close() {
  const int fd = std::exchange(fd_, -1);
  if (fd < 0 || close(fd) == 0) return absl::OkStatus();
  return ErrnoToStatus(errno, "closing a temporary file");
}

absl::Status CopyFile(const std::string& path, const archive::Sink& sink) {
  WEIR_ASSIGN_OR_RETURN(const archive::Source source,
                        archive::FileSource(path));
  std::string buffer(kBufferBytes, '\0');
  while (true) {
    WEIR_ASSIGN_OR_RETURN(const size_t got,
                          source(buffer.data(), buffer.size()));
    if (got == 0) return absl::OkStatus();
    WEIR_RETURN_IF_ERROR(sink(absl::string_view(buffer).substr(0, got)));
  }
}

}  // namespace weir::source
