#include "network_charts.h"

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "helm_environment.h"
#include "weir/base/file.h"
#include "weir/base/status.h"
#include "weir/helm/fetch.h"
#include "weir/helm/load.h"
#include "weir/http/client.h"

namespace weir::cli {

absl::Status NetworkCharts::Pull(const Context& ctx,
                                 const kustomize::ChartPull& pull) {
  ChartFlags flags;
  flags.version = pull.version;
  flags.devel = pull.devel;
  std::string name = pull.name;
  if (absl::StartsWith(pull.repository, "oci://")) {
    name = absl::StrCat(absl::StripSuffix(pull.repository, "/"), "/", name);
  } else {
    flags.repository = pull.repository;
  }
  helm::FetchOptions options = FetchOptionsOf(ctx, flags);
  // A configuration of its own has caches of its own; without one, nothing of
  // the user's helm is used.
  const std::string home = pull.config_home;
  const auto below = [&home](const char* path) {
    return home.empty() ? "" : absl::StrCat(home, "/", path);
  };
  options.repository_config = below("repositories.yaml");
  options.repository_cache = below(".cache/repository");
  options.content_cache = below(".cache/content");
  if (!home.empty()) {
    options.registry_configs[0] = below("registry/config.json");
  }
  options.print = nullptr;
  http::Client http;
  helm::ChartFetcher fetcher(http, std::move(options));
  WEIR_ASSIGN_OR_RETURN(const helm::FoundChart found, fetcher.Locate(ctx, name),
                        "fetching chart ", name, " from ", pull.repository);
  WEIR_RETURN_IF_ERROR(MakeDirectories(pull.into));
  return helm::ExpandChart(found.archive, pull.into);
}

absl::StatusOr<std::string> NetworkCharts::LoadSchema(const Context& ctx,
                                                      const std::string& url) {
  http::Client http;
  helm::ChartFetcher fetcher(http, FetchOptionsOf(ctx, ChartFlags()));
  return ReadSchema(ctx, fetcher, url);
}

}  // namespace weir::cli
