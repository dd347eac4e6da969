#include "weir/archive/extract.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "weir/archive/gzip.h"
#include "weir/archive/tar_reader.h"
#include "weir/base/file.h"
#include "weir/base/status.h"

namespace weir::archive {
namespace {

absl::Status WriteAll(int fd, const char* bytes, size_t size) {
  while (size > 0) {
    const ssize_t wrote = write(fd, bytes, size);
    if (wrote < 0) {
      if (errno == EINTR) continue;
      return ErrnoToStatus(errno, "writing");
    }
    bytes += wrote;
    size -= static_cast<size_t>(wrote);
  }
  return absl::OkStatus();
}

class Extractor {
 public:
  Extractor(const Context& ctx, Source source, const std::string& dir,
            const ExtractOptions& options)
      : ctx_(ctx),
        reader_(GunzipSource(Bounded(std::move(source)))),
        dir_(dir),
        options_(options) {}

  absl::Status Run() {
    while (true) {
      WEIR_RETURN_IF_ERROR(ctx_.status());
      WEIR_ASSIGN_OR_RETURN(const std::optional<TarEntry> entry,
                            reader_.Next());
      if (!entry.has_value()) return absl::OkStatus();
      if (options_.max_entries > 0 && ++entries_ > options_.max_entries) {
        return absl::ResourceExhaustedError(
            absl::StrCat("tar: more than ", options_.max_entries, " entries"));
      }
      WEIR_RETURN_IF_ERROR(Extract(*entry), "tar entry \"", entry->name, "\"");
    }
  }

 private:
  // The compressed bytes, ending with an error once the context does.
  Source Bounded(Source source) {
    return [this, source = std::move(source)](
               char* buffer, size_t size) -> absl::StatusOr<size_t> {
      WEIR_RETURN_IF_ERROR(ctx_.status());
      return source(buffer, size);
    };
  }

  absl::Status Extract(const TarEntry& entry) {
    if (entry.name.size() > options_.max_name_bytes) {
      return absl::InvalidArgumentError("name too long");
    }
    WEIR_ASSIGN_OR_RETURN(const std::string name, CleanEntryName(entry.name));
    const std::string path = absl::StrCat(dir_, "/", name);
    switch (entry.type) {
      case TarEntry::Type::kDirectory:
        return MakeFolder(name, entry.mode);
      case TarEntry::Type::kFile:
      case TarEntry::Type::kHardLink:
        if (name == ".") return absl::InvalidArgumentError("not a folder");
        return ExtractFile(name, path, entry);
      case TarEntry::Type::kSymlink:
        if (options_.skip_symlinks) return absl::OkStatus();
        return absl::InvalidArgumentError("symbolic links are not allowed");
      case TarEntry::Type::kOther:
        break;
    }
    return absl::InvalidArgumentError("unsupported type");
  }

  absl::Status MakeFolder(absl::string_view name, int mode) {
    if (name == "." || made_.contains(name)) return absl::OkStatus();
    const std::vector<absl::string_view> parts = absl::StrSplit(name, '/');
    if (static_cast<int>(parts.size()) > options_.max_depth) {
      return absl::InvalidArgumentError("too deep");
    }
    std::string path;
    for (size_t i = 0; i < parts.size(); ++i) {
      absl::StrAppend(&path, i == 0 ? "" : "/", parts[i]);
      if (made_.contains(path)) continue;
      const int bits = i + 1 == parts.size() ? (mode | 0700) : 0750;
      const std::string full = absl::StrCat(dir_, "/", path);
      if (mkdir(full.c_str(), static_cast<mode_t>(bits)) != 0) {
        const int error = errno;
        struct stat info;
        if (error != EEXIST || lstat(full.c_str(), &info) != 0) {
          return ErrnoToStatus(error, "making folder");
        }
        if (!S_ISDIR(info.st_mode)) {
          return absl::InvalidArgumentError(
              absl::StrCat("\"", path, "\" is not a folder"));
        }
      }
      made_.insert(path);
    }
    return absl::OkStatus();
  }

  absl::Status ExtractFile(const std::string& name, const std::string& path,
                           const TarEntry& entry) {
    const size_t slash = name.rfind('/');
    if (slash != std::string::npos) {
      WEIR_RETURN_IF_ERROR(MakeFolder(name.substr(0, slash), 0750));
    }
    bytes_ += entry.size;
    if (options_.max_bytes > 0 && bytes_ > options_.max_bytes) {
      return absl::ResourceExhaustedError(
          absl::StrCat("contents exceed ", options_.max_bytes, " bytes"));
    }
    const int fd = open(path.c_str(),
                        O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC,
                        static_cast<mode_t>(entry.mode | 0600));
    if (fd < 0) return ErrnoToStatus(errno, "creating file");
    absl::Status status = CopyContents(fd);
    if (status.ok()) {
      const absl::Time time = std::min(entry.modified, absl::Now());
      const timespec times[2] = {absl::ToTimespec(time),
                                 absl::ToTimespec(time)};
      futimens(fd, times);
    }
    if (close(fd) != 0 && status.ok()) {
      status = ErrnoToStatus(errno, "closing file");
    }
    return status;
  }

  absl::Status CopyContents(int fd) {
    char buffer[32 << 10];
    while (true) {
      WEIR_ASSIGN_OR_RETURN(const size_t got,
                            reader_.Read(buffer, sizeof(buffer)));
      if (got == 0) return absl::OkStatus();
      WEIR_RETURN_IF_ERROR(WriteAll(fd, buffer, got));
    }
  }

  const Context ctx_;
  TarReader reader_;
  const std::string& dir_;
  const ExtractOptions& options_;
  int64_t entries_ = 0;
  int64_t bytes_ = 0;
  absl::flat_hash_set<std::string> made_;  // Folders, relative.
};

}  // namespace

absl::StatusOr<std::string> CleanEntryName(absl::string_view name) {
  if (name.empty()) return absl::InvalidArgumentError("name is empty");
  if (name.front() == '/') return absl::InvalidArgumentError("absolute name");
  if (absl::StrContains(name, '\\')) {
    return absl::InvalidArgumentError("backslash in name");
  }
  if (absl::StrContains(name, absl::string_view("\0", 1))) {
    return absl::InvalidArgumentError("NUL in name");
  }
  std::vector<absl::string_view> parts;
  for (const absl::string_view part : absl::StrSplit(name, '/')) {
    if (part == "..") return absl::InvalidArgumentError("\"..\" in name");
    if (!part.empty() && part != ".") parts.push_back(part);
  }
  if (parts.empty()) return std::string(".");
  return absl::StrJoin(parts, "/");
}

absl::Status ExtractTarGz(const Context& ctx, Source compressed,
                          const std::string& dir,
                          const ExtractOptions& options) {
  return Extractor(ctx, std::move(compressed), dir, options).Run();
}

}  // namespace weir::archive
