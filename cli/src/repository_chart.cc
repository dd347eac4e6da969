#include "repository_chart.h"

#include <string>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "weir/base/file.h"
#include "weir/base/status.h"
#include "weir/helm/fetch.h"
#include "weir/helm/load.h"
#include "weir/http/client.h"
#include "weir/http/proxy.h"
#include "weir/source/local_chart.h"

namespace weir::cli {
namespace {

absl::StatusOr<Value> Find(const Context& ctx, const kube::Client& client,
                           const ReleaseFiles& files,
                           const kube::ObjectRef& ref) {
  absl::StatusOr<Value> given = files.Find(ref);
  return given.ok() ? given : client.Get(ctx, ref);
}

std::string Field(const Value& secret, const char* name) {
  std::string text;
  const absl::string_view encoded = secret["data"].GetString(name);
  return absl::Base64Unescape(encoded, &text) ? text : "";
}

// The chart's archive.
absl::StatusOr<std::string> Download(
    const Context& ctx, const Value& repository, helm::FetchOptions options,
    const helm_controller::ChartRequest& request) {
  const Value& spec = repository["spec"];
  const absl::string_view url = absl::StripSuffix(spec.GetString("url"), "/");
  const bool is_registry = spec.GetString("type") == "oci";
  std::string name = request.chart;
  if (is_registry) {
    name = absl::StrCat(url, "/", request.chart);
    options.access.plain_http = spec.GetBool("insecure");
  } else {
    options.repository_url = std::string(url);
  }
  http::Client http;
  helm::ChartFetcher fetcher(http, std::move(options));
  WEIR_ASSIGN_OR_RETURN(helm::FoundChart found, fetcher.Locate(ctx, name));
  return std::move(found.archive);
}

}  // namespace

absl::StatusOr<std::optional<helm::Chart>> FetchFromRepository(
    const Context& ctx, const kube::Client& client, const ReleaseFiles& files,
    const helm_controller::ChartRequest& request) {
  if (request.source.kind != "HelmRepository") return std::nullopt;
  const std::string& name_space = request.source.name_space;
  WEIR_ASSIGN_OR_RETURN(
      const Value repository,
      Find(ctx, client, files,
           {{"source.toolkit.fluxcd.io", "v1", "HelmRepository"},
            {name_space, request.source.name}}));
  const Value& spec = repository["spec"];
  if (spec.Find("certSecretRef") != nullptr ||
      (spec.Find("provider") != nullptr &&
       spec.GetString("provider") != "generic")) {
    return std::nullopt;
  }
  helm::FetchOptions options;
  options.version = request.version == "*" ? "" : request.version;
  options.proxies = http::ProxiesFromEnvironment();
  options.access.pass_credentials = spec.GetBool("passCredentials");
  const absl::string_view secret_name = spec["secretRef"].GetString("name");
  if (!secret_name.empty()) {
    WEIR_ASSIGN_OR_RETURN(
        const Value secret,
        Find(ctx, client, files,
             {{"", "v1", "Secret"}, {name_space, std::string(secret_name)}}));
    options.access.username = Field(secret, "username");
    options.access.password = Secret(Field(secret, "password"));
  }
  WEIR_ASSIGN_OR_RETURN(const std::string archive,
                        Download(ctx, repository, std::move(options), request),
                        "fetching the chart from ", NameSource(request.source));
  WEIR_ASSIGN_OR_RETURN(const TempDir folder, TempDir::Create("weir-chart-"));
  // A name in a registry may have several parts.
  const size_t slash = request.chart.rfind('/');
  source::LocalChartOrder order;
  order.root = absl::StrCat(folder.path(), "/repository");
  order.is_repository = true;
  order.chart = slash == std::string::npos ? request.chart
                                           : request.chart.substr(slash + 1);
  order.values_files = request.values_files;
  order.ignore_missing_values_files = request.ignore_missing_values_files;
  WEIR_RETURN_IF_ERROR(MakeDirectories(order.root));
  WEIR_RETURN_IF_ERROR(WriteFileAtomically(
      absl::StrCat(order.root, "/", order.chart, "-fetched.tgz"), archive));
  const std::string build = absl::StrCat(folder.path(), "/build");
  WEIR_RETURN_IF_ERROR(MakeDirectories(build));
  WEIR_ASSIGN_OR_RETURN(const std::string path,
                        source::BuildLocalChart(ctx, order, build));
  return helm::LoadChart(path);
}

}  // namespace weir::cli
