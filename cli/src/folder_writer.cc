#include "folder_writer.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "weir/helm/release.h"
#include "weir/helm/url.h"

namespace weir::cli {
namespace {

absl::Status ErrorOf(absl::string_view call, absl::string_view path,
                     int error) {
  return absl::FailedPreconditionError(absl::StrCat(
      call, " ", path, ": ", absl::AsciiStrToLower(std::strerror(error))));
}

// os.MkdirAll: the error names the folder that is in the way.
absl::Status MakeFolders(const std::string& path) {
  struct stat info;
  if (::stat(path.c_str(), &info) == 0) {
    return S_ISDIR(info.st_mode) ? absl::OkStatus()
                                 : ErrorOf("mkdir", path, ENOTDIR);
  }
  const size_t slash = path.rfind('/');
  if (slash != std::string::npos && slash > 0) {
    absl::Status status = MakeFolders(path.substr(0, slash));
    if (!status.ok()) return status;
  }
  constexpr mode_t kMode = 0755;
  if (::mkdir(path.c_str(), kMode) == 0) return absl::OkStatus();
  const int error = errno;
  return ::lstat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode)
             ? absl::OkStatus()
             : ErrorOf("mkdir", path, error);
}

absl::Status MakeFoldersOf(const std::string& path) {
  const std::string folder =
      helm::CleanPath(path.substr(0, path.rfind('/') + 1));
  struct stat info;
  if (::stat(folder.c_str(), &info) != 0 && errno != ENOENT) {
    return ErrorOf("stat", folder, errno);
  }
  return MakeFolders(folder);
}

}  // namespace

FolderWriter::FolderWriter(std::function<void(absl::string_view)> say)
    : say_(std::move(say)) {}

absl::Status FolderWriter::WriteOnce(const std::string& folder,
                                     const std::string& name,
                                     absl::string_view content) {
  const bool is_new = written_.insert(name).second;
  return Write(absl::StrCat(folder, "/", name), name, content, !is_new);
}

absl::Status FolderWriter::WriteOrAppend(const std::string& folder,
                                         const std::string& name,
                                         absl::string_view content) {
  const std::string path = absl::StrCat(folder, "/", name);
  return Write(path, name, content, ::access(path.c_str(), F_OK) == 0);
}

absl::Status FolderWriter::Write(const std::string& path,
                                 const std::string& name,
                                 absl::string_view content, bool append) {
  absl::Status status = MakeFoldersOf(path);
  if (!status.ok()) return status;
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(
      std::fopen(path.c_str(), append ? "ae" : "we"), std::fclose);
  if (file == nullptr) return ErrorOf("open", path, errno);
  std::string text;
  helm::AppendDocument(name, content, &text);
  if (std::fwrite(text.data(), 1, text.size(), file.get()) != text.size() ||
      std::fflush(file.get()) != 0) {
    return ErrorOf("write", path, errno);
  }
  say_(absl::StrCat("wrote ", path, "\n"));
  return absl::OkStatus();
}

}  // namespace weir::cli
