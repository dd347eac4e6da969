// ChartStore fetches charts and keeps them parsed, shared by all releases.
//
// Touches: network; files (the fetched artifact, for a moment).
// Threads: safe to share.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "weir/artifact/artifact.h"
#include "weir/artifact/fetcher.h"
#include "weir/base/context.h"
#include "weir/base/mutex.h"
#include "weir/helm/chart.h"

namespace weir::helm_controller {

class ChartStore {
 public:
  // Keeps the `kept` charts that were used last; others as long as somebody
  // has them.
  explicit ChartStore(std::shared_ptr<artifact::Fetcher> fetcher,
                      size_t kept = 8);

  // A chart is parsed once for each digest.
  // Errors: kNotFound when the artifact is gone; those of the fetcher and of
  // LoadChartArchive.
  absl::StatusOr<std::shared_ptr<const helm::Chart>> Get(
      const Context& ctx, const artifact::Artifact& artifact);

 private:
  using ChartPtr = std::shared_ptr<const helm::Chart>;

  ChartPtr Find(const std::string& digest);
  void Keep(const std::string& digest, const ChartPtr& chart);

  const std::shared_ptr<artifact::Fetcher> fetcher_;
  const size_t kept_;
  Mutex mu_;
  std::map<std::string, std::weak_ptr<const helm::Chart>> charts_
      ABSL_GUARDED_BY(mu_);
  std::deque<ChartPtr> recent_ ABSL_GUARDED_BY(mu_);
};

}  // namespace weir::helm_controller
