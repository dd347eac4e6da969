// HelmChartPass is one reconcile of one HelmChart.
//
// Touches: as SourcePass; the network (repositories), the system's temporary
// folder.
// Threads: one object belongs to one thread.
// Source: source.md, section 10.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "src/chart_build.h"
#include "src/helm_repository_pass.h"
#include "src/source_pass.h"
#include "weir/source/v1/helmchart.pb.h"
#include "weir/source/v1/helmrepository.pb.h"

namespace weir::source {

struct HelmChartEnvironment : HelmEnvironment {
  // An object of the caches by its kind; null when there is none.
  std::function<Value(const std::string& kind, const kube::ObjectKey&)> find;
  // Whether all objects of a kind are known: their cache may fill later than
  // that of charts.
  std::function<bool(const std::string& kind)> has_synced;
  // The HelmRepositories of a namespace.
  std::function<std::vector<Value>(const std::string& name_space)> repositories;
};

class HelmChartPass : public SourcePassOf<v1::HelmChart> {
 public:
  // `environment` must outlive it.
  HelmChartPass(const Context& ctx, const HelmChartEnvironment& environment,
                const reconcile::Request& request)
      : SourcePassOf(ctx, environment, request, kHelmChart),
        helm_(environment) {}

 private:
  Step Work() override;
  std::string SuccessMessage() const override;
  std::string NewArtifactReason() const override;
  std::string RecoveryReason() const override { return NewArtifactReason(); }
  absl::StatusOr<absl::Duration> Interval() const override;

  absl::StatusOr<Value> FindSource() const;
  Step FromRepository(const Value& source, ChartOrder order);
  Step FromFiles(const artifact::Artifact& source, ChartOrder order);
  absl::StatusOr<std::unique_ptr<ChartRepository>> OpenRepository(
      const v1::HelmRepository& repository, const kube::ObjectKey& owner);
  absl::StatusOr<std::unique_ptr<ChartRepository>> RepositoryAt(
      const std::string& url, const std::string& folder);
  ChartOrder MakeOrder(const std::string& folder) const;
  Step Conclude(absl::StatusOr<ChartBuild> build, bool is_remote);
  Step BuildFailure(const absl::Status& error, bool is_remote);
  Step ArtifactStep();

  const HelmChartEnvironment& helm_;
  ChartBuild build_;
};

}  // namespace weir::source
