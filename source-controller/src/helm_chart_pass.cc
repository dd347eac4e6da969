#include "src/helm_chart_pass.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "src/artifacts.h"
#include "src/chart_repositories.h"
#include "src/file_io.h"
#include "weir/archive/extract.h"
#include "weir/base/duration.h"
#include "weir/base/file.h"
#include "weir/base/status.h"
#include "weir/codec/codec.h"
#include "weir/helm/oci_charts.h"

namespace weir::source {
namespace {

constexpr size_t kShortRevision = 12;

// How a problem is told, and whether trying again can help.
struct Telling {
  const char* reason;
  const char* summary;
  const char* condition;
  bool is_lasting;
};
const Telling& TellingOf(BuildProblem problem) {
  static constexpr Telling kTellings[] = {
      {"InvalidChartReference", "invalid chart reference", kFetchFailed, true},
      {"ChartPullError", "chart pull error", kFetchFailed, false},
      {"MetadataPatchError", "chart metadata patch error", kBuildFailed, true},
      {"ValuesFilesError", "values files merge error", kBuildFailed, true},
      {"DependencyBuildError", "dependency build error", kBuildFailed, false},
      {"ChartPackageError", "chart package error", kBuildFailed, false},
      {"Unknown", "unknown build error", kFetchFailed, false},
  };
  return kTellings[static_cast<size_t>(problem)];
}

// Of "main@sha1:0123..." the first digits of the hash.
std::string ShortHash(absl::string_view revision) {
  const size_t colon = revision.rfind(':');
  if (colon != absl::string_view::npos) revision.remove_prefix(colon + 1);
  const size_t slash = revision.rfind('/');
  if (slash != absl::string_view::npos) revision.remove_prefix(slash + 1);
  return std::string(revision.substr(0, kShortRevision));
}

}  // namespace

std::string HelmChartPass::SuccessMessage() const { return build_.Summary(); }

std::string HelmChartPass::NewArtifactReason() const {
  return build_.is_packaged ? "ChartPackageSucceeded" : "ChartPullSucceeded";
}

absl::StatusOr<absl::Duration> HelmChartPass::Interval() const {
  return ParseGoDuration(spec().interval());
}

absl::StatusOr<Value> HelmChartPass::FindSource() const {
  const v1::HelmChartSourceReference& ref = spec().source_ref();
  const kube::ObjectKey key{key_.name_space, ref.name()};
  Value found = helm_.find(ref.kind(), key);
  if (!found.is_null()) return found;
  if (env_.is_cache_partial || !helm_.has_synced(ref.kind())) {
    return env_.client->Get(ctx_, {{kGroup, "v1", ref.kind()}, key});
  }
  return absl::NotFoundError(
      absl::StrCat(ref.kind(), ".", kGroup, " \"", ref.name(), "\" not found"));
}

HelmChartPass::Step HelmChartPass::Work() {
  conditions_->Delete(kSourceVerified);
  const absl::StatusOr<Value> source = FindSource();
  if (!source.ok()) {
    return Fail(
        Failure::Kind::kRetry, kFetchFailed, "SourceUnavailable",
        absl::StrCat("failed to get source: ", source.status().message()));
  }
  const std::string& kind = spec().source_ref().kind();
  const bool is_repository = kind == kHelmRepository.kind;
  const bool is_registry =
      is_repository && (*source)["spec"].GetString("type") == kOciType;
  meta::v1::Artifact found;
  const Value& artifact = (*source)["status"]["artifact"];
  const bool has_artifact = artifact.is_object() &&
                            codec::FromValue(artifact, &found).ok() &&
                            env_.storage->Has(FromApi(found));
  if (!has_artifact && !is_registry) {
    return Fail(Failure::Kind::kRequeue, kFetchFailed, "NoSourceArtifact",
                absl::StrCat("no artifact available for ", kind, " source '",
                             spec().source_ref().name(), "'"));
  }
  if (has_artifact) {
    status().set_observed_source_artifact_revision(found.revision());
  }
  const absl::StatusOr<TempDir> folder = TempDir::Create(
      absl::StrCat("helmchart-", key_.name_space, "-", key_.name, "-"));
  if (!folder.ok()) {
    return Fail(Failure::Kind::kRetry, kFetchFailed, "DirectoryCreationFailed",
                absl::StrCat("failed to create temporary working directory: ",
                             folder.status().message()));
  }
  ChartOrder order = MakeOrder(folder->path());
  return is_repository ? FromRepository(*source, std::move(order))
                       : FromFiles(FromApi(found), std::move(order));
}

ChartOrder HelmChartPass::MakeOrder(const std::string& folder) const {
  ChartOrder order;
  order.chart = spec().chart();
  order.version = spec().version();
  order.values_files.assign(spec().values_files().begin(),
                            spec().values_files().end());
  order.ignore_missing_values_files = spec().ignore_missing_values_files();
  order.may_reuse =
      current() != nullptr && status().observed_generation() == generation_;
  if (current() != nullptr) {
    order.current_name = status().observed_chart_name();
    order.current_version = current()->revision();
  }
  order.current_values_files.assign(status().observed_values_files().begin(),
                                    status().observed_values_files().end());
  order.folder = folder;
  order.max_chart_bytes = env_.options->helm_chart_max_bytes;
  order.load.max_file_bytes = env_.options->helm_chart_file_max_bytes;
  order.load.keep_values_text = true;
  return order;
}

HelmChartPass::Step HelmChartPass::FromRepository(const Value& source,
                                                  ChartOrder order) {
  v1::HelmRepository repository;
  const absl::Status parsed = codec::FromValue(source, &repository);
  if (!parsed.ok()) {
    return Fail(
        Failure::Kind::kStall, kFetchFailed, kFailed,
        absl::StrCat("failed to construct Helm client: ", parsed.message()));
  }
  const v1::HelmRepositorySpec& wanted = repository.spec();
  const absl::StatusOr<std::string> url = NormalizeUrl(wanted.url());
  if (!url.ok()) {
    return Fail(
        Failure::Kind::kStall, kFetchFailed, kUrlInvalid,
        absl::StrCat("invalid Helm repository URL: ", url.status().message()));
  }
  if (wanted.type() == kOciType) {
    if (!IsOciUrl(*url)) {
      return Fail(Failure::Kind::kStall, kFetchFailed, kFailed,
                  absl::StrCat("failed to construct Helm client: invalid OCI "
                               "registry URL: ",
                               *url));
    }
    if (!wanted.has_secret_ref() && !wanted.provider().empty() &&
        wanted.provider() != "generic") {
      return Fail(
          Failure::Kind::kStall, kFetchFailed, reconcile::kNotSupported,
          absl::StrCat("provider '", wanted.provider(), "' of HelmRepository '",
                       spec().source_ref().name(), "' is not supported yet"));
    }
  }
  absl::StatusOr<std::unique_ptr<ChartRepository>> opened =
      OpenRepository(repository, {key_.name_space, spec().source_ref().name()});
  if (!opened.ok()) {
    return Fail(Failure::Kind::kRetry, kFetchFailed, kAuthenticationFailed,
                std::string(opened.status().message()));
  }
  if (!order.merged_files().empty()) {
    order.version_metadata = absl::StrCat(generation_);
  }
  return Conclude(BuildFromRepository(ctx_, **opened, order),
                  /*is_remote=*/true);
}

// `owner`: whose hits and misses of the cache are counted.
absl::StatusOr<std::unique_ptr<ChartRepository>> HelmChartPass::OpenRepository(
    const v1::HelmRepository& repository, const kube::ObjectKey& owner) {
  WEIR_ASSIGN_OR_RETURN(HelmAccess access,
                        FindHelmAccess(ctx_, *env_.client, *env_.options,
                                       key_.name_space, repository.spec()));
  if (repository.spec().type() == kOciType) {
    return MakeRegistryRepository(*env_.http_client, *env_.options,
                                  std::move(access));
  }
  const artifact::Artifact index = FromApi(repository.status().artifact());
  FindVersion find = [this, index, owner](const Context&,
                                          const std::string& chart,
                                          const std::string& version) {
    bool is_hit = false;
    absl::StatusOr<helm::ChartVersion> found =
        helm_.indexes->Find(index, chart, version, &is_hit);
    helm_.cache_events->Add(
        {is_hit ? kCacheHit : kCacheMiss, owner.name, owner.name_space});
    if (!found.ok() &&
        found.status().GetPayload(kIndexUnreadable).has_value()) {
      return absl::StatusOr<helm::ChartVersion>(
          Annotate(found.status(), "failed to load index"));
    }
    return found;
  };
  return MakeWebRepository(*env_.http_client, *env_.options, std::move(access),
                           std::move(find));
}

// The HelmRepository of the namespace that has this URL says how to log in.
absl::StatusOr<std::unique_ptr<ChartRepository>> HelmChartPass::RepositoryAt(
    const std::string& url, const std::string& folder) {
  v1::HelmRepository repository;
  for (const Value& one : helm_.repositories(key_.name_space)) {
    const auto normalized =
        NormalizeUrl(std::string(one["spec"].GetString("url")));
    if (!normalized.ok() || *normalized != url) continue;
    WEIR_RETURN_IF_ERROR(codec::FromValue(one, &repository));
    break;
  }
  repository.mutable_spec()->set_url(url);
  if (IsOciUrl(url)) repository.mutable_spec()->set_type(kOciType);
  if (IsOciUrl(url) ||
      (repository.status().has_artifact() &&
       env_.storage->Has(FromApi(repository.status().artifact())))) {
    return OpenRepository(repository, {key_.name_space, key_.name});
  }
  WEIR_ASSIGN_OR_RETURN(HelmAccess access,
                        FindHelmAccess(ctx_, *env_.client, *env_.options,
                                       key_.name_space, repository.spec()));
  FindVersion find =
      FindInDownloadedIndex(*env_.http_client, *env_.options, access, folder);
  return MakeWebRepository(*env_.http_client, *env_.options, std::move(access),
                           std::move(find));
}

HelmChartPass::Step HelmChartPass::FromFiles(const artifact::Artifact& source,
                                             ChartOrder order) {
  const std::string root = absl::StrCat(order.folder, "/source");
  const auto fail = [this](const char* reason, const char* doing,
                           const absl::Status& error) {
    return Fail(Failure::Kind::kRetry, kFetchFailed, reason,
                absl::StrCat(doing, ": ", error.message()));
  };
  const absl::Status made = MakeDirectories(root, 0700);
  if (!made.ok()) {
    return fail("DirectoryCreationFailed",
                "failed to create directory to untar source into", made);
  }
  const absl::StatusOr<std::string> path = env_.storage->LocalPath(source.path);
  absl::StatusOr<archive::Source> file =
      path.ok() ? archive::FileSource(*path)
                : absl::StatusOr<archive::Source>(path.status());
  if (!file.ok()) {
    return fail("ReadOperationFailed", "failed to open source artifact",
                file.status());
  }
  const absl::Status extracted =
      archive::ExtractTarGz(ctx_, *std::move(file), root);
  if (!extracted.ok()) return fail(kFailed, "artifact untar error", extracted);
  if (spec().reconcile_strategy() == "Revision") {
    order.version_metadata = ShortHash(source.revision);
  }
  if (!order.merged_files().empty()) {
    absl::StrAppend(&order.version_metadata,
                    order.version_metadata.empty() ? "" : ".", generation_);
  }
  const std::string folder = order.folder;
  return Conclude(BuildFromFiles(
                      ctx_, root,
                      [this, &folder](const Context&, const std::string& url) {
                        return RepositoryAt(url, folder);
                      },
                      order),
                  /*is_remote=*/false);
}

HelmChartPass::Step HelmChartPass::BuildFailure(const absl::Status& error,
                                                bool is_remote) {
  // Who may not read is told so, whatever it was for.
  if (is_remote && absl::IsUnauthenticated(error)) {
    return Fail(
        Failure::Kind::kRetry, kFetchFailed, kAuthenticationFailed,
        absl::StrCat("failed to authenticate with the Helm repository: ",
                     TellingOf(ProblemOf(error)).summary, ": ",
                     error.message()));
  }
  const Telling& telling = TellingOf(ProblemOf(error));
  conditions_->Delete(absl::string_view(telling.condition) == kFetchFailed
                          ? kBuildFailed
                          : kFetchFailed);
  return Fail(
      telling.is_lasting ? Failure::Kind::kStall : Failure::Kind::kRetry,
      telling.condition, telling.reason,
      absl::StrCat(telling.summary, ": ", error.message()));
}

HelmChartPass::Step HelmChartPass::Conclude(absl::StatusOr<ChartBuild> build,
                                            bool is_remote) {
  if (!build.ok()) return BuildFailure(build.status(), is_remote);
  build_ = *std::move(build);
  const std::string summary = build_.Summary();
  if (build_.name != status().observed_chart_name() || current() == nullptr ||
      current()->revision() != build_.version) {
    if (current() != nullptr) {
      conditions_->MarkTrue(kArtifactOutdated, "NewChart", summary);
    }
    Progress(true, absl::StrCat("building artifact: ", summary));
  }
  conditions_->Delete(kFetchFailed);
  conditions_->Delete(kBuildFailed);
  if (build_.resolved_dependencies > 0) {
    Emit(reconcile::Severity::kTrace, "ResolvedDependencies",
         absl::StrCat("resolved ", build_.resolved_dependencies,
                      " chart dependencies"));
  }
  return ArtifactStep();
}

HelmChartPass::Step HelmChartPass::ArtifactStep() {
  if (build_.is_reused) {
    conditions_->Delete(kArtifactOutdated);
    TellUpToDate(kArtifactUpToDate,
                 absl::StrCat("artifact up-to-date with remote revision: '",
                              build_.version, "'"));
  } else {
    const absl::Status written = Store(
        [this](const archive::Sink& sink) {
          return CopyFile(build_.file, sink);
        },
        env_.storage->MakeArtifact(
            key_, build_.version,
            absl::StrCat(build_.name, "-", build_.version, ".tgz")));
    if (!written.ok()) {
      return Fail(Failure::Kind::kRetry, kStorageOperationFailed,
                  kArchiveOperationFailed,
                  absl::StrCat("unable to copy Helm chart to storage: ",
                               written.message()));
    }
    status().set_observed_chart_name(build_.name);
    status().clear_observed_values_files();
    if (spec().ignore_missing_values_files()) {
      status().mutable_observed_values_files()->Assign(
          build_.values_files.begin(), build_.values_files.end());
    }
  }
  conditions_->MarkTrue(kArtifactInStorage, NewArtifactReason(),
                        build_.Summary());
  return std::nullopt;
}

}  // namespace weir::source
