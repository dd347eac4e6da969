#include "src/helm_repository_pass.h"

#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "src/chart_repositories.h"
#include "src/file_io.h"
#include "weir/base/duration.h"
#include "weir/base/file.h"
#include "weir/base/status.h"
#include "weir/helm/index_writer.h"
#include "weir/reconcile/controller.h"
#include "weir/reconcile/status_writer.h"

namespace weir::source {
namespace {

constexpr absl::Duration kDefaultInterval = absl::Minutes(1);

// 412B, 30.88kB: four digits, powers of 1000.
std::string HumanSize(int64_t bytes) {
  constexpr const char* kUnits[] = {"B", "kB", "MB", "GB", "TB"};
  double size = static_cast<double>(bytes);
  size_t unit = 0;
  while (size >= 1000 && unit + 1 < std::size(kUnits)) {
    size /= 1000;
    ++unit;
  }
  return absl::StrCat(absl::StrFormat("%.4g", size), kUnits[unit]);
}

absl::StatusOr<crypto::Digest> DigestOf(const std::string& path,
                                        crypto::DigestAlgorithm algorithm) {
  crypto::Hasher hasher(algorithm);
  WEIR_RETURN_IF_ERROR(CopyFile(path, [&hasher](absl::string_view bytes) {
    hasher.Update(bytes);
    return absl::OkStatus();
  }));
  return hasher.Finish();
}

// Something that an earlier type has left.
bool HasTraces(const Value& object) {
  return reconcile::HasFinalizer(object) || !object["status"].empty();
}

}  // namespace

bool IsRelevantHelmRepositoryChange(const kube::Change& change) {
  if (change.after["spec"].GetString("type") == kOciType &&
      !HasTraces(change.after)) {
    return false;
  }
  return reconcile::IsRelevantChange(change);
}

reconcile::Outcome HelmRepositoryPass::MakeStatic() {
  const bool is_left_alone =
      object_["spec"].GetBool("suspend") && !reconcile::IsBeingDeleted(object_);
  if (is_left_alone || !HasTraces(object_)) return reconcile::Outcome::Done();
  const absl::StatusOr<bool> removed = RemoveArtifacts();
  if (!removed.ok()) return reconcile::Outcome::Retry(removed.status());
  absl::StatusOr<Value> written =
      request_.writer->WriteStatusValue(ctx_, object_, Value::MakeObject());
  if (written.ok()) {
    written = request_.writer->RemoveFinalizer(ctx_, *written);
  }
  if (!written.ok() && !absl::IsNotFound(written.status())) {
    return reconcile::Outcome::Retry(written.status());
  }
  return reconcile::Outcome::Done();
}

absl::Status HelmRepositoryPass::RemoveMore() {
  for (const char* event : {kCacheHit, kCacheMiss}) {
    helm_.cache_events->Remove({event, key_.name, key_.name_space});
  }
  return absl::OkStatus();
}

std::string HelmRepositoryPass::SuccessMessage() const {
  return absl::StrCat("stored fetched index of ",
                      current()->size() > 0
                          ? absl::StrCat("size ", HumanSize(current()->size()))
                          : "unknown size",
                      " from '", spec().url(), "'");
}

absl::StatusOr<absl::Duration> HelmRepositoryPass::Interval() const {
  if (spec().interval().empty()) return kDefaultInterval;
  WEIR_ASSIGN_OR_RETURN(const absl::Duration interval,
                        ParseGoDuration(spec().interval()));
  return interval == absl::ZeroDuration() ? kDefaultInterval : interval;
}

HelmRepositoryPass::Step HelmRepositoryPass::Work() {
  const auto fail = [this](Failure::Kind kind, const char* reason,
                           std::string message) {
    return Fail(kind, kFetchFailed, reason, std::move(message));
  };
  if (IsOciUrl(spec().url())) {
    return fail(Failure::Kind::kStall, kUrlInvalid,
                "invalid Helm repository URL: 'oci' URL scheme cannot be used "
                "with 'default' HelmRepository type");
  }
  const absl::Status url = NormalizeUrl(spec().url()).status();
  if (!url.ok()) {
    return fail(Failure::Kind::kStall, kUrlInvalid,
                absl::StrCat("invalid Helm repository URL: ", url.message()));
  }
  const absl::StatusOr<HelmAccess> access = FindHelmAccess(
      ctx_, *env_.client, *env_.options, key_.name_space, spec());
  if (!access.ok()) {
    return fail(Failure::Kind::kRetry, kAuthenticationFailed,
                std::string(access.status().message()));
  }
  const absl::StatusOr<TempDir> folder = TempDir::Create(
      absl::StrCat("helmrepository-", key_.name_space, "-", key_.name, "-"));
  if (!folder.ok()) {
    return Fail(Failure::Kind::kRetry, kStorageOperationFailed,
                "DirectoryCreationFailed",
                absl::StrCat("failed to create temporary working directory: ",
                             folder.status().message()));
  }
  const std::string path = absl::StrCat(folder->path(), "/index.yaml");
  const absl::Status fetched =
      DownloadIndex(ctx_, *env_.http_client, *env_.options, *access, path);
  if (!fetched.ok()) {
    return fail(Failure::Kind::kRetry, kFailed,
                absl::StrCat("failed to fetch Helm repository index: failed to "
                             "cache index to temporary file: ",
                             fetched.message()));
  }
  if (IsCurrent(path)) {
    conditions_->Delete(kFetchFailed);
    conditions_->Delete(kArtifactOutdated);
    helm_.indexes->Extend(current()->path());
    TellUpToDate(kArtifactUpToDate,
                 absl::StrCat("artifact up-to-date with remote revision: '",
                              current()->revision(), "'"));
    conditions_->MarkTrue(kArtifactInStorage, kSucceeded,
                          absl::StrCat("stored artifact: revision '",
                                       current()->revision(), "'"));
    return std::nullopt;
  }
  return Publish(path, folder->path());
}

// Compared by the algorithm of the revision that is there.
bool HelmRepositoryPass::IsCurrent(const std::string& path) const {
  if (current() == nullptr) return false;
  const absl::StatusOr<crypto::Digest> revision =
      crypto::ParseDigest(current()->revision());
  if (!revision.ok()) return false;
  const absl::StatusOr<crypto::Digest> now =
      DigestOf(path, revision->algorithm);
  return now.ok() && *now == *revision;
}

HelmRepositoryPass::Step HelmRepositoryPass::Publish(
    const std::string& path, const std::string& folder) {
  const absl::StatusOr<crypto::Digest> digest =
      DigestOf(path, env_.storage->options().digest_algorithm);
  if (!digest.ok()) {
    return Fail(Failure::Kind::kRetry, kFetchFailed, "IndexationFailed",
                absl::StrCat("failed to calculate revision: ",
                             digest.status().message()));
  }
  const std::string revision = digest->ToString();
  helm::IndexOptions options = IndexLimits(*env_.options);
  options.source = spec().url();
  options.on_warning = [this](absl::string_view text) {
    request_.logger.Debug("index entry skipped",
                          {{"reason", std::string(text)}});
  };
  // Written beside first: what is told of a new index, is told of a good one.
  const std::string json = absl::StrCat(folder, "/index.json");
  std::vector<helm::IndexSpan> spans;
  FileSink file;
  absl::Status indexed = file.Open(json);
  if (indexed.ok()) {
    indexed = helm::WriteIndex(
        helm::IndexFile(path), folder, options,
        [&](absl::string_view bytes) -> absl::Status {
          WEIR_RETURN_IF_ERROR(ctx_.status());
          return file.Write(bytes);
        },
        &spans);
  }
  indexed.Update(file.Close());
  if (!indexed.ok()) {
    return Fail(Failure::Kind::kRetry, kFetchFailed, "IndexationFailed",
                absl::StrCat("failed to load Helm repository from index YAML: "
                             "failed to load index: ",
                             indexed.message()));
  }
  conditions_->Delete(kFetchFailed);
  const std::string news = absl::StrCat("new index revision '", revision, "'");
  if (current() != nullptr) {
    conditions_->MarkTrue(kArtifactOutdated, "NewRevision", news);
  }
  Progress(true, absl::StrCat("building artifact: ", news));
  artifact::Artifact artifact = env_.storage->MakeArtifact(
      key_, revision,
      absl::StrCat("index-", revision.substr(revision.find(':') + 1), ".yaml"));
  const std::string artifact_path = artifact.path;
  const absl::Status written =
      Store([&](const archive::Sink& sink) { return CopyFile(json, sink); },
            std::move(artifact));
  if (!written.ok()) {
    return Fail(Failure::Kind::kRetry, kStorageOperationFailed,
                kArchiveOperationFailed,
                absl::StrCat("unable to save artifact to storage: ",
                             written.message()));
  }
  helm_.indexes->Put(artifact_path, std::move(spans));
  conditions_->MarkTrue(
      kArtifactInStorage, kSucceeded,
      absl::StrCat("stored artifact: revision '", revision, "'"));
  return std::nullopt;
}

}  // namespace weir::source
