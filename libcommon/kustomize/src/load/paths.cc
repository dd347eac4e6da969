#include "src/load/paths.h"

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace weir::kustomize {

std::string CleanPath(absl::string_view path) {
  const bool absolute = absl::StartsWith(path, "/");
  std::vector<absl::string_view> kept;
  for (absl::string_view part : absl::StrSplit(path, '/', absl::SkipEmpty())) {
    if (part == ".") continue;
    if (part == "..") {
      if (!kept.empty() && kept.back() != "..") {
        kept.pop_back();
        continue;
      }
      if (absolute) continue;
    }
    kept.push_back(part);
  }
  const std::string joined = absl::StrJoin(kept, "/");
  if (absolute) return absl::StrCat("/", joined);
  return joined.empty() ? "." : joined;
}

std::string JoinPath(absl::string_view base, absl::string_view path) {
  return CleanPath(base.empty() ? std::string(path)
                                : absl::StrCat(base, "/", path));
}

std::string BaseName(absl::string_view path) {
  while (absl::EndsWith(path, "/")) path.remove_suffix(1);
  const size_t slash = path.rfind('/');
  return std::string(slash == absl::string_view::npos ? path
                                                      : path.substr(slash + 1));
}

bool IsWithin(absl::string_view path, absl::string_view directory) {
  if (directory == ".") return !LeavesRoot(path);
  return path == directory ||
         (absl::StartsWith(path, directory) && path[directory.size()] == '/');
}

bool LeavesRoot(absl::string_view path) {
  return path == ".." || absl::StartsWith(path, "../");
}

}  // namespace weir::kustomize
