#include "src/load/loader.h"

#include <memory>
#include <string>
#include <utility>

#include "absl/strings/cord.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "src/load/paths.h"
#include "src/model/resource.h"
#include "weir/base/status.h"

namespace weir::kustomize {
namespace {

// What filepath.EvalSymlinks said about a path.
absl::Status NoSuchFile(const FileSystem& files, const std::string& path,
                        const absl::Status& why) {
  return BuildError(absl::StrCat("evalsymlink failure on '",
                                 files.DisplayPath(path),
                                 "' : ", why.message()));
}

// What open() says then.
absl::Status CannotOpen(const FileSystem& files, const std::string& path) {
  absl::string_view why = "no such file or directory";
  const absl::Status status = files.Resolve(path).status();
  for (absl::string_view other :
       {"not a directory", "file name too long", "permission denied"}) {
    if (absl::EndsWith(status.message(), other)) why = other;
  }
  if (absl::EndsWith(status.message(), "too many links")) {
    why = "too many levels of symbolic links";
  }
  return BuildError(absl::StrCat("open ", files.DisplayPath(path), ": ", why));
}

constexpr char kHttpError[] = "weir.dev/http-error";

absl::Status NoRemotes(absl::string_view path, bool is_allowed) {
  return absl::UnimplementedError(
      absl::StrCat("remote resource '", path,
                   is_allowed ? "' cannot be fetched: this build has no network"
                              : "' is refused: remote bases are not allowed"));
}

absl::Status TooManyBytes(const LoadSession& session) {
  return absl::ResourceExhaustedError(
      absl::StrCat("the files of this build are larger than ",
                   session.options.max_input_bytes, " bytes"));
}

// What a URL's page holds.
absl::StatusOr<std::string> FetchPage(const LoadSession& session,
                                      const std::string& url) {
  if (session.options.remote == nullptr) {
    return NoRemotes(url, session.options.allow_remote_bases);
  }
  absl::StatusOr<RemoteSource::Page> page =
      session.options.remote->Get(session.ctx, url);
  WEIR_RETURN_IF_ERROR(session.ctx.status());
  if (!page.ok()) {
    return BuildError(
        absl::StrCat("Get \"", url, "\": ", page.status().message()));
  }
  if (page->code >= 200 && page->code <= 299) return std::move(page->body);
  if (ParseGitUrl(url).has_value()) {
    return BuildError("URL is a git repository");
  }
  absl::Status status = BuildError(absl::StrCat(
      "HTTP Error: status code ", page->code, " (", page->reason, ")"));
  status.SetPayload(kHttpError, absl::Cord());
  return status;
}

absl::StatusOr<LoadSession::Clone> FetchClone(const LoadSession& session,
                                              const GitUrl& url) {
  if (session.options.remote == nullptr ||
      !session.options.allow_remote_bases) {
    return NoRemotes(url.raw, session.options.allow_remote_bases);
  }
  const Context ctx = session.ctx.WithTimeout(url.timeout);
  absl::StatusOr<LoadSession::Clone> clone = session.options.remote->Clone(
      ctx, {url.repository, url.ref, url.submodules});
  WEIR_RETURN_IF_ERROR(session.ctx.status());
  if (clone.ok()) return clone;
  if (!ctx.status().ok()) {
    return BuildError(absl::StrCat("hit ", absl::FormatDuration(url.timeout),
                                   " timeout fetching '", url.repository, "'"));
  }
  return BuildError(
      absl::StrCat("failed to fetch '", url.ref.empty() ? "HEAD" : url.ref,
                   "' of '", url.repository, "': ", clone.status().message()));
}

}  // namespace

bool IsHttpError(const absl::Status& status) {
  return status.GetPayload(kHttpError).has_value();
}

absl::StatusOr<std::string> Loader::ResolveDirectory(const FileSystem& files,
                                                     const std::string& path) {
  absl::StatusOr<std::string> root = files.Resolve(path);
  if (absl::IsPermissionDenied(root.status())) return root.status();
  if (!root.ok()) {
    return Annotate(NoSuchFile(files, path, root.status()),
                    "must build at directory: not a valid directory");
  }
  if (!files.IsDirectory(*root)) {
    return BuildError(absl::StrCat("must build at directory: '",
                                   files.DisplayPath(path),
                                   "': file is not directory"));
  }
  return root;
}

absl::StatusOr<Loader::Place> Loader::OpenClone(LoadSession* session,
                                                GitUrl url) {
  const std::string key =
      absl::StrCat(url.repository, "\n", url.ref, "\n", url.submodules);
  auto known = session->clones.find(key);
  if (known == session->clones.end()) {
    known = session->clones.emplace(key, FetchClone(*session, url)).first;
  }
  WEIR_RETURN_IF_ERROR(known->second.status());
  Place place;
  place.clone = *known->second;
  place.files = place.clone.get();
  const std::string path = CleanPath(url.directory);
  absl::StatusOr<std::string> root = place.files->Resolve(path);
  if (absl::IsPermissionDenied(root.status())) {
    return BuildError(absl::StrCat("\"", place.files->DisplayPath(path),
                                   "\" refers to directory outside of repo \"",
                                   place.files->DisplayPath("."), "\""));
  }
  if (!root.ok()) return NoSuchFile(*place.files, path, root.status());
  if (!place.files->IsDirectory(*root)) {
    return BuildError(absl::StrCat("'", place.files->DisplayPath(path),
                                   "' refers to file '", BaseName(path),
                                   "'; expecting directory"));
  }
  place.root = *std::move(root);
  place.git_url = std::move(url);
  return place;
}

absl::StatusOr<std::unique_ptr<Loader>> Loader::Open(LoadSession* session,
                                                     absl::string_view path) {
  std::optional<GitUrl> url;
  if (session->options.remote != nullptr) url = ParseGitUrl(path);
  Place place;
  if (url.has_value()) {
    WEIR_ASSIGN_OR_RETURN(place, OpenClone(session, *std::move(url)));
  } else {
    place.files = &session->files;
    WEIR_ASSIGN_OR_RETURN(place.root,
                          ResolveDirectory(session->files, CleanPath(path)));
  }
  return std::unique_ptr<Loader>(
      new Loader(session, std::move(place), nullptr));
}

absl::StatusOr<std::unique_ptr<Loader>> Loader::OpenDirectory(
    const std::string& path) const {
  WEIR_RETURN_IF_ERROR(session_->ctx.status());
  if (path.empty()) return BuildError("new root cannot be empty");
  std::optional<GitUrl> url = ParseGitUrl(path);
  Place place;
  if (url.has_value()) {
    for (const Loader* visited = this; visited != nullptr;
         visited = visited->parent_) {
      if (visited->git_url_.has_value() &&
          absl::StartsWith(visited->git_url_->raw, url->raw)) {
        return BuildError(absl::StrCat("cycle detected: URI '", url->raw,
                                       "' referenced by previous URI '",
                                       visited->git_url_->raw, "'"));
      }
    }
    WEIR_ASSIGN_OR_RETURN(place, OpenClone(session_, *std::move(url)));
  } else {
    if (absl::StartsWith(path, "/")) {
      return BuildError(
          absl::StrCat("new root '", path, "' cannot be absolute"));
    }
    place.files = files_;
    place.clone = clone_;
    const std::string joined = JoinPath(root_, path);
    if (clone_ != nullptr && LeavesRoot(joined)) {
      return BuildError(absl::StrCat(
          "security; bases in kustomizations found in cloned git repos must "
          "be within the repo, but base '",
          path, "' is outside '", files_->DisplayPath("."), "'"));
    }
    WEIR_ASSIGN_OR_RETURN(place.root, ResolveDirectory(*files_, joined));
    WEIR_RETURN_IF_ERROR(CheckCycles(place));
  }
  if (depth_ >= session_->options.max_depth) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "'", place.files->DisplayPath(place.root), "' is nested more than ",
        session_->options.max_depth, " directories deep"));
  }
  return std::unique_ptr<Loader>(new Loader(session_, std::move(place), this));
}

absl::Status Loader::CheckCycles(const Place& place) const {
  for (const Loader* visited = this; visited != nullptr;
       visited = visited->parent_) {
    if (visited->files_ == place.files &&
        IsWithin(visited->root_, place.root)) {
      return BuildError(absl::StrCat(
          "cycle detected: candidate root '", files_->DisplayPath(place.root),
          "' contains visited root '", visited->display_root(), "'"));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> Loader::Locate(const std::string& path) const {
  if (!absl::StartsWith(path, "/")) return JoinPath(root_, path);
  const std::string top = files_->DisplayPath(".");
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
  const FileSystem& files = *files_;
  absl::StatusOr<std::string> resolved = files.Resolve(path);
  if (absl::IsPermissionDenied(resolved.status())) return resolved.status();
  if (!resolved.ok()) return NoSuchFile(files, path, resolved.status());
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

// What comes from a clone never reads beyond its own directory.
bool Loader::IsRestricted() const {
  return clone_ != nullptr || session_->options.load_restrictor ==
                                  BuildOptions::LoadRestrictor::kRootOnly;
}

absl::StatusOr<std::string> Loader::Load(const std::string& path) const {
  WEIR_RETURN_IF_ERROR(session_->ctx.status());
  absl::StatusOr<std::string> text;
  if (IsRemoteFile(path)) {
    auto known = session_->pages.find(path);
    if (known == session_->pages.end()) {
      known = session_->pages.emplace(path, FetchPage(*session_, path)).first;
    }
    text = known->second;
  } else {
    WEIR_ASSIGN_OR_RETURN(const std::string located, Locate(path));
    if (IsRestricted()) {
      WEIR_RETURN_IF_ERROR(CheckWithinRoot(located));
    } else if (files_->IsDirectory(located)) {
      return BuildError(absl::StrCat("read ", files_->DisplayPath(located),
                                     ": is a directory"));
    }
    text = files_->ReadFile(located);
    if (absl::IsNotFound(text.status())) return CannotOpen(*files_, located);
  }
  if (text.ok()) {
    session_->bytes_read += text->size();
    if (session_->bytes_read > session_->options.max_input_bytes) {
      return TooManyBytes(*session_);
    }
  }
  return text;
}

bool Loader::MayHave(absl::string_view name) const {
  return files_->Resolve(JoinPath(root_, name)).ok();
}

std::string Loader::display_root() const { return files_->DisplayPath(root_); }

}  // namespace weir::kustomize
