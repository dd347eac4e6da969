// HelmRepositoryPass is one reconcile of one HelmRepository.
//
// Touches: as SourcePass; the network (the repository), the system's temporary
// folder.
// Threads: one object belongs to one thread.
// Source: source.md, section 9.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "src/helm_access.h"
#include "src/index_cache.h"
#include "src/source_pass.h"
#include "weir/crypto/digest.h"
#include "weir/kube/informer.h"
#include "weir/reconcile/metrics.h"
#include "weir/source/v1/helmrepository.pb.h"

namespace weir::source {

// What passes of HelmRepositories and HelmCharts share besides.
struct HelmEnvironment : SourceEnvironment {
  IndexCache* indexes = nullptr;
  // gotk_cache_events_total{event_type,name,namespace}.
  reconcile::CounterMetric* cache_events = nullptr;
};

inline constexpr char kCacheHit[] = "cache_hit";
inline constexpr char kCacheMiss[] = "cache_miss";

// A repository in a registry is left alone, once nothing of ours is on it.
bool IsRelevantHelmRepositoryChange(const kube::Change& change);

class HelmRepositoryPass : public SourcePassOf<v1::HelmRepository> {
 public:
  // `environment` must outlive it.
  HelmRepositoryPass(const Context& ctx, const HelmEnvironment& environment,
                     const reconcile::Request& request)
      : SourcePassOf(ctx, environment, request, kHelmRepository),
        helm_(environment) {}

  // Instead of Run, for a repository of the type oci: takes off what an earlier
  // type has left on the object.
  reconcile::Outcome MakeStatic();

 private:
  Step Work() override;
  std::string SuccessMessage() const override;
  absl::Status RemoveMore() override;
  absl::StatusOr<absl::Duration> Interval() const override;

  Step Publish(const std::string& path, const std::string& folder);
  bool IsCurrent(const std::string& path) const;

  const HelmEnvironment& helm_;
};

}  // namespace weir::source
