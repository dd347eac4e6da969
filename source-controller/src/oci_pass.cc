#include "src/oci_pass.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "src/file_io.h"
#include "src/registry_text.h"
#include "src/source_tree.h"
#include "weir/archive/extract.h"
#include "weir/base/duration.h"
#include "weir/base/status.h"
#include "weir/crypto/digest.h"
#include "weir/kube/secrets.h"
#include "weir/oci/credentials.h"
#include "weir/text/regex.h"
#include "weir/text/semver.h"

namespace weir::source {
namespace {

constexpr absl::Duration kDefaultTimeout = absl::Seconds(60);
constexpr char kPullFailed[] = "OCIArtifactPullFailed";
constexpr char kLayerFailed[] = "OCIArtifactLayerOperationFailed";
constexpr char kReadFailed[] = "ReadOperationFailed";
constexpr char kDockerConfigType[] = "kubernetes.io/dockerconfigjson";
constexpr char kOldDockerConfigType[] = "kubernetes.io/dockercfg";
constexpr char kChartLayer[] =
    "application/vnd.cncf.helm.chart.content.v1.tar+gzip";
constexpr char kOriginSource[] = "org.opencontainers.image.source";
constexpr char kOriginRevision[] = "org.opencontainers.image.revision";
constexpr int64_t kMaxManifestBytes = 16 << 20;
constexpr int kTagsPage = 1000;

// Adds what the Secret holds, if it is of a type for it.
absl::Status AddLogin(const kube::SecretData& secret,
                      std::vector<oci::DockerConfig>* configs) {
  const char* key = secret.type == kDockerConfigType      ? ".dockerconfigjson"
                    : secret.type == kOldDockerConfigType ? ".dockercfg"
                                                          : "";
  const Secret text = secret.Get(key);
  if (text.empty()) return absl::OkStatus();
  WEIR_ASSIGN_OR_RETURN(oci::DockerConfig config,
                        oci::DockerConfig::Parse(text.RevealForUse()),
                        "secret '", secret.name, "'");
  configs->push_back(std::move(config));
  return absl::OkStatus();
}

absl::Status NotFound(absl::string_view what, const std::string& name,
                      const absl::Status& error) {
  if (absl::IsNotFound(error)) {
    return absl::NotFoundError(absl::StrCat(what, " '", name, "' not found"));
  }
  return Annotate(error, absl::StrCat("failed to get ", what, " '", name, "'"));
}

// Go's words for what our readers say of a layer.
std::string DescribeExtraction(const absl::Status& error, int64_t bytes) {
  constexpr int64_t kGzipHeader = 10;
  if (!absl::StrContains(error.message(), "gzip")) {
    return std::string(error.message());
  }
  return absl::StrCat("requires gzip-compressed body: ",
                      bytes == 0            ? "EOF"
                      : bytes < kGzipHeader ? "unexpected EOF"
                                            : "gzip: invalid header");
}

}  // namespace

OciPass::Step OciPass::Work() {
  conditions_->Delete(kSourceVerified);
  const Context ctx = ctx_.WithTimeout(
      ParseGoDuration(spec().timeout()).value_or(kDefaultTimeout));
  oci::ClientOptions options;
  if (Step last = Connect(ctx, &options)) return last;
  oci::Client client(*env_.http_client, std::move(options));
  if (Step last = FindReference(ctx, client)) return last;
  if (Step last = FindRevision(ctx, client)) return last;
  if (IsCurrent()) {
    conditions_->Delete(kFetchFailed);
    TellUpToDate(kArtifactUpToDate,
                 absl::StrCat("artifact up-to-date with remote revision: '",
                              revision_, "'"));
    MarkStored();
    return std::nullopt;
  }
  if (Step last = Pull(ctx, client)) return last;
  conditions_->Delete(kFetchFailed);
  return ArtifactStep();
}

std::string OciPass::SuccessMessage() const {
  const meta::v1::Artifact& artifact = status().artifact();
  std::string out =
      absl::StrCat("stored artifact with revision '", artifact.revision(),
                   "' from '", spec().url(), "'");
  const auto source = artifact.metadata().find(kOriginSource);
  const auto revision = artifact.metadata().find(kOriginRevision);
  if (source != artifact.metadata().end() &&
      revision != artifact.metadata().end()) {
    absl::StrAppend(&out, ", origin source '", source->second,
                    "', origin revision '", revision->second, "'");
  }
  return out;
}

absl::StatusOr<absl::Duration> OciPass::Interval() const {
  return ParseGoDuration(spec().interval());
}

OciPass::Failure OciPass::FetchFailure(const char* reason,
                                       std::string message) {
  return Fail(Failure::Kind::kRetry, kFetchFailed, reason, std::move(message));
}

bool OciPass::HasContentChanged() const {
  const auto& wanted = spec().layer_selector();
  const auto& observed = status().observed_layer_selector();
  return spec().has_ignore() != status().has_observed_ignore() ||
         spec().ignore() != status().observed_ignore() ||
         spec().has_layer_selector() !=
             status().has_observed_layer_selector() ||
         wanted.media_type() != observed.media_type() ||
         wanted.operation() != observed.operation();
}

bool OciPass::IsCurrent() const {
  return current() != nullptr && current()->revision() == revision_ &&
         !HasContentChanged();
}

void OciPass::MarkStored() {
  conditions_->Delete(kArtifactOutdated);
  conditions_->MarkTrue(
      kArtifactInStorage, kSucceeded,
      absl::StrCat("stored artifact for digest '", revision_, "'"));
}

OciPass::Step OciPass::Connect(const Context& ctx,
                               oci::ClientOptions* options) {
  options->user_agent = "flux/v2";
  options->proxies = env_.options->proxies;
  options->max_manifest_bytes = kMaxManifestBytes;
  options->tags_page = kTagsPage;
  // A worker waits meanwhile; the queue's backoff does the rest.
  options->max_attempts = 3;
  options->max_retry_after = absl::Seconds(5);
  options->plain_http_for_private_hosts = true;
  options->plain_http_fallback = spec().insecure();
  absl::StatusOr<oci::FindCredentials> login = FindLogin(ctx);
  if (!login.ok()) {
    return FetchFailure(
        kAuthenticationFailed,
        absl::StrCat("failed to get credential: ", login.status().message()));
  }
  options->credentials = *std::move(login);
  if (spec().has_proxy_secret_ref()) {
    const absl::StatusOr<std::string> proxy = FindProxy(ctx);
    if (!proxy.ok()) {
      return FetchFailure(kAuthenticationFailed,
                          absl::StrCat("failed to get proxy address: ",
                                       proxy.status().message()));
    }
    options->proxies = {*proxy, *proxy, ""};
  }
  absl::StatusOr<std::shared_ptr<const http::TlsOptions>> tls = FindTls(ctx);
  if (!tls.ok()) {
    return FetchFailure(
        kAuthenticationFailed,
        absl::StrCat("failed to generate transport for '", spec().url(),
                     "': ", tls.status().message()));
  }
  options->tls = *std::move(tls);
  return std::nullopt;
}

// All docker configs that the object names, as the kubelet would use them.
absl::StatusOr<oci::FindCredentials> OciPass::FindLogin(const Context& ctx) {
  std::vector<oci::DockerConfig> configs;
  if (spec().has_secret_ref()) {
    const std::string& name = spec().secret_ref().name();
    const absl::StatusOr<kube::SecretData> secret =
        kube::GetSecretData(ctx, *env_.client, key_.name_space, name);
    if (!secret.ok()) {
      Emit(reconcile::Severity::kTrace, kAuthenticationFailed,
           absl::StrCat("auth secret '", name, "' not found"));
      return Annotate(secret.status(),
                      absl::StrCat("failed to get secret '", key_.name_space,
                                   "/", name, "'"));
    }
    WEIR_RETURN_IF_ERROR(AddLogin(*secret, &configs));
  }
  if (!spec().service_account_name().empty()) {
    const std::string name =
        absl::StrCat(key_.name_space, "/", spec().service_account_name());
    const absl::StatusOr<Value> account = env_.client->Get(
        ctx, {{"", "v1", "ServiceAccount"},
              {key_.name_space, spec().service_account_name()}});
    if (!account.ok()) {
      return NotFound("serviceaccount", name, account.status());
    }
    for (const Value& item : (*account)["imagePullSecrets"].array()) {
      const std::string secret_name(item.GetString("name"));
      const absl::StatusOr<kube::SecretData> secret =
          kube::GetSecretData(ctx, *env_.client, key_.name_space, secret_name);
      if (!secret.ok()) {
        return Annotate(
            NotFound("secret", absl::StrCat(key_.name_space, "/", secret_name),
                     secret.status()),
            absl::StrCat("failed to get image pull secret for serviceaccount '",
                         name, "'"));
      }
      WEIR_RETURN_IF_ERROR(AddLogin(*secret, &configs));
    }
  }
  if (configs.empty()) return oci::FindCredentials();
  return
      [configs = std::move(configs)](
          const oci::Reference& reference) -> absl::StatusOr<oci::Credentials> {
        for (const oci::DockerConfig& config : configs) {
          oci::Credentials found = config.FindByPattern(reference);
          if (!found.is_empty()) return found;
        }
        return oci::Credentials();
      };
}

absl::StatusOr<std::string> OciPass::FindProxy(const Context& ctx) const {
  const std::string& name = spec().proxy_secret_ref().name();
  const absl::StatusOr<kube::SecretData> secret =
      kube::GetSecretData(ctx, *env_.client, key_.name_space, name);
  if (secret.ok()) return kube::ReadProxyUrl(*secret);
  return NotFound("secret", absl::StrCat(key_.name_space, "/", name),
                  secret.status());
}

absl::StatusOr<std::shared_ptr<const http::TlsOptions>> OciPass::FindTls(
    const Context& ctx) const {
  const std::string& name = spec().cert_secret_ref().name();
  if (!name.empty()) {
    const std::string full = absl::StrCat(key_.name_space, "/", name);
    const absl::StatusOr<kube::SecretData> secret =
        kube::GetSecretData(ctx, *env_.client, key_.name_space, name);
    if (!secret.ok()) return NotFound("secret", full, secret.status());
    WEIR_ASSIGN_OR_RETURN(const std::shared_ptr<http::TlsOptions> tls,
                          kube::ReadTls(*secret));
    if (tls != nullptr) return tls;
    return absl::InvalidArgumentError(
        absl::StrCat("secret '", full,
                     "' must contain either 'ca.crt' or both 'tls.crt' and "
                     "'tls.key'"));
  }
  if (!spec().insecure()) return nullptr;
  auto tls = std::make_shared<http::TlsOptions>();
  tls->insecure_skip_verify = true;
  return tls;
}

OciPass::Step OciPass::FindReference(const Context& ctx, oci::Client& client) {
  absl::StatusOr<oci::Reference> reference = ParseRepositoryUrl(spec().url());
  if (!reference.ok()) {
    return Fail(Failure::Kind::kStall, kFetchFailed, kUrlInvalid,
                absl::StrCat("URL validation failed for '", spec().url(),
                             "': ", reference.status().message()));
  }
  reference_ = *std::move(reference);
  const v1::OCIRepositoryRef& ref = spec().ref();
  if (!ref.digest().empty()) {
    reference_.digest = ref.digest();
  } else if (!ref.semver().empty()) {
    absl::StatusOr<std::string> tag = PickTag(ctx, client);
    if (!tag.ok()) {
      return FetchFailure(
          kReadFailed,
          absl::StrCat("failed to determine the artifact tag for '",
                       spec().url(),
                       "': ", DescribeRegistryError(tag.status())));
    }
    reference_.tag = *std::move(tag);
  } else {
    reference_.tag = ref.tag().empty() ? "latest" : ref.tag();
  }
  return std::nullopt;
}

// The highest tag of the range. A chart's tag has "_" for "+".
absl::StatusOr<std::string> OciPass::PickTag(const Context& ctx,
                                             oci::Client& client) {
  const v1::OCIRepositoryRef& ref = spec().ref();
  WEIR_ASSIGN_OR_RETURN(const std::vector<std::string> tags,
                        client.ListTags(ctx, reference_));
  std::optional<text::Regex> filter;
  if (!ref.semver_filter().empty()) {
    WEIR_ASSIGN_OR_RETURN(filter, text::Regex::Compile(ref.semver_filter()));
  }
  const absl::StatusOr<text::VersionRange> range =
      text::VersionRange::Parse(ref.semver());
  if (!range.ok()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "semver '", ref.semver(), "' parse error: ", range.status().message()));
  }
  const bool is_chart = spec().layer_selector().media_type() == kChartLayer;
  std::optional<text::Version> best;
  std::string best_tag;
  for (const std::string& tag : tags) {
    if (filter.has_value() && !filter->Matches(tag)) continue;
    absl::StatusOr<text::Version> version = text::ParseFullVersion(
        is_chart ? absl::StrReplaceAll(tag, {{"_", "+"}}) : tag);
    if (!version.ok() || !range->Contains(*version)) continue;
    if (best.has_value() && text::CompareVersions(*version, *best) <= 0) {
      continue;
    }
    best = *std::move(version);
    best_tag = tag;
  }
  if (best.has_value()) return best_tag;
  return absl::NotFoundError(
      absl::StrCat("no match found for semver: ", ref.semver()));
}

absl::StatusOr<std::string> OciPass::ResolveTag(const Context& ctx,
                                                oci::Client& client) const {
  const absl::StatusOr<oci::Descriptor> found = client.Resolve(ctx, reference_);
  if (found.ok()) return found->digest;
  const std::optional<oci::RegistryAnswer> answer =
      oci::AnswerOf(found.status());
  if (!answer.has_value() || answer->method != "HEAD") return found.status();
  // The answer to HEAD says nothing of why.
  WEIR_ASSIGN_OR_RETURN(const oci::Manifest manifest,
                        client.GetManifest(ctx, reference_));
  return manifest.self.digest;
}

OciPass::Step OciPass::FindRevision(const Context& ctx, oci::Client& client) {
  const auto fail = [this](absl::string_view what) {
    return FetchFailure(
        kPullFailed,
        absl::StrCat("failed to determine artifact digest: ", what));
  };
  if (!reference_.digest.empty()) {
    const auto parsed = crypto::ParseDigest(reference_.digest);
    if (!parsed.ok()) return fail(parsed.status().message());
    digest_ = revision_ = reference_.digest;
  } else {
    if (!oci::IsTag(reference_.tag)) {
      return fail(absl::StrCat("'", reference_.tag, "' is no tag"));
    }
    const absl::StatusOr<std::string> digest = ResolveTag(ctx, client);
    if (!digest.ok()) return fail(DescribeRegistryError(digest.status()));
    digest_ = *digest;
    revision_ = absl::StrCat(reference_.tag, "@", digest_);
  }
  if (current() != nullptr && current()->revision() == revision_) {
    return std::nullopt;
  }
  const std::string news = absl::StrCat("new revision '", revision_, "' for '",
                                        DisplayName(reference_), "'");
  if (current() != nullptr) {
    conditions_->MarkTrue(kArtifactOutdated, "NewRevision", news);
  }
  Progress(true, absl::StrCat("building artifact: ", news));
  return std::nullopt;
}

// The manifest that the digest names, or that of an index for our platform.
absl::StatusOr<oci::Manifest> OciPass::PullManifest(const Context& ctx,
                                                    oci::Client& client) {
  oci::Reference pinned = reference_;
  pinned.tag.clear();
  pinned.digest = digest_;
  absl::StatusOr<oci::Manifest> manifest = client.GetManifest(ctx, pinned);
  if (!manifest.ok() || !manifest->is_index()) return manifest;
  const oci::Descriptor* child = oci::FindPlatform(*manifest, "linux", "amd64");
  if (child == nullptr) {
    return absl::NotFoundError(absl::StrCat(
        "no child with platform linux/amd64 in index ", DisplayName(pinned)));
  }
  pinned.digest = child->digest;
  return client.GetManifest(ctx, pinned);
}

absl::StatusOr<oci::Descriptor> OciPass::PickLayer(
    const oci::Manifest& manifest) const {
  if (manifest.layers.empty()) {
    return absl::NotFoundError("no layers found in artifact");
  }
  const std::string& type = spec().layer_selector().media_type();
  if (type.empty()) return manifest.layers.front();
  for (const oci::Descriptor& layer : manifest.layers) {
    if (layer.media_type == type) return layer;
  }
  return absl::NotFoundError(absl::StrCat(
      "failed to find layer with media type '", type, "' in artifact"));
}

OciPass::Step OciPass::Pull(const Context& ctx, oci::Client& client) {
  WriteProgress();
  absl::StatusOr<oci::Manifest> manifest = PullManifest(ctx, client);
  if (!manifest.ok()) {
    return FetchFailure(
        kPullFailed,
        absl::StrCat("failed to pull artifact from '", spec().url(),
                     "': ", DescribeRegistryError(manifest.status())));
  }
  annotations_ = std::move(manifest->annotations);
  const absl::StatusOr<oci::Descriptor> layer = PickLayer(*manifest);
  if (!layer.ok()) {
    return FetchFailure(kLayerFailed, std::string(layer.status().message()));
  }
  absl::StatusOr<TempDir> folder = TempDir::Create(
      absl::StrCat("ocirepository-", key_.name_space, "-", key_.name, "-"));
  if (!folder.ok()) {
    return Fail(Failure::Kind::kRetry, kStorageOperationFailed,
                "DirectoryCreationFailed",
                absl::StrCat("failed to create temporary working directory: ",
                             folder.status().message()));
  }
  folder_ = *std::move(folder);
  blob_path_ = absl::StrCat(folder_->path(), "/layer");
  FileSink file;
  absl::Status fetched = file.Open(blob_path_);
  if (fetched.ok()) {
    fetched = client.FetchBlob(
        ctx, reference_, *layer,
        [&file](absl::string_view bytes) { return file.Write(bytes); });
  }
  fetched.Update(file.Close());
  if (!fetched.ok()) {
    return FetchFailure(kLayerFailed,
                        absl::StrCat("failed to extract the first layer from "
                                     "artifact: ",
                                     DescribeRegistryError(fetched)));
  }
  if (is_copy()) return std::nullopt;
  tree_path_ = absl::StrCat(folder_->path(), "/tree");
  absl::Status extracted = MakeDirectories(tree_path_, 0700);
  if (extracted.ok()) {
    absl::StatusOr<archive::Source> source = archive::FileSource(blob_path_);
    extracted = source.status();
    if (source.ok()) {
      extracted = archive::ExtractTarGz(ctx, *std::move(source), tree_path_,
                                        {.skip_symlinks = true});
    }
  }
  if (extracted.ok()) return std::nullopt;
  return FetchFailure(
      kLayerFailed,
      absl::StrCat("failed to extract layer contents from artifact: ",
                   DescribeExtraction(extracted, layer->size)));
}

OciPass::Step OciPass::ArtifactStep() {
  artifact::Artifact artifact = env_.storage->MakeArtifact(
      key_, revision_, absl::StrCat(digest_, ".tar.gz"));
  artifact.metadata = annotations_;
  const auto produce = [this](const archive::Sink& sink) -> absl::Status {
    if (is_copy()) return CopyFile(blob_path_, sink);
    WEIR_ASSIGN_OR_RETURN(const SourceTree tree,
                          SourceTree::OfFolder(tree_path_));
    std::optional<std::string> ignore;
    if (spec().has_ignore()) ignore = spec().ignore();
    return tree.WriteTarball(ctx_, ignore, sink);
  };
  const absl::Status written = Store(produce, std::move(artifact));
  if (!written.ok()) {
    return Fail(Failure::Kind::kRetry, kStorageOperationFailed,
                kArchiveOperationFailed,
                absl::StrCat("unable to ", is_copy() ? "copy" : "archive",
                             " artifact to storage: ", written.message()));
  }
  status().clear_observed_ignore();
  if (spec().has_ignore()) status().set_observed_ignore(spec().ignore());
  status().clear_observed_layer_selector();
  if (spec().has_layer_selector()) {
    *status().mutable_observed_layer_selector() = spec().layer_selector();
  }
  MarkStored();
  return std::nullopt;
}

}  // namespace weir::source
