#include "weir/archive/secure_join.h"

#include <limits.h>
#include <unistd.h>

#include <algorithm>
#include <deque>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace weir::archive {
namespace {

constexpr int kMaxLinks = 255;

}  // namespace

absl::StatusOr<std::string> SecureJoin(const std::string& root,
                                       absl::string_view unsafe_path) {
  if (absl::StrContains(unsafe_path, absl::string_view("\0", 1))) {
    return absl::InvalidArgumentError("NUL in path");
  }
  std::deque<std::string> todo = absl::StrSplit(unsafe_path, '/');
  std::vector<std::string> done;
  int links = 0;
  while (!todo.empty()) {
    const std::string part = std::move(todo.front());
    todo.pop_front();
    if (part.empty() || part == ".") continue;
    if (part == "..") {
      if (!done.empty()) done.pop_back();
      continue;
    }
    done.push_back(part);
    char target[PATH_MAX];
    const ssize_t size =
        readlink(absl::StrCat(root, "/", absl::StrJoin(done, "/")).c_str(),
                 target, sizeof(target));
    if (size < 0) continue;  // Not a link, or not there.
    if (++links > kMaxLinks) {
      return absl::FailedPreconditionError(absl::StrCat(
          "too many symbolic links in path \"", unsafe_path, "\""));
    }
    const absl::string_view link(target, static_cast<size_t>(size));
    if (absl::StartsWith(link, "/")) {
      done.clear();
    } else {
      done.pop_back();
    }
    const std::vector<std::string> parts = absl::StrSplit(link, '/');
    todo.insert(todo.begin(), parts.begin(), parts.end());
  }
  if (done.empty()) return root;
  return absl::StrCat(root, "/", absl::StrJoin(done, "/"));
}

std::string CleanRelativePath(absl::string_view unsafe_path) {
  std::vector<absl::string_view> done;
  for (const absl::string_view part : absl::StrSplit(unsafe_path, '/')) {
    if (part.empty() || part == ".") continue;
    if (part == "..") {
      if (!done.empty()) done.pop_back();
    } else {
      done.push_back(part);
    }
  }
  return absl::StrJoin(done, "/");
}

}  // namespace weir::archive
