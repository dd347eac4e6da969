#include "src/git_program.h"

#include <signal.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "weir/base/file.h"
#include "weir/base/secret.h"
#include "weir/base/status.h"
#include "weir/base/subprocess.h"

namespace weir::remote {
namespace {

using kustomize::FileSystem;

// A work tree on disk that is removed with the object.
class TemporaryFiles : public FileSystem {
 public:
  explicit TemporaryFiles(TempDir folder)
      : folder_(std::move(folder)),
        files_(kustomize::MakeDiskFileSystem(folder_.path())) {}

  const std::string& path() const { return folder_.path(); }

  absl::StatusOr<std::string> ReadFile(absl::string_view path) const override {
    return files_->ReadFile(path);
  }
  bool IsDirectory(absl::string_view path) const override {
    return files_->IsDirectory(path);
  }
  bool IsFile(absl::string_view path) const override {
    return files_->IsFile(path);
  }
  absl::StatusOr<std::vector<Entry>> List(
      absl::string_view path) const override {
    return files_->List(path);
  }
  std::string DisplayPath(absl::string_view path) const override {
    return files_->DisplayPath(path);
  }
  absl::StatusOr<std::string> Resolve(absl::string_view path) const override {
    return files_->Resolve(path);
  }

 private:
  const TempDir folder_;
  const std::unique_ptr<FileSystem> files_;
};

// Runs git in a folder, without files larger than a limit.
class GitRunner {
 public:
  GitRunner(std::string folder, size_t max_file_bytes)
      : folder_(std::move(folder)), max_file_bytes_(max_file_bytes) {}

  absl::Status Run(const Context& ctx,
                   std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), "git");
    ProcessOptions options;
    options.arguments = arguments;
    options.working_directory = folder_;
    options.max_file_bytes = max_file_bytes_;
    WEIR_ASSIGN_OR_RETURN(const ProcessResult done, RunProcess(ctx, options));
    if (done.exit_code == 0) return absl::OkStatus();
    if (done.exit_code == 128 + SIGXFSZ || IsTooLarge(done.error)) {
      return absl::ResourceExhaustedError(absl::StrCat(
          "the repository has a pack or a file that is larger than ",
          max_file_bytes_, " bytes"));
    }
    for (std::string& argument : arguments) argument = RedactUrl(argument);
    const std::string said =
        absl::StrJoin(absl::StrSplit(absl::StripAsciiWhitespace(done.error),
                                     '\n', absl::SkipEmpty()),
                      "; ");
    return absl::UnavailableError(
        absl::StrCat("failed to run '", absl::StrJoin(arguments, " "),
                     "': ", said, ": exit status ", done.exit_code));
  }

 private:
  // Git's own children may meet the limit.
  static bool IsTooLarge(absl::string_view error) {
    return absl::StrContains(error, "File too large") ||
           absl::StrContains(error, absl::StrCat("signal ", SIGXFSZ));
  }

  const std::string folder_;
  const size_t max_file_bytes_;
};

}  // namespace

absl::StatusOr<std::shared_ptr<const FileSystem>> CloneWithGit(
    const Context& ctx, const kustomize::RemoteSource::Repository& repository,
    size_t max_file_bytes) {
  WEIR_ASSIGN_OR_RETURN(TempDir folder, TempDir::Create("kustomize-"));
  auto files = std::make_shared<TemporaryFiles>(std::move(folder));
  const GitRunner git(files->path(), max_file_bytes);
  const std::string ref = repository.ref.empty() ? "HEAD" : repository.ref;
  WEIR_RETURN_IF_ERROR(git.Run(ctx, {"init", "--quiet"}));
  // Submodules with relative URLs are relative to it.
  WEIR_RETURN_IF_ERROR(
      git.Run(ctx, {"remote", "add", "--", "origin", repository.url}));
  WEIR_RETURN_IF_ERROR(
      git.Run(ctx, {"fetch", "--depth=1", "--", repository.url, ref}));
  WEIR_RETURN_IF_ERROR(git.Run(ctx, {"checkout", "--quiet", "FETCH_HEAD"}));
  if (repository.submodules) {
    WEIR_RETURN_IF_ERROR(
        git.Run(ctx, {"submodule", "update", "--init", "--recursive"}));
  }
  return files;
}

}  // namespace weir::remote
