#include "src/chart_repositories.h"

#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "src/file_io.h"
#include "src/index_cache.h"
#include "weir/base/status.h"
#include "weir/crypto/digest.h"
#include "weir/helm/fetch.h"
#include "weir/helm/getter.h"
#include "weir/helm/oci_charts.h"
#include "weir/helm/url.h"
#include "weir/oci/client.h"
#include "weir/oci/reference.h"
#include "weir/text/semver.h"

namespace weir::source {
namespace {

// Of an index that cannot be read version by version.
constexpr int64_t kMaxWholeIndexBytes = 8 << 20;

absl::Status DownloadTo(const Context& ctx, helm::Getter& getter,
                        const helm::Getter::Wanted& wanted,
                        const std::string& path) {
  FileSink file;
  WEIR_RETURN_IF_ERROR(file.Open(path));
  WEIR_RETURN_IF_ERROR(getter.Download(
      ctx, wanted, [&file](absl::string_view b) { return file.Write(b); }));
  return file.Close();
}

class WebRepository : public ChartRepository {
 public:
  WebRepository(http::Client& http, const Options& options, HelmAccess access,
                FindVersion find)
      : access_(std::move(access)),
        fetch_(HelmFetchOptions(options, access_)),
        getter_(http, fetch_),
        find_(std::move(find)),
        max_bytes_(options.helm_chart_max_bytes) {}

  absl::StatusOr<FoundVersion> Find(const Context& ctx, const std::string& name,
                                    const std::string& version) override {
    absl::StatusOr<helm::ChartVersion> found = find_(ctx, name, version);
    if (!found.ok()) {
      const bool is_unreadable =
          found.status().GetPayload(kIndexUnreadable).has_value();
      return MarkProblem(
          is_unreadable ? BuildProblem::kPull : BuildProblem::kReference,
          found.status());
    }
    FoundVersion out;
    out.name = std::move(found->metadata.name);
    out.version = std::move(found->metadata.version);
    if (!found->urls.empty()) out.url = std::move(found->urls.front());
    return out;
  }

  absl::Status Download(const Context& ctx, const FoundVersion& found,
                        const std::string& path) override {
    if (found.url.empty()) {
      return absl::NotFoundError(
          absl::StrCat("chart '", found.name, "' has no downloadable URLs"));
    }
    helm::Getter::Wanted wanted;
    WEIR_ASSIGN_OR_RETURN(wanted.url,
                          helm::ResolveReferenceUrl(access_.url, found.url));
    wanted.credentials_url = access_.url;
    wanted.access = access_.http;
    wanted.max_bytes = max_bytes_;
    return DownloadTo(ctx, getter_, wanted, path);
  }

 private:
  const HelmAccess access_;
  const helm::FetchOptions fetch_;
  helm::Getter getter_;
  const FindVersion find_;
  const int64_t max_bytes_;
};

class RegistryRepository : public ChartRepository {
 public:
  RegistryRepository(http::Client& http, const Options& options,
                     HelmAccess access)
      : access_(std::move(access)),
        client_(http, access_.registry),
        max_bytes_(options.helm_chart_max_bytes) {}

  absl::StatusOr<FoundVersion> Find(const Context& ctx, const std::string& name,
                                    const std::string& version) override {
    FoundVersion out;
    out.name = name;
    const std::string url = UrlOf(name);
    // One that is whole needs no list of tags.
    if (text::ParseFullVersion(version).ok()) {
      out.version = version;
    } else {
      absl::StatusOr<std::string> picked = Pick(ctx, name, version);
      if (!picked.ok()) {
        return MarkProblem(BuildProblem::kPull, picked.status());
      }
      out.version = *std::move(picked);
    }
    out.url = absl::StrCat(url, ":", out.version);
    return out;
  }

  absl::Status Download(const Context& ctx, const FoundVersion& found,
                        const std::string& path) override {
    WEIR_ASSIGN_OR_RETURN(const oci::Reference reference, ReferenceOf(found),
                          "failed to get '", found.url, "'");
    WEIR_ASSIGN_OR_RETURN(
        const std::string bytes,
        helm::PullOciLayer(Bounded(ctx), client_, reference,
                           helm::OciLayer::kChart, max_bytes_, nullptr),
        "failed to get '", found.url, "'");
    FileSink file;
    WEIR_RETURN_IF_ERROR(file.Open(path));
    WEIR_RETURN_IF_ERROR(file.Write(bytes));
    return file.Close();
  }

 private:
  Context Bounded(const Context& ctx) const {
    return ctx.WithTimeout(access_.timeout);
  }
  std::string UrlOf(const std::string& name) const {
    return absl::StrCat(access_.url, "/", name);
  }
  absl::StatusOr<oci::Reference> ReferenceOf(const FoundVersion& found) const {
    WEIR_ASSIGN_OR_RETURN(oci::Reference reference,
                          oci::ParseReference(UrlOf(found.name)));
    reference.tag = absl::StrReplaceAll(found.version, {{"+", "_"}});
    if (!oci::IsTag(reference.tag)) {
      return absl::InvalidArgumentError(absl::StrCat(
          "invalid reference: invalid tag \"", reference.tag, "\""));
    }
    return reference;
  }

  absl::StatusOr<std::string> Pick(const Context& ctx, const std::string& name,
                                   const std::string& version) {
    const std::string url = UrlOf(name);
    WEIR_ASSIGN_OR_RETURN(const oci::Reference reference,
                          oci::ParseReference(url));
    const std::string doing =
        absl::StrCat("could not get tags for \"", name, "\"");
    WEIR_ASSIGN_OR_RETURN(const std::vector<std::string> tags,
                          client_.ListTags(Bounded(ctx), reference), doing,
                          ": could not fetch tags for \"", url, "\"");
    absl::StatusOr<std::string> picked = helm::PickTag(tags, version);
    if (picked.status().message() == "no versions") {
      return absl::NotFoundError(absl::StrCat(
          doing, ": unable to locate any tags in provided repository: ", url));
    }
    return picked;
  }

  const HelmAccess access_;
  oci::Client client_;
  const int64_t max_bytes_;
};

}  // namespace

std::unique_ptr<ChartRepository> MakeWebRepository(http::Client& http,
                                                   const Options& options,
                                                   HelmAccess access,
                                                   FindVersion find) {
  return std::make_unique<WebRepository>(http, options, std::move(access),
                                         std::move(find));
}

std::unique_ptr<ChartRepository> MakeRegistryRepository(http::Client& http,
                                                        const Options& options,
                                                        HelmAccess access) {
  return std::make_unique<RegistryRepository>(http, options, std::move(access));
}

absl::Status DownloadIndex(const Context& ctx, http::Client& http,
                           const Options& options, const HelmAccess& access,
                           const std::string& path) {
  const helm::FetchOptions fetch = HelmFetchOptions(options, access);
  helm::Getter getter(http, fetch);
  WEIR_ASSIGN_OR_RETURN(helm::Url url, helm::ParseUrl(access.url));
  url.path = helm::CleanPath(absl::StrCat("/", url.path, "/index.yaml"));
  helm::Getter::Wanted wanted;
  wanted.url = url.ToString();
  wanted.credentials_url = access.url;
  wanted.access = access.http;
  wanted.max_bytes = options.helm_index_max_bytes;
  return DownloadTo(ctx, getter, wanted, path);
}

helm::IndexOptions IndexLimits(const Options& options) {
  helm::IndexOptions out;
  out.max_bytes = options.helm_index_max_bytes;
  out.max_whole_bytes = kMaxWholeIndexBytes;
  return out;
}

FindVersion FindInDownloadedIndex(http::Client& http, const Options& options,
                                  const HelmAccess& access,
                                  const std::string& folder) {
  const std::string path = absl::StrCat(
      folder, "/index-", crypto::Sha256Hex(access.url).substr(0, 16), ".yaml");
  auto is_here = std::make_shared<bool>(false);
  return [&http, &options, access, path, is_here](
             const Context& ctx, const std::string& chart,
             const std::string& version) -> absl::StatusOr<helm::ChartVersion> {
    if (!*is_here) {
      absl::Status fetched = DownloadIndex(ctx, http, options, access, path);
      if (!fetched.ok()) {
        fetched = Annotate(fetched,
                           "failed to cache index: failed to cache index to "
                           "temporary file");
        fetched.SetPayload(kIndexUnreadable, absl::Cord());
        return fetched;
      }
      *is_here = true;
    }
    return FindInIndex(helm::IndexFile(path), chart, version,
                       IndexLimits(options));
  };
}

}  // namespace weir::source
