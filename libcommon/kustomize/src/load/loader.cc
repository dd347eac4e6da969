#include "src/load/loader.h"

#include <memory>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "src/load/paths.h"
#include "src/model/resource.h"
#include "weir/base/status.h"

namespace weir::kustomize {
namespace {

// The first element of a path that is not there, as lstat complains about it.
std::string FirstMissing(const FileSystem& files, const std::string& path) {
  for (size_t slash = path.find('/'); slash != std::string::npos;
       slash = path.find('/', slash + 1)) {
    const std::string head = path.substr(0, slash);
    if (head != ".." && !files.IsDirectory(head)) {
      return files.DisplayPath(head);
    }
  }
  return files.DisplayPath(path);
}

absl::Status NoSuchFile(const FileSystem& files, const std::string& path) {
  return BuildError(absl::StrCat(
      "evalsymlink failure on '", files.DisplayPath(path), "' : lstat ",
      FirstMissing(files, path), ": no such file or directory"));
}

absl::Status RemoteRefused(const LoadSession& session, absl::string_view path) {
  return absl::UnimplementedError(absl::StrCat(
      "remote resource '", path,
      session.options.allow_remote_bases
          ? "' is not supported yet: only files and directories are"
          : "' is refused: remote bases are not allowed"));
}

}  // namespace

bool IsRemoteFile(absl::string_view path) {
  return absl::StartsWithIgnoreCase(path, "http://") ||
         absl::StartsWithIgnoreCase(path, "https://");
}

bool IsGitUrl(absl::string_view path) {
  for (absl::string_view prefix :
       {"git::", "ssh://", "file://", "http://", "https://", "github.com/",
        "github.com:", "git@github.com:", "git@github.com/"}) {
    if (absl::StartsWithIgnoreCase(path, prefix)) return true;
  }
  // user@host:path
  const size_t at = path.find('@');
  const size_t colon = path.find(':');
  return at != absl::string_view::npos && at > 0 &&
         colon != absl::string_view::npos && colon > at &&
         path.substr(0, at).find('/') == absl::string_view::npos;
}

absl::StatusOr<std::unique_ptr<Loader>> Loader::Open(LoadSession* session,
                                                     absl::string_view path) {
  if (IsGitUrl(path)) return RemoteRefused(*session, path);
  const std::string clean = CleanPath(path);
  absl::StatusOr<std::string> root = session->files.Resolve(clean);
  if (absl::IsPermissionDenied(root.status())) return root.status();
  if (!root.ok()) {
    return Annotate(NoSuchFile(session->files, clean),
                    "must build at directory: not a valid directory");
  }
  if (!session->files.IsDirectory(*root)) {
    return BuildError(absl::StrCat("must build at directory: '",
                                   session->files.DisplayPath(clean),
                                   "': file is not directory"));
  }
  return std::unique_ptr<Loader>(
      new Loader(session, *std::move(root), nullptr, 0));
}

absl::StatusOr<std::unique_ptr<Loader>> Loader::OpenDirectory(
    const std::string& path) const {
  WEIR_RETURN_IF_ERROR(session_->ctx.status());
  if (path.empty()) return BuildError("new root cannot be empty");
  if (IsGitUrl(path)) return RemoteRefused(*session_, path);
  if (absl::StartsWith(path, "/")) {
    return BuildError(absl::StrCat("new root '", path, "' cannot be absolute"));
  }
  WEIR_ASSIGN_OR_RETURN(std::unique_ptr<Loader> opened,
                        Open(session_, JoinPath(root_, path)));
  for (const Loader* visited = this; visited != nullptr;
       visited = visited->parent_) {
    if (IsWithin(visited->root_, opened->root_)) {
      return BuildError(absl::StrCat(
          "cycle detected: candidate root '", opened->display_root(),
          "' contains visited root '", visited->display_root(), "'"));
    }
  }
  if (depth_ >= session_->options.max_depth) {
    return absl::ResourceExhaustedError(
        absl::StrCat("'", opened->display_root(), "' is nested more than ",
                     session_->options.max_depth, " directories deep"));
  }
  return std::unique_ptr<Loader>(
      new Loader(session_, opened->root_, this, depth_ + 1));
}

absl::StatusOr<std::string> Loader::Locate(const std::string& path) const {
  if (!absl::StartsWith(path, "/")) return JoinPath(root_, path);
  const std::string top = session_->files.DisplayPath(".");
  absl::string_view rest = path;
  if (top == "/" || absl::ConsumePrefix(&rest, top)) {
    if (rest.empty() || rest[0] == '/') {
      rest.remove_prefix(rest.empty() ? 0 : 1);
      return CleanPath(rest);
    }
  }
  return absl::PermissionDeniedError(
      absl::StrCat("fs-security-constraint open ", path, ": path '", path,
                   "' is not in or below '", top, "'"));
}

absl::Status Loader::CheckWithinRoot(const std::string& path) const {
  const FileSystem& files = session_->files;
  absl::StatusOr<std::string> resolved = files.Resolve(path);
  if (absl::IsPermissionDenied(resolved.status())) return resolved.status();
  if (!resolved.ok()) return NoSuchFile(files, path);
  if (!files.IsFile(*resolved)) {
    return BuildError(
        absl::StrCat("'", files.DisplayPath(path), "' must resolve to a file"));
  }
  if (!IsWithin(*resolved, root_)) {
    return BuildError(absl::StrCat("security; file '", files.DisplayPath(path),
                                   "' is not in or below '", display_root(),
                                   "'"));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> Loader::Load(const std::string& path) const {
  WEIR_RETURN_IF_ERROR(session_->ctx.status());
  if (IsRemoteFile(path)) return RemoteRefused(*session_, path);
  WEIR_ASSIGN_OR_RETURN(const std::string located, Locate(path));
  const FileSystem& files = session_->files;
  if (session_->options.load_restrictor ==
      BuildOptions::LoadRestrictor::kRootOnly) {
    WEIR_RETURN_IF_ERROR(CheckWithinRoot(located));
  } else if (files.IsDirectory(located)) {
    return BuildError(
        absl::StrCat("read ", files.DisplayPath(located), ": is a directory"));
  }
  absl::StatusOr<std::string> text = files.ReadFile(located);
  if (absl::IsNotFound(text.status())) {
    return BuildError(absl::StrCat("open ", files.DisplayPath(located),
                                   ": no such file or directory"));
  }
  if (text.ok()) {
    session_->bytes_read += text->size();
    if (session_->bytes_read > session_->options.max_input_bytes) {
      return absl::ResourceExhaustedError(
          absl::StrCat("the files of this build are larger than ",
                       session_->options.max_input_bytes, " bytes"));
    }
  }
  return text;
}

std::string Loader::display_root() const {
  return session_->files.DisplayPath(root_);
}

}  // namespace weir::kustomize
