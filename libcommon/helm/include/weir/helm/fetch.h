// ChartFetcher finds charts by what a user calls them: a path, a URL, a name
// in a repository, an oci:// reference; and fetches what a chart depends on.
//
// Touches: network; files (caches, keyrings, the chart's charts/ and lock).
// Threads: an object belongs to one thread.
// Source: Helm v4.2.4, pkg/action and pkg/downloader, with their messages.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "weir/base/context.h"
#include "weir/helm/chart.h"
#include "weir/helm/load.h"
#include "weir/helm/repositories.h"
#include "weir/http/client.h"
#include "weir/http/proxy.h"
#include "weir/oci/client.h"
#include "weir/oci/credentials.h"

namespace weir::helm {

struct FetchOptions {
  RepositoryAccess access;     // --username and the like.
  std::string repository_url;  // --repo; empty: names are local, or "repo/x".
  std::string version;         // A version or a range; empty: the latest.
  bool verify = false;
  std::string keyring;  // A file; see provenance.h.

  // Of the user's helm; empty: not used.
  std::string repository_config;
  std::string repository_cache;
  std::string content_cache;
  // docker config files; the first that has credentials wins.
  std::vector<std::string> registry_configs;
  oci::RunCredentialHelper run_credential_helper;

  http::ProxySettings proxies;
  std::string user_agent = "weir/0.1.0";
  absl::Duration timeout = absl::Seconds(120);  // Of one download.
  int64_t max_chart_bytes = int64_t{256} << 20;
  int64_t max_index_bytes = int64_t{512} << 20;
  // What Helm says on standard output on its way, whole lines.
  std::function<void(absl::string_view)> print;
  std::function<void(absl::string_view)> on_warning;
};

struct FoundChart {
  std::string path;  // Of the folder or file; of what was fetched, its name.
  bool is_fetched = false;
  std::string archive;  // When fetched.
};

class ChartFetcher {
 public:
  // `http` must outlive this object.
  ChartFetcher(http::Client& http, FetchOptions options);
  ~ChartFetcher();
  ChartFetcher(const ChartFetcher&) = delete;
  ChartFetcher& operator=(const ChartFetcher&) = delete;

  // Errors: kNotFound, kInvalidArgument, kFailedPrecondition with Helm's text;
  // those of http::Client.
  absl::StatusOr<FoundChart> Locate(const Context& ctx,
                                    const std::string& name);
  absl::StatusOr<Chart> Load(const FoundChart& found,
                             const LoadOptions& options) const;

  // The contents of a URL, for values; "oci://" too.
  absl::StatusOr<std::string> Read(const Context& ctx, const std::string& url);

  // Fetches into the folder's charts/ what its Chart.yaml lists, and writes
  // the lock file.
  absl::Status UpdateDependencies(const Context& ctx,
                                  const std::string& folder);

  struct Impl;  // Of the files in src/fetch.

 private:
  std::unique_ptr<Impl> impl_;
};

// Which of a registry's tags a version or range means, as Helm picks: tags are
// full versions, "_" stands for "+". The version itself is returned.
// Errors: kNotFound, kInvalidArgument.
absl::StatusOr<std::string> PickTag(const std::vector<std::string>& tags,
                                    const std::string& version);

}  // namespace weir::helm
