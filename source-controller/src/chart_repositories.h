// ChartRepositories of two kinds: a web server with an index, and a container
// registry.
//
// Touches: network; files of the given folders.
// Threads: an object belongs to one thread.
// Source: source.md, sections 9 and 10.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "src/chart_build.h"
#include "src/helm_access.h"
#include "weir/base/context.h"
#include "weir/helm/index.h"
#include "weir/http/client.h"
#include "weir/source/source_controller.h"

namespace weir::source {

// Finds a version in an index; errors as IndexCache::Find.
using FindVersion = std::function<absl::StatusOr<helm::ChartVersion>(
    const Context&, const std::string& chart, const std::string& version)>;

// `http` and `options` must outlive what is made.
std::unique_ptr<ChartRepository> MakeWebRepository(http::Client& http,
                                                   const Options& options,
                                                   HelmAccess access,
                                                   FindVersion find);
std::unique_ptr<ChartRepository> MakeRegistryRepository(http::Client& http,
                                                        const Options& options,
                                                        HelmAccess access);

// Fetches a repository's index to `path`, a new file.
// Errors: those of helm::Getter.
absl::Status DownloadIndex(const Context& ctx, http::Client& http,
                           const Options& options, const HelmAccess& access,
                           const std::string& path);

// The index is fetched when it is first needed, to the given folder.
FindVersion FindInDownloadedIndex(http::Client& http, const Options& options,
                                  const HelmAccess& access,
                                  const std::string& folder);

// What reads indexes has these limits.
helm::IndexOptions IndexLimits(const Options& options);

}  // namespace weir::source
