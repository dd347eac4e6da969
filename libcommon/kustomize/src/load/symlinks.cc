#include "src/load/symlinks.h"

#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <system_error>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "src/load/paths.h"
#include "weir/kustomize/file_system.h"

namespace weir::kustomize {
namespace {

// "lstat /a/b: permission denied"
absl::Status LstatError(const std::string& path, int error) {
  std::string why = std::generic_category().message(error);
  why[0] = absl::ascii_tolower(static_cast<unsigned char>(why[0]));
  return absl::NotFoundError(absl::StrCat("lstat ", path, ": ", why));
}

// Takes the first element off a path; empty when there is none.
std::string TakeElement(std::string* path) {
  const size_t start = path->find_first_not_of('/');
  if (start == std::string::npos) return "";
  const size_t end = std::min(path->find('/', start), path->size());
  std::string element = path->substr(start, end - start);
  path->erase(0, end);
  return element;
}

}  // namespace

absl::Status NoSuchPath(absl::string_view path) {
  constexpr size_t kMaxName = 255;
  constexpr size_t kMaxPath = 4095;
  const bool is_long =
      BaseName(path).size() > kMaxName || path.size() > kMaxPath;
  return LstatError(std::string(path), is_long ? ENAMETOOLONG : ENOENT);
}

absl::Status NotADirectory() { return absl::NotFoundError("not a directory"); }

absl::Status TooManyLinks() {
  return absl::NotFoundError("EvalSymlinks: too many links");
}

absl::StatusOr<std::string> FollowLinks(absl::string_view path) {
  std::string rest(path);
  std::string done;
  int links = 0;
  while (true) {
    const std::string element = TakeElement(&rest);
    if (element.empty()) return done.empty() ? "/" : done;
    if (element == ".") continue;
    if (element == "..") {
      done.resize(std::min(done.rfind('/'), done.size()));
      continue;
    }
    const size_t parent = done.size();
    absl::StrAppend(&done, "/", element);
    struct stat info;
    if (lstat(done.c_str(), &info) != 0) return LstatError(done, errno);
    if (!S_ISLNK(info.st_mode)) {
      if (!S_ISDIR(info.st_mode) && !rest.empty()) return NotADirectory();
      continue;
    }
    if (++links > kMaxLinks) return TooManyLinks();
    char target[PATH_MAX];
    const ssize_t size = readlink(done.c_str(), target, sizeof(target));
    if (size < 0) return LstatError(done, errno);
    rest.insert(0, target, static_cast<size_t>(size));
    done.resize(rest[0] == '/' ? 0 : parent);
  }
}

}  // namespace weir::kustomize
