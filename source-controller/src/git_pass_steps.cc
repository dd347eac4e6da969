#include <dirent.h>
#include <sys/stat.h>

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "src/artifacts.h"
#include "src/git_auth.h"
#include "src/git_pass.h"
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

using reconcile::Severity;

// Below the storage root; the file server hands out no dot folders.
constexpr char kCacheFolder[] = ".git-cache";
constexpr absl::Duration kDefaultTimeout = absl::Seconds(60);
constexpr char kSucceeded[] = "Succeeded";
constexpr char kGitOperationFailed[] = "GitOperationFailed";
constexpr char kAuthenticationFailed[] = "AuthenticationFailed";

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

GitPass::Step GitPass::StorageStep() {
  bool is_lost = false;
  if (status().has_artifact()) {
    const auto removed =
        env_.storage->CollectGarbage(ctx_, FromApi(status().artifact()));
    if (!removed.ok()) {
      Emit(Severity::kError, "GarbageCollectionFailed",
           absl::StrCat("garbage collection of artifacts failed: ",
                        removed.status().message()));
    } else if (!removed->empty()) {
      Emit(Severity::kTrace, "GarbageCollectionSucceeded",
           absl::StrCat("garbage collected ", removed->size(), " artifacts"));
    }
    std::string problem;
    is_lost = !AdoptArtifact(&problem);
    if (is_lost && !problem.empty()) {
      Emit(Severity::kError, "ArtifactVerificationFailed",
           absl::StrCat("failed to verify integrity of artifact: ", problem));
      (void)env_.storage->Remove(FromApi(status().artifact()));
    }
  }
  if (is_lost) {
    status().clear_artifact();
    env_.registry->Withdraw(key_);
  }
  if (!status().has_artifact()) {
    Progress(true, absl::StrCat("building artifact",
                                is_lost ? ": disappeared from storage" : ""));
    conditions_->Delete(kArtifactInStorage);
    return std::nullopt;
  }
  status().mutable_artifact()->set_url(
      env_.storage->UrlOf(status().artifact().path()));
  env_.registry->Publish(key_, FromApi(status().artifact()));
  return std::nullopt;
}

std::optional<GitEnvironment::Checked> GitPass::Inspect(
    const artifact::Artifact& artifact) const {
  const absl::StatusOr<std::string> path =
      env_.storage->LocalPath(artifact.path);
  struct stat info;
  if (!path.ok() || lstat(path->c_str(), &info) != 0 ||
      !S_ISREG(info.st_mode)) {
    return std::nullopt;
  }
  return GitEnvironment::Checked{
      artifact.path, artifact.digest,
      absl::ToUnixNanos(absl::TimeFromTimespec(info.st_mtim)), info.st_size,
      info.st_ino};
}

// Whether the artifact's file is there and has its digest; `problem` says
// what is wrong with a file that is there.
bool GitPass::AdoptArtifact(std::string* problem) {
  const artifact::Artifact artifact = FromApi(status().artifact());
  const std::optional<GitEnvironment::Checked> found = Inspect(artifact);
  if (!found.has_value()) return false;
  const std::string folder = artifact::SourceFolder(key_);
  {
    MutexLock lock(*env_.checked_mu);
    const auto known = env_.checked->find(folder);
    if (known != env_.checked->end() && known->second == *found) return true;
  }
  const absl::Status verified = env_.storage->Verify(ctx_, artifact);
  if (!verified.ok()) {
    if (absl::IsDataLoss(verified)) *problem = std::string(verified.message());
    return false;
  }
  MutexLock lock(*env_.checked_mu);
  (*env_.checked)[folder] = *found;
  return true;
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
    return fail(Failure::Kind::kStall, "URLInvalid",
                absl::StrCat("failed to parse url '", RedactUrl(options.url),
                             "': ", url.message()));
  }
  Credentials credentials;
  if (spec().has_secret_ref()) {
    const std::string& name = spec().secret_ref().name();
    const absl::StatusOr<Value> secret = env_.client->Get(
        ctx_, {{"", "v1", "Secret"}, {request_.key.name_space, name}});
    if (!secret.ok()) {
      const std::string what = absl::StrCat(
          "failed to get secret '", request_.key.name_space, "/", name, "': ");
      return fail(Failure::Kind::kRetry, kAuthenticationFailed,
                  absl::StrCat(what, what, secret.status().message()));
    }
    absl::StatusOr<Credentials> read = ReadCredentials(*secret);
    if (!read.ok()) {
      return fail(Failure::Kind::kRetry, kAuthenticationFailed,
                  std::string(read.status().message()));
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
  Value found = env_.find(key);
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
  const v1::GitRepositoryStatus& old = git_.status();
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
  const v1::GitRepositoryStatus& old = git_.status();
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
  const v1::GitRepositoryStatus& old = git_.status();
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
    return Failure{Failure::Kind::kUnchanged, "ArtifactUpToDate",
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
  absl::StatusOr<GitTree> tree = GitTree::Read(
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
  artifact::Artifact artifact = env_.storage->MakeArtifact(
      key_, revision, absl::StrCat(checkout_->commit().ToHex(), ".tar.gz"));
  std::optional<std::string> ignore;
  if (spec().has_ignore()) ignore = spec().ignore();
  const absl::Status written = env_.storage->Write(
      ctx_,
      [&](const archive::Sink& sink) {
        return tree_->WriteTarball(ctx_, ignore, sink);
      },
      &artifact);
  if (!written.ok()) {
    if (absl::IsDataLoss(written) || absl::IsNotFound(written)) DropStore();
    return Fail(Failure::Kind::kRetry, kStorageOperationFailed,
                "ArchiveOperationFailed",
                absl::StrCat("unable to archive artifact to storage: ",
                             written.message()));
  }
  *status().mutable_artifact() = ToApi(artifact);
  status().mutable_included_artifacts()->Assign(includes_.begin(),
                                                includes_.end());
  status().clear_observed_ignore();
  if (ignore.has_value()) status().set_observed_ignore(*ignore);
  status().clear_observed_recurse_submodules();
  *status().mutable_observed_include() = spec().include();
  *status().mutable_observed_sparse_checkout() = spec().sparse_checkout();
  conditions_->Delete(kArtifactOutdated);
  conditions_->MarkTrue(
      kArtifactInStorage, kSucceeded,
      absl::StrCat("stored artifact for revision '", revision, "'"));
  if (const auto stored = Inspect(artifact); stored.has_value()) {
    MutexLock lock(*env_.checked_mu);
    (*env_.checked)[artifact::SourceFolder(key_)] = *stored;
  }
  env_.registry->Publish(key_, artifact);
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
