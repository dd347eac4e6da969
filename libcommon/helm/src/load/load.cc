// Folders and archives on disk.
#include "weir/helm/load.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "src/go_text.h"
#include "src/load/archive_files.h"
#include "src/load/ignore.h"
#include "src/load/named_archive.h"
#include "weir/base/file.h"
#include "weir/base/status.h"

namespace weir::helm {
namespace {

constexpr char kByteOrderMark[] = "\xEF\xBB\xBF";
constexpr absl::string_view kChartYaml = "Chart.yaml";
constexpr absl::string_view kRequirements = "requirements.yaml";

std::string Lower(const char* text) {
  std::string out(text);
  if (!out.empty()) out[0] = absl::ascii_tolower(out[0]);
  return out;
}

// As Go prints an os.PathError.
absl::Status PathError(absl::string_view call, absl::string_view path,
                       int error) {
  return absl::Status(
      error == ENOENT ? absl::StatusCode::kNotFound
                      : absl::StatusCode::kFailedPrecondition,
      absl::StrCat(call, " ", path, ": ", Lower(std::strerror(error))));
}

// What is missing of a path through links: the error of the first part of it
// that is not there, as Go's filepath.EvalSymlinks names it.
absl::Status FirstMissing(const std::string& path) {
  constexpr int kMaxLinks = 255;
  std::string resolved;
  std::vector<std::string> rest = absl::StrSplit(path, '/', absl::SkipEmpty());
  std::reverse(rest.begin(), rest.end());
  int links = 0;
  while (!rest.empty()) {
    const std::string part = std::move(rest.back());
    rest.pop_back();
    if (part == ".") continue;
    if (part == "..") {
      resolved.resize(std::min(resolved.rfind('/'), resolved.size()));
      continue;
    }
    const std::string next = absl::StrCat(resolved, "/", part);
    struct stat info;
    if (lstat(next.c_str(), &info) != 0) return PathError("lstat", next, errno);
    if (!S_ISLNK(info.st_mode)) {
      resolved = next;
      continue;
    }
    char target[PATH_MAX];
    const ssize_t length = readlink(next.c_str(), target, sizeof(target));
    if (length <= 0 || ++links > kMaxLinks) {
      return absl::InvalidArgumentError("EvalSymlinks: too many links");
    }
    const absl::string_view text(target, static_cast<size_t>(length));
    if (text[0] == '/') resolved.clear();
    std::vector<std::string> more =
        absl::StrSplit(text, '/', absl::SkipEmpty());
    rest.insert(rest.end(), more.rbegin(), more.rend());
  }
  return PathError("stat", path, ENOENT);
}

// Whether Helm, of a chart of this version, first says what else is wrong.
bool IsLateError(const absl::Status& version) {
  return version.message() == kLaterVersion;
}

absl::StatusOr<Chart> LoadChecked(const absl::Status& version,
                                  std::vector<File> files,
                                  const LoadOptions& options) {
  if (!version.ok() && !IsLateError(version)) return version;
  WEIR_ASSIGN_OR_RETURN(Chart chart, LoadChartFiles(std::move(files), options));
  WEIR_RETURN_IF_ERROR(version);
  return chart;
}

// An entry of an open folder; `path` is for messages.
absl::StatusOr<FileData> ReadData(int folder, const char* entry,
                                  const std::string& path) {
  WEIR_ASSIGN_OR_RETURN(std::string text, ReadFileAt(folder, entry, path));
  const bool is_marked = absl::StartsWith(text, kByteOrderMark);
  FileData data(std::move(text));
  if (is_marked) data.RemovePrefix(3);
  return data;
}

// Looks at no more of the file than at its mark.
absl::StatusOr<FileData> MapFile(int folder, const char* entry,
                                 const std::string& path) {
  const int fd = openat(folder, entry, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return ErrnoToStatus(errno, absl::StrCat("open ", path));
  const auto closer = absl::MakeCleanup([fd] { close(fd); });
  struct stat info;
  char head[3];
  if (fstat(fd, &info) != 0 || info.st_size <= 0 ||
      pread(fd, head, sizeof(head), 0) != ssize_t{sizeof(head)}) {
    return ReadData(folder, entry, path);
  }
  const auto size = static_cast<size_t>(info.st_size);
  void* bytes = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0);
  if (bytes == MAP_FAILED) return ReadData(folder, entry, path);
  FileData data(std::shared_ptr<const void>(
                    bytes, [size](void* start) { munmap(start, size); }),
                absl::string_view(static_cast<const char*>(bytes), size));
  if (absl::string_view(head, sizeof(head)) == kByteOrderMark) {
    data.RemovePrefix(sizeof(head));
  }
  return data;
}

// Walks a folder in byte order, through links, as Helm does.
class FolderReader {
 public:
  FolderReader(std::string root, const LoadOptions& options)
      : root_(std::move(root)), options_(options) {}

  absl::StatusOr<std::vector<File>> Read() {
    const std::string ignore_path = absl::StrCat(root_, "/.helmignore");
    struct stat info;
    if (stat(ignore_path.c_str(), &info) == 0) {
      WEIR_ASSIGN_OR_RETURN(const std::string text, ReadFile(ignore_path));
      WEIR_RETURN_IF_ERROR(ignore_.AddFile(text));
    }
    WEIR_RETURN_IF_ERROR(ignore_.AddRule("templates/.?*"));
    WEIR_RETURN_IF_ERROR(Walk(AT_FDCWD, root_.c_str(), root_, "", 0));
    return std::move(files_);
  }

 private:
  // `entry` is what `path` is called in the open folder, so that the system
  // need not walk all of the path.
  absl::Status Walk(int folder, const char* entry, const std::string& path,
                    const std::string& name, int depth) {
    struct stat info;
    if (fstatat(folder, entry, &info, AT_SYMLINK_NOFOLLOW) != 0) {
      return PathError("lstat", path, errno);
    }
    if (S_ISLNK(info.st_mode)) {
      if (options_.on_warning) {
        options_.on_warning(absl::StrCat(
            "found symbolic link in path. Contents of linked file included "
            "and used: ",
            path));
      }
      if (stat(path.c_str(), &info) != 0) {
        return absl::InvalidArgumentError(
            absl::StrCat("error evaluating symlink ", path, ": ",
                         FirstMissing(path).message()));
      }
    }
    if (S_ISDIR(info.st_mode)) {
      if (!name.empty() && ignore_.IsIgnored(name, true)) {
        return absl::OkStatus();
      }
      return WalkFolder(folder, entry, path, name, depth);
    }
    if (ignore_.IsIgnored(name, false)) return absl::OkStatus();
    return AddFile(folder, entry, path, name, info);
  }

  absl::Status WalkFolder(int above, const char* entry, const std::string& path,
                          const std::string& name, int depth) {
    if (depth > kMaxFolderDepth) {
      return absl::ResourceExhaustedError(
          absl::StrCat("folders are nested too deeply at ", name));
    }
    const int fd =
        openat(above, entry, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return PathError("open", path, errno);
    DIR* folder = fdopendir(fd);
    if (folder == nullptr) {
      const int error = errno;
      close(fd);
      return PathError("open", path, error);
    }
    const auto closer = absl::MakeCleanup([folder] { closedir(folder); });
    std::vector<std::string> names;
    while (const dirent* found = readdir(folder)) {
      const absl::string_view one(found->d_name);
      if (one != "." && one != "..") names.emplace_back(one);
    }
    std::sort(names.begin(), names.end());
    for (const std::string& one : names) {
      WEIR_RETURN_IF_ERROR(
          Walk(dirfd(folder), one.c_str(), absl::StrCat(path, "/", one),
               name.empty() ? one : absl::StrCat(name, "/", one), depth + 1));
    }
    return absl::OkStatus();
  }

  absl::Status AddFile(int folder, const char* entry, const std::string& path,
                       const std::string& name, const struct stat& info) {
    const int64_t size = info.st_size;
    if (!S_ISREG(info.st_mode)) {
      return absl::InvalidArgumentError(
          absl::StrCat("cannot load irregular file ", path,
                       " as it has file mode type bits set"));
    }
    if (size > options_.max_file_bytes) {
      return absl::ResourceExhaustedError(absl::StrCat(
          "chart file ", GoQuote(name.substr(name.rfind('/') + 1)),
          " is larger than the maximum file size ", options_.max_file_bytes));
    }
    total_ += size;
    if (total_ > options_.max_folder_bytes ||
        static_cast<int64_t>(files_.size()) >= options_.max_files) {
      return absl::ResourceExhaustedError(absl::StrCat(
          "chart folder ", root_, " has too many or too large files"));
    }
    absl::StatusOr<FileData> data = options_.map_files && size >= kLeastMapped
                                        ? MapFile(folder, entry, path)
                                        : ReadData(folder, entry, path);
    if (!data.ok()) {
      return absl::Status(
          data.status().code(),
          absl::StrCat("error reading ", name, ": ", data.status().message()));
    }
    files_.push_back({name, *std::move(data)});
    return absl::OkStatus();
  }

  static constexpr int kMaxFolderDepth = 100;
  static constexpr int64_t kLeastMapped = 8 << 10;

  const std::string root_;
  const LoadOptions& options_;
  HelmIgnore ignore_;
  std::vector<File> files_;
  int64_t total_ = 0;
};

absl::StatusOr<Chart> LoadFolder(const std::string& path,
                                 const LoadOptions& options) {
  std::error_code error;
  std::string absolute =
      std::filesystem::absolute(path, error).lexically_normal().string();
  if (error) return ErrnoToStatus(error.value(), path);
  while (absolute.size() > 1 && absolute.back() == '/') absolute.pop_back();
  const std::string chart_yaml = absl::StrCat(absolute, "/Chart.yaml");
  if (access(chart_yaml.c_str(), R_OK) != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("unable to detect chart at ", chart_yaml, ": ",
                     PathError("open", chart_yaml, errno).message()));
  }
  WEIR_ASSIGN_OR_RETURN(const std::string text, ReadFile(chart_yaml));
  const absl::Status version = CheckApiVersionOf(text);
  if (!version.ok() && !IsLateError(version)) return version;
  WEIR_ASSIGN_OR_RETURN(std::vector<File> files,
                        FolderReader(absolute, options).Read());
  return LoadChecked(version, std::move(files), options);
}

// Whether the file or a folder above it is ignored.
bool IsIgnored(const HelmIgnore& ignore, absl::string_view name) {
  for (size_t slash = name.find('/'); slash != absl::string_view::npos;
       slash = name.find('/', slash + 1)) {
    if (ignore.IsIgnored(name.substr(0, slash), true)) return true;
  }
  return ignore.IsIgnored(name, false);
}

using OpenSource = std::function<absl::StatusOr<archive::Source>()>;

absl::StatusOr<Chart> LoadArchiveCalled(const std::string& path,
                                        const OpenSource& open,
                                        const LoadOptions& options) {
  WEIR_ASSIGN_OR_RETURN(archive::Source head_source, open());
  char head[512];
  WEIR_ASSIGN_OR_RETURN(const size_t size, head_source(head, sizeof(head)));
  WEIR_RETURN_IF_ERROR(EnsureArchive(path, absl::string_view(head, size)));
  WEIR_ASSIGN_OR_RETURN(archive::Source source, open());
  absl::StatusOr<std::vector<File>> files =
      ReadArchiveFiles(std::move(source), options);
  if (!files.ok()) {
    if (files.status().message() == "gzip: invalid header") {
      return absl::InvalidArgumentError(
          absl::StrCat("file '", path,
                       "' does not appear to be a valid chart file (details: ",
                       files.status().message(), ")"));
    }
    // What it was, Helm does not tell here; we keep it for those who ask.
    absl::Status status(files.status().code(), "unable to load chart archive");
    status.SetPayload("weir.dev/cause", absl::Cord(files.status().message()));
    return status;
  }
  const absl::Status version = CheckApiVersion(*files);
  return LoadChecked(version, *std::move(files), options);
}

}  // namespace

absl::StatusOr<Chart> LoadChart(const std::string& path,
                                const LoadOptions& options) {
  struct stat info;
  if (stat(path.c_str(), &info) != 0) return PathError("stat", path, errno);
  if (S_ISDIR(info.st_mode)) return LoadFolder(path, options);
  return LoadArchiveCalled(
      path, [&path] { return archive::FileSource(path); }, options);
}

absl::StatusOr<Metadata> LoadMetadata(const std::string& path,
                                      const LoadOptions& options) {
  struct stat info;
  if (stat(path.c_str(), &info) != 0) return PathError("stat", path, errno);
  if (!S_ISDIR(info.st_mode)) {
    WEIR_ASSIGN_OR_RETURN(archive::Source source, archive::FileSource(path));
    return LoadArchiveMetadata(std::move(source), options);
  }
  std::vector<File> files;
  for (const absl::string_view name : {kChartYaml, kRequirements}) {
    const std::string file = absl::StrCat(path, "/", name);
    if (stat(file.c_str(), &info) != 0) {
      if (name == kRequirements && errno == ENOENT) continue;
      return PathError("open", file, errno);
    }
    if (!S_ISREG(info.st_mode)) {
      return absl::InvalidArgumentError(
          absl::StrCat("'", name, "' is no regular file"));
    }
    if (info.st_size > options.max_file_bytes) {
      return absl::ResourceExhaustedError(
          absl::StrCat("size of '", name, "' exceeds '", options.max_file_bytes,
                       "' bytes limit"));
    }
    WEIR_ASSIGN_OR_RETURN(std::string data, ReadFile(file));
    files.push_back({std::string(name), std::move(data)});
  }
  WEIR_ASSIGN_OR_RETURN(Chart chart, LoadChartFiles(std::move(files), options));
  return std::move(chart.metadata);
}

absl::StatusOr<Metadata> LoadArchiveMetadata(archive::Source compressed,
                                             const LoadOptions& options) {
  WEIR_ASSIGN_OR_RETURN(std::vector<File> files,
                        ReadArchiveFiles(std::move(compressed), options,
                                         [](absl::string_view name) {
                                           return name == kChartYaml ||
                                                  name == kRequirements;
                                         }));
  if (files.empty()) {
    return absl::InvalidArgumentError("no 'Chart.yaml' found");
  }
  WEIR_ASSIGN_OR_RETURN(Chart chart, LoadChartFiles(std::move(files), options));
  return std::move(chart.metadata);
}

absl::StatusOr<Chart> LoadChartTree(std::vector<File> files,
                                    const LoadOptions& options) {
  HelmIgnore ignore;
  for (const File& file : files) {
    if (file.name == ".helmignore") {
      WEIR_RETURN_IF_ERROR(ignore.AddFile(file.data));
    }
  }
  WEIR_RETURN_IF_ERROR(ignore.AddRule("templates/.?*"));
  std::erase_if(files,
                [&](const File& file) { return IsIgnored(ignore, file.name); });
  for (File& file : files) {
    if (absl::StartsWith(file.data, kByteOrderMark)) {
      file.data.RemovePrefix(3);
    }
  }
  const absl::Status version = CheckApiVersion(files);
  return LoadChecked(version, std::move(files), options);
}

absl::Status ExpandChart(absl::string_view archive, const std::string& folder,
                         const LoadOptions& options) {
  WEIR_ASSIGN_OR_RETURN(
      std::vector<File> files,
      ReadArchiveFiles(archive::StringSource(archive), options));
  WEIR_ASSIGN_OR_RETURN(const Chart chart, LoadChartFiles(files, options));
  const std::string root = absl::StrCat(folder, "/", chart.name());
  struct stat info;
  if (lstat(root.c_str(), &info) == 0) {
    return absl::AlreadyExistsError(absl::StrCat(root, " already exists"));
  }
  for (const File& file : files) {
    const std::string path = absl::StrCat(root, "/", file.name);
    WEIR_RETURN_IF_ERROR(
        MakeDirectories(std::filesystem::path(path).parent_path().string()));
    WEIR_RETURN_IF_ERROR(WriteFileAtomically(path, file.data));
  }
  return absl::OkStatus();
}

absl::StatusOr<Chart> LoadNamedArchive(const std::string& name,
                                       absl::string_view bytes,
                                       const LoadOptions& options) {
  return LoadArchiveCalled(
      name,
      [bytes]() -> absl::StatusOr<archive::Source> {
        return archive::StringSource(bytes);
      },
      options);
}

absl::StatusOr<Chart> LoadChartArchive(archive::Source compressed,
                                       const LoadOptions& options) {
  absl::StatusOr<std::vector<File>> files =
      ReadArchiveFiles(std::move(compressed), options);
  if (!files.ok()) {
    if (files.status().message() == "gzip: invalid header") {
      return absl::InvalidArgumentError(
          absl::StrCat("stream does not appear to be a valid chart file "
                       "(details: ",
                       files.status().message(), ")"));
    }
    return Annotate(files.status(), "unable to load chart archive");
  }
  const absl::Status version = CheckApiVersion(*files);
  return LoadChecked(version, *std::move(files), options);
}

}  // namespace weir::helm
