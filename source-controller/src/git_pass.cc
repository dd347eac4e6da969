#include "src/git_pass.h"

#include <dirent.h>

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "src/git_auth.h"
#include "src/revision.h"
#include "weir/archive/extract.h"
#include "weir/archive/secure_join.h"
#include "weir/base/duration.h"
#include "weir/base/secret.h"
#include "weir/base/status.h"
#include "weir/codec/codec.h"
#include "weir/crypto/digest.h"

namespace weir::source {
namespace {

// Below the storage root; the file server hands out no dot folders.
constexpr char kCacheFolder[] = ".git-cache";
constexpr absl::Duration kDefaultTimeout = absl::Seconds(60);
constexpr char kGitOperationFailed[] = "GitOperationFailed";

bool IsSameInclude(const v1::GitRepositoryInclude& a,
                   const v1::GitRepositoryInclude& b) {
  return a.repository().name() == b.repository().name() &&
         a.from_path() == b.from_path() && a.to_path() == b.to_path();
}

std::string TargetOf(const v1::GitRepositoryInclude& include) {
  return include.to_path().empty() ? include.repository().name()
                                   : include.to_path();
}

}  // namespace

// Errors in steps have the words that users know.
GitPass::Step GitPass::Work() {
  if (Step last = SourceStep()) return last;
  if (Step last = IncludeStep()) return last;
  return ArtifactStep();
}

std::string GitPass::SuccessMessage() const {
  return absl::StrCat("stored artifact for commit '",
                      commit_.has_value() ? ShortMessage(commit_->message)
                                          : status().artifact().revision(),
                      "'");
}

absl::Status GitPass::RemoveMore() { return RemoveAll(CacheFolder()); }

absl::StatusOr<absl::Duration> GitPass::Interval() const {
  return ParseGoDuration(spec().interval());
}

GitPass::Step GitPass::SourceStep() {
  conditions_->Delete(kSourceVerified);
  status().clear_source_verification_mode();
  Step failure;
  const auto options = ConnectionOptions(&failure);
  if (!options.ok()) return failure;
  if (Step waiting = CheckIncludes()) return waiting;
  const Context ctx = ctx_.WithTimeout(
      ParseGoDuration(spec().timeout()).value_or(kDefaultTimeout));
  return Resolve(ctx, *options);
}

absl::StatusOr<git::RemoteOptions> GitPass::ConnectionOptions(Step* failure) {
  git::RemoteOptions options;
  options.url = spec().url();
  options.http_client = env_.http_client;
  options.ssh_kex_algorithms = env_.options->ssh_kex_algorithms;
  options.ssh_host_key_algorithms = env_.options->ssh_host_key_algorithms;
  const auto local = env_.options->local_repositories.find(spec().url());
  if (local != env_.options->local_repositories.end()) {
    options.url = local->second;
    options.allow_local = true;
    return options;
  }
  const auto fail = [&](Failure::Kind kind, const char* reason,
                        const std::string& message) {
    *failure = Fail(kind, kFetchFailed, reason, message);
    return absl::InvalidArgumentError(message);
  };
  const absl::Status url = git::CheckUrl(options.url);
  if (!url.ok()) {
    return fail(Failure::Kind::kStall, kUrlInvalid,
                absl::StrCat("failed to parse url '", RedactUrl(options.url),
                             "': ", url.message()));
  }
  kube::SecretData credentials;
  if (spec().has_secret_ref()) {
    const std::string& name = spec().secret_ref().name();
    const std::string where = absl::StrCat(request_.key.name_space, "/", name);
    absl::StatusOr<kube::SecretData> read =
        kube::GetSecretData(ctx_, *env_.client, request_.key.name_space, name);
    if (!read.ok()) {
      const bool was_refused = kube::ApiCodeOf(read.status()) != 0;
      const std::string what =
          was_refused ? absl::StrCat("failed to get secret '", where, "': ")
                      : "";
      return fail(Failure::Kind::kRetry, kAuthenticationFailed,
                  absl::StrCat(what, what, read.status().message()));
    }
    credentials = *std::move(read);
  }
  const absl::Status applied = ApplyCredentials(credentials, &options);
  if (!applied.ok()) {
    return fail(Failure::Kind::kRetry, kAuthenticationFailed,
                absl::StrCat("failed to configure authentication options: ",
                             applied.message()));
  }
  return options;
}

Value GitPass::FindInclude(const std::string& name) const {
  const kube::ObjectKey key{request_.key.name_space, name};
  Value found = find_(key);
  if (!found.is_null() || !env_.is_cache_partial) return found;
  return env_.client->Get(ctx_, {{kGroup, "v1", "GitRepository"}, key})
      .value_or(Value());
}

GitPass::Step GitPass::CheckIncludes() {
  includes_.clear();
  const auto wait = [this](const char* reason, const std::string& message) {
    return Fail(Failure::Kind::kWait, kIncludeUnavailable, reason, message);
  };
  for (const v1::GitRepositoryInclude& include : spec().include()) {
    const std::string& name = include.repository().name();
    const Value found = FindInclude(name);
    if (found.is_null()) {
      return wait("NotFound",
                  absl::StrCat("could not get resource for include '", name,
                               "': GitRepository.", kGroup, " \"", name,
                               "\" not found"));
    }
    v1::GitRepository other;
    if (!codec::FromValue(found, &other).ok() ||
        !other.status().has_artifact()) {
      return wait(
          "NoArtifact",
          absl::StrCat("no artifact available for include '", name, "'"));
    }
    includes_.push_back(other.status().artifact());
  }
  conditions_->Delete(kIncludeUnavailable);
  if (!HasIncludesChanged()) return std::nullopt;
  Progress(true,
           "building artifact: included artifacts differ from last observed "
           "includes");
  return std::nullopt;
}

bool GitPass::HasIncludesChanged() const {
  const v1::GitRepositoryStatus& old = status();
  if (static_cast<size_t>(old.included_artifacts_size()) != includes_.size()) {
    return true;
  }
  for (size_t i = 0; i < includes_.size(); ++i) {
    const meta::v1::Artifact& known =
        old.included_artifacts(static_cast<int>(i));
    if (known.revision() != includes_[i].revision() ||
        known.digest() != includes_[i].digest()) {
      return true;
    }
  }
  return false;
}

bool GitPass::HasContentChanged() const {
  const v1::GitRepositoryStatus& old = status();
  if (spec().has_ignore() != old.has_observed_ignore() ||
      spec().ignore() != old.observed_ignore() ||
      spec().recurse_submodules() != old.observed_recurse_submodules() ||
      spec().include_size() != old.observed_include_size() ||
      spec().sparse_checkout_size() != old.observed_sparse_checkout_size()) {
    return true;
  }
  for (int i = 0; i < spec().include_size(); ++i) {
    if (!IsSameInclude(spec().include(i), old.observed_include(i))) return true;
  }
  for (int i = 0; i < spec().sparse_checkout_size(); ++i) {
    if (spec().sparse_checkout(i) != old.observed_sparse_checkout(i)) {
      return true;
    }
  }
  return HasIncludesChanged();
}

bool GitPass::IsUpToDate() const {
  const v1::GitRepositoryStatus& old = status();
  return old.has_artifact() &&
         ModernRevision(old.artifact().revision()) == checkout_->revision() &&
         !HasContentChanged();
}

GitPass::Step GitPass::Resolve(const Context& ctx, git::RemoteOptions options) {
  const auto fail = [this](absl::string_view message) {
    return Fail(Failure::Kind::kRetry, kFetchFailed, kGitOperationFailed,
                std::string(message));
  };
  absl::StatusOr<GitCheckout> checkout = GitCheckout::Resolve(
      ctx, spec().ref(), std::move(options),
      conditions_->IsTrue(kArtifactInStorage), [this] { return OpenStore(); });
  if (!checkout.ok()) {
    return fail(absl::StrCat("failed to checkout and determine revision: ",
                             checkout.status().message()));
  }
  checkout_ = *std::move(checkout);
  if (checkout_->is_empty()) {
    return Fail(Failure::Kind::kRetry, kFetchFailed, "EmptyGitRepository",
                "git repository is empty");
  }
  const std::string& revision = checkout_->revision();
  if (IsUpToDate() && conditions_->IsTrue(kArtifactInStorage)) {
    conditions_->Delete(kFetchFailed);
    conditions_->Delete(kArtifactOutdated);
    conditions_->MarkTrue(
        kArtifactInStorage, kSucceeded,
        absl::StrCat("stored artifact for revision '", revision, "'"));
    if (checkout_->is_by_reference()) {
      return Failure{Failure::Kind::kUnchanged, "GitOperationSucceeded",
                     absl::StrCat("no changes since last reconciliation: "
                                  "observed revision '",
                                  revision, "'")};
    }
    return Failure{Failure::Kind::kUnchanged, kArtifactUpToDate,
                   absl::StrCat("artifact up-to-date with remote revision: '",
                                revision, "'")};
  }
  return Fetch(ctx);
}

GitPass::Step GitPass::Fetch(const Context& ctx) {
  const auto fail = [this](absl::string_view what, const absl::Status& status) {
    if (absl::IsDataLoss(status)) DropStore();
    return Fail(Failure::Kind::kRetry, kFetchFailed, kGitOperationFailed,
                absl::StrCat(what, status.message()));
  };
  constexpr char kCheckout[] = "failed to checkout and determine revision: ";
  const absl::StatusOr<git::Repository*> store = OpenStore();
  if (!store.ok()) return fail(kCheckout, store.status());
  const absl::Status fetched = checkout_->Fetch(ctx, *store);
  if (!fetched.ok()) return fail(kCheckout, fetched);
  absl::StatusOr<git::Commit> commit =
      (*store)->ReadCommit(checkout_->commit());
  if (!commit.ok()) {
    DropStore();
    return fail(kCheckout, commit.status());
  }
  commit_ = *std::move(commit);
  absl::StatusOr<SourceTree> tree = SourceTree::Read(
      ctx, **store, checkout_->commit(),
      {spec().sparse_checkout().begin(), spec().sparse_checkout().end()});
  if (!tree.ok()) {
    const bool is_sparse =
        absl::StartsWith(tree.status().message(), "sparse checkout");
    if (!is_sparse && absl::IsNotFound(tree.status())) DropStore();
    return fail(
        is_sparse ? "failed to sparse checkout directories : " : kCheckout,
        tree.status());
  }
  tree_ = *std::move(tree);
  conditions_->Delete(kFetchFailed);
  const std::string& revision = checkout_->revision();
  const bool had_artifact = status().has_artifact();
  if (had_artifact &&
      ModernRevision(status().artifact().revision()) == revision) {
    return std::nullopt;
  }
  const std::string news =
      absl::StrCat("new upstream revision '", revision, "'");
  if (had_artifact) {
    conditions_->MarkTrue(kArtifactOutdated, "NewRevision", news);
  }
  Progress(true, absl::StrCat("building artifact: ", news));
  WriteProgress();
  return std::nullopt;
}

GitPass::Step GitPass::IncludeStep() {
  for (int i = 0; i < spec().include_size(); ++i) {
    const v1::GitRepositoryInclude& include = spec().include(i);
    const std::string target = TargetOf(include);
    const auto fail = [&](const absl::Status& status) {
      return Fail(Failure::Kind::kRetry, kStorageOperationFailed, "CopyFailure",
                  absl::StrCat("failed to copy '", include.repository().name(),
                               "' include from ", include.from_path(), " to ",
                               target, ": ", status.message()));
    };
    absl::StatusOr<TempDir> folder = TempDir::Create(absl::StrCat(
        "gitrepository-", key_.name_space, "-", key_.name, "-include"));
    if (!folder.ok()) return fail(folder.status());
    const absl::StatusOr<std::string> file =
        env_.storage->LocalPath(includes_[static_cast<size_t>(i)].path());
    if (!file.ok()) return fail(file.status());
    absl::StatusOr<archive::Source> source = archive::FileSource(*file);
    if (!source.ok()) return fail(source.status());
    const absl::Status extracted = archive::ExtractTarGz(
        ctx_, *std::move(source), folder->path(), {.max_bytes = 0});
    if (!extracted.ok()) return fail(extracted);
    const absl::StatusOr<std::string> from =
        archive::SecureJoin(folder->path(), include.from_path());
    if (!from.ok()) return fail(from.status());
    const absl::Status included =
        tree_->Include(*from, archive::CleanRelativePath(target));
    if (!included.ok()) return fail(included);
    extracted_.push_back(*std::move(folder));
  }
  return std::nullopt;
}

GitPass::Step GitPass::ArtifactStep() {
  const std::string& revision = checkout_->revision();
  std::optional<std::string> ignore;
  if (spec().has_ignore()) ignore = spec().ignore();
  const absl::Status written = Store(
      [&](const archive::Sink& sink) {
        return tree_->WriteTarball(ctx_, ignore, sink);
      },
      env_.storage->MakeArtifact(
          key_, revision,
          absl::StrCat(checkout_->commit().ToHex(), ".tar.gz")));
  if (!written.ok()) {
    if (absl::IsDataLoss(written) || absl::IsNotFound(written)) DropStore();
    return Fail(Failure::Kind::kRetry, kStorageOperationFailed,
                kArchiveOperationFailed,
                absl::StrCat("unable to archive artifact to storage: ",
                             written.message()));
  }
  status().mutable_included_artifacts()->Assign(includes_.begin(),
                                                includes_.end());
  status().clear_observed_ignore();
  if (ignore.has_value()) status().set_observed_ignore(*ignore);
  status().clear_observed_recurse_submodules();
  *status().mutable_observed_include() = spec().include();
  *status().mutable_observed_sparse_checkout() = spec().sparse_checkout();
  conditions_->MarkTrue(
      kArtifactInStorage, kSucceeded,
      absl::StrCat("stored artifact for revision '", revision, "'"));
  return std::nullopt;
}

std::string GitPass::CacheFolder() const {
  return absl::StrCat(env_.storage->root(), "/", kCacheFolder, "/",
                      key_.name_space, "/", key_.name);
}

// What is damaged must not stay in the way of the next pass.
void GitPass::DropStore() {
  store_.reset();
  (void)RemoveAll(CacheFolder());
}

// The store of an object's present URL; that of another URL is removed.
absl::StatusOr<git::Repository*> GitPass::OpenStore() {
  if (store_ != nullptr) return store_.get();
  const std::string name = crypto::Sha256Hex(spec().url()).substr(0, 16);
  const std::string folder = CacheFolder();
  bool is_foreign = false;
  if (DIR* handle = opendir(folder.c_str())) {
    while (const dirent* entry = readdir(handle)) {
      const absl::string_view found = entry->d_name;
      is_foreign =
          is_foreign || (found != "." && found != ".." && found != name);
    }
    closedir(handle);
  }
  if (is_foreign) WEIR_RETURN_IF_ERROR(RemoveAll(folder));
  WEIR_RETURN_IF_ERROR(MakeDirectories(folder, 0700));
  const std::string path = absl::StrCat(folder, "/", name);
  WEIR_ASSIGN_OR_RETURN(store_, git::Repository::OpenOrCreate(path));
  if (store_->IsBloated()) {
    store_.reset();
    WEIR_RETURN_IF_ERROR(RemoveAll(path));
    WEIR_ASSIGN_OR_RETURN(store_, git::Repository::OpenOrCreate(path));
  }
  return store_.get();
}

}  // namespace weir::source
