#include "src/fetch/fetcher.h"

#include <sys/stat.h>

#include <fstream>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "src/go_text.h"
#include "src/load/named_archive.h"
#include "weir/base/file.h"
#include "weir/base/secret.h"
#include "weir/base/status.h"
#include "weir/crypto/digest.h"
#include "weir/helm/oci_charts.h"
#include "weir/helm/url.h"
#include "weir/http/headers.h"

namespace weir::helm {
namespace {

constexpr char kArchiveTypes[] = "application/gzip,application/octet-stream";
constexpr size_t kSha256Digits = 64;
constexpr int64_t kMaxProvenanceBytes = 4 << 20;

bool Exists(const std::string& path) {
  struct stat info;
  return stat(path.c_str(), &info) == 0;
}

absl::Status NoHandler(const std::string& scheme) {
  return absl::InvalidArgumentError(
      absl::StrCat("scheme ", GoQuote(scheme), " not supported"));
}

bool IsOci(absl::string_view url) { return absl::StartsWith(url, kOciScheme); }

}  // namespace

absl::StatusOr<std::string> DigestHex(const std::string& digest) {
  const size_t colon = digest.find(':');
  const std::string hex =
      colon == std::string::npos ? digest : digest.substr(colon + 1);
  for (const char c : hex) {
    if (!absl::ascii_isxdigit(static_cast<unsigned char>(c))) {
      return absl::InvalidArgumentError(absl::StrCat(
          "encoding/hex: invalid byte: U+",
          absl::Hex(static_cast<unsigned char>(c), absl::kZeroPad4), " '",
          std::string(1, c), "'"));
    }
  }
  if (hex.size() % 2 == 1) {
    return absl::InvalidArgumentError("encoding/hex: odd length hex string");
  }
  if (!hex.empty() && hex.size() != kSha256Digits) {
    return absl::InvalidArgumentError(
        absl::StrCat("invalid digest length: ", hex.size() / 2));
  }
  return absl::AsciiStrToLower(hex);
}

absl::StatusOr<oci::Client*> ChartFetcher::Impl::Registry() {
  if (registry != nullptr) return registry.get();
  oci::ClientOptions o;
  WEIR_ASSIGN_OR_RETURN(o.tls, TlsOf(options.access));
  // As in Helm: certificates mean https.
  o.plain_http = options.access.plain_http && o.tls == nullptr;
  o.proxies = options.proxies;
  o.user_agent = options.user_agent;
  std::vector<oci::DockerConfig> configs;
  for (const std::string& path : options.registry_configs) {
    if (!Exists(path)) continue;
    WEIR_ASSIGN_OR_RETURN(const std::string text, ReadFile(path, 4u << 20));
    WEIR_ASSIGN_OR_RETURN(oci::DockerConfig config,
                          oci::DockerConfig::Parse(text), path);
    configs.push_back(std::move(config));
  }
  o.credentials =
      [this, configs](
          const oci::Reference& where) -> absl::StatusOr<oci::Credentials> {
    const RepositoryAccess& access = options.access;
    if (!access.username.empty() && !access.password.empty()) {
      oci::Credentials own;
      own.username = access.username;
      own.password = access.password;
      return own;
    }
    for (const oci::DockerConfig& config : configs) {
      WEIR_ASSIGN_OR_RETURN(oci::Credentials found,
                            config.Find(where, options.run_credential_helper));
      if (!found.is_empty()) return found;
    }
    return oci::Credentials();
  };
  registry = std::make_unique<oci::Client>(http, std::move(o));
  return registry.get();
}

absl::StatusOr<const std::vector<Repository>*>
ChartFetcher::Impl::Repositories() {
  if (repositories.has_value()) return &*repositories;
  std::vector<Repository> list;
  if (!options.repository_config.empty()) {
    absl::StatusOr<std::vector<Repository>> read =
        ReadRepositories(options.repository_config);
    if (read.ok()) {
      list = *std::move(read);
    } else if (!absl::IsNotFound(read.status())) {
      return read.status();
    }
  }
  repositories = std::move(list);
  return &*repositories;
}

IndexOptions ChartFetcher::Impl::OptionsOfIndex(
    const std::string& source) const {
  IndexOptions out;
  out.max_bytes = options.max_index_bytes;
  out.source = source;
  out.on_warning = options.on_warning;
  return out;
}

std::string ChartFetcher::Impl::CachedIndexPath(
    const std::string& repository) const {
  return CleanPath(
      absl::StrCat(options.repository_cache, "/", repository, "-index.yaml"));
}

absl::StatusOr<std::string> ChartFetcher::Impl::DownloadIndex(
    const Context& ctx, const std::string& url, const RepositoryAccess& access,
    const std::string& folder) {
  Getter::Wanted wanted;
  WEIR_ASSIGN_OR_RETURN(wanted.url, ResolveReferenceUrl(url, "index.yaml"));
  wanted.credentials_url = url;
  wanted.access = access;
  wanted.max_bytes = options.max_index_bytes;
  const std::string path = absl::StrCat(folder, "/index.yaml");
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  WEIR_RETURN_IF_ERROR(
      getter.Download(ctx, wanted, [&](absl::string_view bytes) {
        file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
        return file.good() ? absl::OkStatus()
                           : absl::UnavailableError(
                                 absl::StrCat("cannot write ", path));
      }));
  file.close();
  if (file.good()) return path;
  return absl::UnavailableError(absl::StrCat("cannot write ", path));
}

absl::StatusOr<std::string> ChartFetcher::Impl::FindInRepository(
    const Context& ctx, const std::string& chart, const std::string& version,
    const std::string& url, const RepositoryAccess& access,
    std::string* digest) {
  absl::StatusOr<Url> parsed = ParseUrl(url);
  if (!parsed.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("invalid chart URL format: ", url));
  }
  if (parsed->scheme != "http" && parsed->scheme != "https") {
    return absl::InvalidArgumentError(
        absl::StrCat("could not find protocol handler for: ", parsed->scheme));
  }
  WEIR_ASSIGN_OR_RETURN(const TempDir folder, TempDir::Create("weir-index-"));
  std::string path;
  std::map<std::string, std::vector<ChartVersion>> found;
  const auto read = [&]() -> absl::Status {
    WEIR_ASSIGN_OR_RETURN(path, DownloadIndex(ctx, url, access, folder.path()));
    WEIR_ASSIGN_OR_RETURN(found,
                          ReadChartVersions(IndexFile(path), {chart},
                                            OptionsOfIndex(RedactUrl(url))));
    return absl::OkStatus();
  };
  WEIR_RETURN_IF_ERROR(read(), "looks like ", GoQuote(RedactUrl(url)),
                       " is not a valid chart repository or cannot be reached");
  std::string what = absl::StrCat("chart ", GoQuote(chart));
  if (!version.empty()) {
    absl::StrAppend(&what, " version ", GoQuote(version));
  }
  const absl::StatusOr<const ChartVersion*> picked =
      FindChartVersion(found[chart], version);
  if (!picked.ok()) {
    return absl::NotFoundError(
        absl::StrCat(what, " not found in ", RedactUrl(url), " repository"));
  }
  if ((*picked)->urls.empty()) {
    return absl::NotFoundError(absl::StrCat(what, " has no downloadable URLs"));
  }
  if (digest != nullptr) *digest = (*picked)->digest;
  WEIR_ASSIGN_OR_RETURN(std::string absolute,
                        ResolveReferenceUrl(url, (*picked)->urls[0]),
                        "failed to make chart URL absolute");
  return absolute;
}

absl::StatusOr<ChartFetcher::Impl::Location> ChartFetcher::Impl::Resolve(
    const std::string& name, const std::string& version,
    const std::string& base_url, RepositoryAccess access) {
  Location out;
  const absl::StatusOr<Url> url = ParseUrl(name);
  if (!url.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("invalid chart URL format: ", name));
  }
  WEIR_ASSIGN_OR_RETURN(const std::vector<Repository>* known, Repositories());
  if (url->is_absolute() && !url->host.empty() && !url->path.empty()) {
    out.url = name;
    out.credentials_url = base_url.empty() ? name : base_url;
    out.access = std::move(access);
    for (const Repository& one : *known) {
      // Helm looks for the URL in all indexes that it has; what is below a
      // repository's own URL is in its index.
      const std::string folder =
          absl::StrCat(absl::StripSuffix(one.url, "/"), "/");
      if (!absl::StartsWith(name, folder)) continue;
      out.credentials_url = one.url;
      if (!one.access.username.empty()) {
        out.access.username = one.access.username;
        out.access.password = one.access.password;
        out.access.pass_credentials = one.access.pass_credentials;
      }
      if (!one.access.ca_file.empty() || !one.access.cert_file.empty()) {
        out.access.ca_file = one.access.ca_file;
        out.access.cert_file = one.access.cert_file;
        out.access.key_file = one.access.key_file;
      }
      break;
    }
    return out;
  }
  return ResolveInRepository(name, url->path, version, *known,
                             std::move(access));
}

// "repository/chart", by the index that helm keeps.
absl::StatusOr<ChartFetcher::Impl::Location>
ChartFetcher::Impl::ResolveInRepository(const std::string& name,
                                        const std::string& path,
                                        const std::string& version,
                                        const std::vector<Repository>& known,
                                        RepositoryAccess access) {
  const size_t slash = path.find('/');
  if (slash == std::string::npos) {
    return absl::NotFoundError(absl::StrCat(
        "non-absolute URLs should be in form of repo_name/path_to_chart, got: ",
        name == kOciScheme ? "oci:" : name));
  }
  const std::string repository = path.substr(0, slash);
  const std::string chart = path.substr(slash + 1);
  const Repository* found = nullptr;
  for (const Repository& one : known) {
    if (found == nullptr && one.name == repository) found = &one;
  }
  if (found == nullptr) {
    return absl::NotFoundError(absl::StrCat("repo ", repository, " not found"));
  }
  if (found->url.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("no URL found for repository ", repository));
  }
  const std::string index = CachedIndexPath(repository);
  if (!Exists(index)) {
    return absl::NotFoundError(
        absl::StrCat("no cached repo found. (try 'helm repo update'): open ",
                     index, ": no such file or directory"));
  }
  WEIR_ASSIGN_OR_RETURN(
      auto versions,
      ReadChartVersions(IndexFile(index), {chart}, OptionsOfIndex(index)),
      "no cached repo found. (try 'helm repo update'): error loading ", index);
  const auto of_chart = versions.find(chart);
  const absl::StatusOr<const ChartVersion*> picked =
      of_chart == versions.end() ? absl::NotFoundError("no chart name found")
                                 : FindChartVersion(of_chart->second, version);
  WEIR_RETURN_IF_ERROR(picked.status(), "chart ", GoQuote(chart), " matching ",
                       version, " not found in ", repository,
                       " index. (try 'helm repo update')");
  if ((*picked)->urls.empty()) {
    return absl::NotFoundError(
        absl::StrCat("chart ", GoQuote(name), " has no downloadable URLs"));
  }
  Location out;
  out.access = std::move(access);
  const RepositoryAccess& own = found->access;
  if (!own.cert_file.empty() || !own.key_file.empty() || !own.ca_file.empty()) {
    out.access.ca_file = own.ca_file;
    out.access.cert_file = own.cert_file;
    out.access.key_file = own.key_file;
  }
  if (!own.username.empty() && !own.password.empty()) {
    out.access.username = own.username;
    out.access.password = own.password;
    out.access.pass_credentials = own.pass_credentials;
  }
  out.access.insecure_skip_tls_verify |= own.insecure_skip_tls_verify;
  out.credentials_url = found->url;
  out.digest = (*picked)->digest;
  absl::StatusOr<std::string> absolute =
      ResolveReferenceUrl(found->url, (*picked)->urls[0]);
  if (!absolute.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("invalid chart URL format: ", name));
  }
  out.url = *std::move(absolute);
  return out;
}

std::string ChartFetcher::Impl::CachePath(const std::string& hex,
                                          const char* type) const {
  if (options.content_cache.empty()) return "";
  return absl::StrCat(options.content_cache, "/", hex.substr(0, 2), "/", hex,
                      type);
}

std::optional<std::string> ChartFetcher::Impl::FromCache(
    const std::string& hex) const {
  const std::string path = CachePath(hex, ".chart");
  if (path.empty() || !Exists(path)) return std::nullopt;
  absl::StatusOr<std::string> bytes =
      ReadFile(path, static_cast<size_t>(options.max_chart_bytes));
  if (!bytes.ok() || crypto::Sha256Hex(*bytes) != hex) return std::nullopt;
  return *std::move(bytes);
}

std::string ChartFetcher::Impl::ToCache(const std::string& bytes) const {
  const std::string path = CachePath(crypto::Sha256Hex(bytes), ".chart");
  if (path.empty()) return "";
  const std::string folder = path.substr(0, path.rfind('/'));
  // A cache that cannot be written is none.
  if (MakeDirectories(folder).ok())
    WriteFileAtomically(path, bytes).IgnoreError();
  return path;
}

absl::StatusOr<ChartFetcher::Impl::Archive> ChartFetcher::Impl::Fetch(
    const Context& ctx, const Location& location, bool with_provenance) {
  WEIR_ASSIGN_OR_RETURN(const Url url, ParseUrl(location.url));
  if (url.scheme == "oci") {
    return FetchOci(ctx, location.url, "", with_provenance);
  }
  if (url.scheme != "http" && url.scheme != "https") {
    return NoHandler(url.scheme);
  }
  Archive out;
  out.file_name = BaseName(http::PercentDecode(url.path));
  WEIR_ASSIGN_OR_RETURN(const std::string hex, DigestHex(location.digest));
  Getter::Wanted wanted{location.url, location.credentials_url, location.access,
                        kArchiveTypes, options.max_chart_bytes};
  std::optional<std::string> cached;
  if (!hex.empty()) cached = FromCache(hex);
  if (cached.has_value()) {
    out.bytes = *std::move(cached);
  } else {
    WEIR_ASSIGN_OR_RETURN(out.bytes, getter.Get(ctx, wanted));
    const std::string got = crypto::Sha256Hex(out.bytes);
    if (!hex.empty() && got != hex) {
      return absl::FailedPreconditionError(
          absl::StrCat(RedactUrl(location.url), " has digest ", got,
                       ", its repository's index says ", hex));
    }
  }
  if (with_provenance) {
    wanted.url += ".prov";
    wanted.max_bytes = kMaxProvenanceBytes;
    absl::StatusOr<std::string> text = getter.Get(ctx, wanted);
    if (!text.ok()) {
      return absl::Status(
          text.status().code(),
          absl::StrCat("failed to fetch provenance ", GoQuote(wanted.url)));
    }
    out.provenance = *std::move(text);
  }
  return out;
}

absl::StatusOr<ChartFetcher::Impl::Archive> ChartFetcher::Impl::FetchOci(
    const Context& ctx, const std::string& url, const std::string& version,
    bool with_provenance) {
  WEIR_ASSIGN_OR_RETURN(oci::Client* const client, Registry());
  const Context bounded = ctx.WithTimeout(options.timeout);
  WEIR_ASSIGN_OR_RETURN(const OciChart chart,
                        ResolveOciChart(bounded, *client, url, version));
  Archive out;
  out.file_name = chart.file_name;
  const auto print = [this](absl::string_view text) { Print(text); };
  WEIR_ASSIGN_OR_RETURN(
      out.bytes,
      PullOciLayer(bounded, *client, chart.reference, OciLayer::kChart,
                   options.max_chart_bytes, print));
  if (with_provenance) {
    absl::StatusOr<std::string> text =
        PullOciLayer(bounded, *client, chart.reference, OciLayer::kProvenance,
                     kMaxProvenanceBytes, print);
    if (!text.ok()) {
      return absl::Status(
          text.status().code(),
          absl::StrCat("failed to fetch provenance ",
                       GoQuote(absl::StrCat(
                           kOciScheme, chart.reference.ToString(), ".prov"))));
    }
    out.provenance = *std::move(text);
  }
  return out;
}

ChartFetcher::ChartFetcher(http::Client& http, FetchOptions options)
    : impl_(std::make_unique<Impl>(http, std::move(options))) {}
ChartFetcher::~ChartFetcher() = default;

absl::StatusOr<Chart> ChartFetcher::Load(const FoundChart& found,
                                         const LoadOptions& options) const {
  if (!found.is_fetched) return LoadChart(found.path, options);
  return LoadNamedArchive(found.path, found.archive, options);
}

absl::StatusOr<std::string> ChartFetcher::Read(const Context& ctx,
                                               const std::string& url) {
  if (IsOci(url)) {
    WEIR_ASSIGN_OR_RETURN(Impl::Archive archive,
                          impl_->FetchOci(ctx, url, "", false));
    return std::move(archive.bytes);
  }
  // Flags about charts are not about values.
  Getter::Wanted wanted{url, url, {}, "", impl_->options.max_chart_bytes};
  return impl_->getter.Get(ctx, wanted);
}

}  // namespace weir::helm
