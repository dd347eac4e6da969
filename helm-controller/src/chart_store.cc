#include "src/chart_store.h"

#include <algorithm>
#include <utility>

#include "weir/archive/stream.h"
#include "weir/base/status.h"
#include "weir/helm/load.h"

namespace weir::helm_controller {

ChartStore::ChartStore(std::shared_ptr<artifact::Fetcher> fetcher, size_t kept)
    : fetcher_(std::move(fetcher)), kept_(kept) {}

ChartStore::ChartPtr ChartStore::Find(const std::string& digest) {
  MutexLock lock(mu_);
  const auto found = charts_.find(digest);
  return found == charts_.end() ? nullptr : found->second.lock();
}

void ChartStore::Keep(const std::string& digest, const ChartPtr& chart) {
  MutexLock lock(mu_);
  std::erase_if(charts_, [](const auto& one) { return one.second.expired(); });
  charts_[digest] = chart;
  std::erase(recent_, chart);
  recent_.push_front(chart);
  if (recent_.size() > kept_) recent_.pop_back();
}

absl::StatusOr<ChartStore::ChartPtr> ChartStore::Get(
    const Context& ctx, const artifact::Artifact& artifact) {
  if (ChartPtr known = Find(artifact.digest)) {
    Keep(artifact.digest, known);
    return known;
  }
  WEIR_ASSIGN_OR_RETURN(const artifact::FetchedFile file,
                        fetcher_->Fetch(ctx, artifact));
  WEIR_ASSIGN_OR_RETURN(archive::Source source,
                        archive::FileSource(file.path()));
  WEIR_ASSIGN_OR_RETURN(helm::Chart chart,
                        helm::LoadChartArchive(std::move(source)));
  auto loaded = std::make_shared<const helm::Chart>(std::move(chart));
  Keep(artifact.digest, loaded);
  return loaded;
}

}  // namespace weir::helm_controller
