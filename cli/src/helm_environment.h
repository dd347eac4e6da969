// How charts are fetched, as the flags and helm's environment say.
//
// Touches: process (environment; credential helpers), files.
// Threads: one thread.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "helm_flags.h"
#include "weir/base/context.h"
#include "weir/helm/fetch.h"

namespace weir::cli {

// Helpers run within `ctx`.
helm::FetchOptions FetchOptionsOf(const Context& ctx, const ChartFlags& flags);

// A document that a values.schema.json refers to.
absl::StatusOr<std::string> ReadSchema(const Context& ctx,
                                       helm::ChartFetcher& fetcher,
                                       const std::string& url);

}  // namespace weir::cli
