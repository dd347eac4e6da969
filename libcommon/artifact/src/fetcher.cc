#include "weir/artifact/fetcher.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "weir/base/duration.h"
#include "weir/base/file.h"
#include "weir/base/mutex.h"
#include "weir/base/secret.h"
#include "weir/base/status.h"
#include "weir/crypto/digest.h"
#include "weir/http/client.h"

namespace weir::artifact {
namespace {

constexpr size_t kChunkBytes = 64 << 10;

// The temporary file under way: counts, hashes and bounds what is written.
class Download {
 public:
  Download(int fd, const crypto::Digest& want, int64_t max_bytes)
      : fd_(fd), want_(want), max_bytes_(max_bytes), hasher_(want.algorithm) {}
  ~Download() { close(fd_); }
  Download(const Download&) = delete;

  absl::Status Write(absl::string_view bytes) {
    size_ += static_cast<int64_t>(bytes.size());
    if (max_bytes_ > 0 && size_ > max_bytes_) {
      return absl::ResourceExhaustedError(absl::StrCat(
          "artifact is larger than the limit of ", max_bytes_, " bytes"));
    }
    hasher_.Update(bytes);
    while (!bytes.empty()) {
      const ssize_t wrote = write(fd_, bytes.data(), bytes.size());
      if (wrote < 0) {
        if (errno == EINTR) continue;
        return ErrnoToStatus(errno, "writing artifact");
      }
      bytes.remove_prefix(static_cast<size_t>(wrote));
    }
    return absl::OkStatus();
  }

  // Starts over.
  absl::Status Reset() {
    size_ = 0;
    hasher_ = crypto::Hasher(want_.algorithm);
    if (ftruncate(fd_, 0) != 0 || lseek(fd_, 0, SEEK_SET) != 0) {
      return ErrnoToStatus(errno, "truncating artifact");
    }
    return absl::OkStatus();
  }

  absl::Status Finish() {
    const crypto::Digest actual = hasher_.Finish();
    if (actual == want_) return absl::OkStatus();
    return absl::DataLossError(
        absl::StrCat("computed digest '", actual.ToString(),
                     "' does not match '", want_.ToString(), "'"));
  }

 private:
  const int fd_;
  const crypto::Digest want_;
  const int64_t max_bytes_;
  crypto::Hasher hasher_;
  int64_t size_ = 0;
};

std::string ReplaceHost(const std::string& url, const std::string& host) {
  const size_t start = url.find("://");
  if (host.empty() || start == std::string::npos) return url;
  const size_t end = std::min(url.find('/', start + 3), url.size());
  return absl::StrCat(url.substr(0, start + 3), host, url.substr(end));
}

bool IsRetried(const absl::Status& status) {
  return absl::IsUnavailable(status);
}

}  // namespace

FetchedFile::~FetchedFile() {
  if (!path_.empty()) unlink(path_.c_str());
}

FetchedFile& FetchedFile::operator=(FetchedFile&& other) noexcept {
  std::swap(path_, other.path_);
  return *this;
}

struct Fetcher::Impl {
  explicit Impl(FetcherOptions o) : options(std::move(o)) {}

  const FetcherOptions options;

  Mutex mu;
  std::optional<TempDir> dir ABSL_GUARDED_BY(mu);  // Made when first needed.
  uint64_t sequence ABSL_GUARDED_BY(mu) = 0;

  absl::StatusOr<std::string> NewPath() {
    MutexLock lock(mu);
    if (!dir.has_value()) {
      WEIR_ASSIGN_OR_RETURN(dir,
                            TempDir::Create("weir-fetch", options.temp_dir));
    }
    return absl::StrCat(dir->path(), "/", ++sequence);
  }
  absl::Status FetchOnce(const Context& ctx, const Artifact& artifact,
                         Download* download) const;
  absl::Status FetchByHttp(const Context& ctx, const Artifact& artifact,
                           Download* download) const;
  absl::Status FetchByService(const Context& ctx, const Artifact& artifact,
                              Download* download) const;
};

absl::Status Fetcher::Impl::FetchByHttp(const Context& ctx,
                                        const Artifact& artifact,
                                        Download* download) const {
  http::Request request;
  request.url = ReplaceHost(artifact.url, options.host_override);
  request.accept_gzip = false;  // The file itself is what the digest is of.
  request.max_response_bytes = 0;
  request.follow_redirect = [](const http::Redirect&) { return true; };
  const std::string where = RedactUrl(request.url);
  WEIR_ASSIGN_OR_RETURN(const std::unique_ptr<http::BodyReader> body,
                        options.http_client->Open(ctx, std::move(request)));
  const int code = body->head().code;
  if (code == 404) {
    return absl::NotFoundError(absl::StrCat(where, ": not found"));
  }
  if (code == 429 || code >= 500) {
    return absl::UnavailableError(absl::StrCat(where, ": status ", code));
  }
  if (code != 200) {
    return absl::FailedPreconditionError(
        absl::StrCat(where, ": unexpected status ", code));
  }
  std::string buffer(kChunkBytes, '\0');
  while (true) {
    WEIR_ASSIGN_OR_RETURN(const size_t got,
                          body->Read(ctx, buffer.data(), buffer.size()));
    if (got == 0) return absl::OkStatus();
    WEIR_RETURN_IF_ERROR(
        download->Write(absl::string_view(buffer.data(), got)));
  }
}

absl::Status Fetcher::Impl::FetchByService(const Context& ctx,
                                           const Artifact& artifact,
                                           Download* download) const {
  return options.service
      ->Read(ctx, {artifact.digest, artifact.path}, 0,
             [download](absl::string_view bytes) {
               return download->Write(bytes);
             })
      .status();
}

absl::Status Fetcher::Impl::FetchOnce(const Context& ctx,
                                      const Artifact& artifact,
                                      Download* download) const {
  if (options.service == nullptr) return FetchByHttp(ctx, artifact, download);
  absl::Status status = FetchByService(ctx, artifact, download);
  // The service knows only what its own controller made.
  if (absl::IsNotFound(status) && options.http_client != nullptr &&
      !artifact.url.empty()) {
    return FetchByHttp(ctx, artifact, download);
  }
  return status;
}

Fetcher::Fetcher(FetcherOptions options)
    : impl_(std::make_unique<Impl>(std::move(options))) {
  WEIR_CHECK(impl_->options.service != nullptr ||
             impl_->options.http_client != nullptr);
}
Fetcher::~Fetcher() = default;

absl::StatusOr<FetchedFile> Fetcher::Fetch(const Context& ctx,
                                           const Artifact& artifact) const {
  const FetcherOptions& options = impl_->options;
  WEIR_ASSIGN_OR_RETURN(const crypto::Digest want,
                        crypto::ParseDigest(artifact.digest));
  WEIR_ASSIGN_OR_RETURN(const std::string path, impl_->NewPath());
  const int fd =
      open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return ErrnoToStatus(errno, absl::StrCat("creating ", path));
  FetchedFile file(path);
  Download download(fd, want, options.max_bytes);
  for (int attempt = 1;; ++attempt) {
    absl::Status status = impl_->FetchOnce(
        ctx.WithTimeout(options.request_timeout), artifact, &download);
    if (status.ok()) status = download.Finish();
    if (absl::IsDeadlineExceeded(status) && !ctx.is_done()) {
      status = absl::UnavailableError(status.message());  // A try's own end.
    }
    if (status.ok()) return file;
    if (!IsRetried(status) || attempt >= options.max_attempts) {
      return Annotate(status, "fetching artifact");
    }
    WEIR_RETURN_IF_ERROR(
        ctx.SleepFor(ExponentialBackoff(options.min_retry_delay,
                                        options.max_retry_delay, attempt - 1)),
        "fetching artifact: ", status.message());
    WEIR_RETURN_IF_ERROR(download.Reset());
  }
}

}  // namespace weir::artifact
