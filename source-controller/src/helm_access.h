// How a HelmRepository's object says that the repository is reached.
//
// Touches: network (API server), for the Secrets that the object names.
// Threads: pure functions and value types besides.
// Source: source.md, sections 6 and 9.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "weir/base/context.h"
#include "weir/helm/fetch.h"
#include "weir/helm/repositories.h"
#include "weir/kube/client.h"
#include "weir/oci/client.h"
#include "weir/source/source_controller.h"
#include "weir/source/v1/helmrepository.pb.h"

namespace weir::source {

inline constexpr char kOciType[] = "oci";

struct HelmAccess {
  std::string url;  // Normalized; in the form that errors show.
  helm::RepositoryAccess http;
  oci::ClientOptions registry;
  absl::Duration timeout;
};

bool IsOciUrl(absl::string_view url);
// With one slash at its end; for registries, none.
// Errors: kInvalidArgument, as Go's net/url says it.
absl::StatusOr<std::string> NormalizeUrl(const std::string& url);
// 1m unless the object says otherwise.
absl::Duration TimeoutOf(const v1::HelmRepositorySpec& spec);

// Reads the Secrets. An object without them is anonymous access.
// Errors: in the words that users know.
absl::StatusOr<HelmAccess> FindHelmAccess(const Context& ctx,
                                          const kube::Client& client,
                                          const Options& options,
                                          const std::string& name_space,
                                          const v1::HelmRepositorySpec& spec);

// What downloads from repositories have in common.
helm::FetchOptions HelmFetchOptions(const Options& options,
                                    const HelmAccess& access);

}  // namespace weir::source
