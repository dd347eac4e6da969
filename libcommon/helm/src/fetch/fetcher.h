// What the parts of ChartFetcher share.
//
// Touches: network; files of the caches.
// Threads: an object belongs to one thread.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "weir/base/file.h"
#include "weir/helm/fetch.h"
#include "weir/helm/getter.h"
#include "weir/helm/index.h"
#include "weir/oci/client.h"

namespace weir::helm {

// The SHA-256 of an index's entry, without its algorithm; checked to be one.
absl::StatusOr<std::string> DigestHex(const std::string& digest);

struct ChartFetcher::Impl {
  Impl(http::Client& http_client, FetchOptions given)
      : options(std::move(given)), http(http_client), getter(http, options) {}

  const FetchOptions options;
  http::Client& http;
  Getter getter;
  std::unique_ptr<oci::Client> registry;  // Null until needed.
  std::optional<std::vector<Repository>> repositories;

  void Print(absl::string_view text) const {
    if (options.print) options.print(text);
  }

  // Where an archive is and how it is reached.
  struct Location {
    std::string url;
    std::string credentials_url;
    RepositoryAccess access;
    std::string digest;  // Of the archive, hex; empty: unknown.
  };
  struct Archive {
    std::string bytes;
    std::string provenance;  // When asked for.
    std::string file_name;
  };

  absl::StatusOr<oci::Client*> Registry();
  // Empty when there is no such file.
  absl::StatusOr<const std::vector<Repository>*> Repositories();

  // The index of a repository, in a temporary file.
  absl::StatusOr<std::string> DownloadIndex(const Context& ctx,
                                            const std::string& url,
                                            const RepositoryAccess& access,
                                            const std::string& folder);
  // The archive that a repository's index names.
  absl::StatusOr<std::string> FindInRepository(const Context& ctx,
                                               const std::string& chart,
                                               const std::string& version,
                                               const std::string& url,
                                               const RepositoryAccess& access,
                                               std::string* digest);
  // As ChartDownloader.ResolveChartVersion.
  absl::StatusOr<Location> Resolve(const std::string& name,
                                   const std::string& version,
                                   const std::string& base_url,
                                   RepositoryAccess access);
  absl::StatusOr<Location> ResolveInRepository(
      const std::string& name, const std::string& path,
      const std::string& version, const std::vector<Repository>& known,
      RepositoryAccess access);
  // An archive at a URL, from the cache where its digest is known.
  absl::StatusOr<Archive> Fetch(const Context& ctx, const Location& location,
                                bool with_provenance);
  absl::StatusOr<Archive> FetchOci(const Context& ctx, const std::string& url,
                                   const std::string& version,
                                   bool with_provenance);

  std::string CachePath(const std::string& hex, const char* type) const;
  std::optional<std::string> FromCache(const std::string& hex) const;
  std::string ToCache(const std::string& bytes) const;

  std::string CachedIndexPath(const std::string& repository) const;
  IndexOptions OptionsOfIndex(const std::string& source) const;
};

}  // namespace weir::helm
