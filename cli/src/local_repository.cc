#include "local_repository.h"

#include <filesystem>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "weir/base/file.h"
#include "weir/base/status.h"

namespace weir::cli {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxFileBytes = 4096;

// The one line of a small file; "" when it cannot be read.
std::string ReadLine(const fs::path& path) {
  const auto text = ReadFile(path.string(), kMaxFileBytes);
  return text.ok() ? std::string(absl::StripAsciiWhitespace(*text)) : "";
}

}  // namespace

absl::StatusOr<LocalRepository> FindLocalRepository(const std::string& path) {
  std::error_code error;
  const fs::path folder = fs::canonical(path, error);
  if (error) return ErrnoToStatus(error.value(), path);
  fs::path git_dir = folder;
  if (fs::is_directory(folder / ".git", error)) {
    git_dir = folder / ".git";
  } else if (fs::is_regular_file(folder / ".git", error)) {
    // A linked work tree: "gitdir: <repository>/worktrees/<name>".
    const std::string line = ReadLine(folder / ".git");
    absl::string_view target = line;
    if (absl::ConsumePrefix(&target, "gitdir: ")) {
      git_dir = folder / fs::path(std::string(target));
    }
  }
  const std::string head = ReadLine(git_dir / "HEAD");
  if (head.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("no Git repository at ", path));
  }
  LocalRepository found;
  found.git_dir = git_dir.string();
  absl::string_view branch = head;
  if (absl::ConsumePrefix(&branch, "ref: refs/heads/")) {
    found.branch = std::string(branch);
  }
  // Branches of a linked work tree are those of the main repository.
  if (const std::string common = ReadLine(git_dir / "commondir");
      !common.empty()) {
    found.git_dir = fs::weakly_canonical(git_dir / common, error).string();
  }
  return found;
}

}  // namespace weir::cli
