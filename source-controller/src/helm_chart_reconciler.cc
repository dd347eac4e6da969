#include "src/helm_chart_reconciler.h"

#include <vector>

namespace weir::source {
namespace {

std::pair<std::string, kube::ObjectKey> SourceOf(const Value& chart) {
  const Value& ref = chart["spec"]["sourceRef"];
  return {std::string(ref.GetString("kind")),
          {kube::KeyOf(chart).name_space, std::string(ref.GetString("name"))}};
}

}  // namespace

void HelmChartReconciler::Attach(
    reconcile::Controller& charts,
    std::map<std::string, reconcile::Controller*> sources) {
  controller_ = &charts;
  charts.informer().AddHandler(
      [this](const kube::Change& change) { OnChart(change); });
  for (const auto& [kind, source] : sources) {
    source->informer().AddHandler(
        [this, name = kind](const kube::Change& change) {
          OnSource(name, change);
        });
  }
  env_.find = [sources](const std::string& kind, const kube::ObjectKey& key) {
    const auto found = sources.find(kind);
    return found == sources.end() ? Value() : found->second->Get(key);
  };
  env_.has_synced = [sources](const std::string& kind) {
    const auto found = sources.find(kind);
    return found == sources.end() || found->second->informer().HasSynced();
  };
  reconcile::Controller* repositories = sources.at(kHelmRepository.kind);
  env_.repositories = [repositories](const std::string& name_space) {
    std::vector<Value> out;
    for (Value& one : repositories->informer().List()) {
      if (kube::KeyOf(one).name_space == name_space) {
        out.push_back(std::move(one));
      }
    }
    return out;
  };
}

void HelmChartReconciler::OnChart(const kube::Change& change) {
  const kube::ObjectKey key = kube::KeyOf(change.after);
  MutexLock lock(mu_);
  if (!change.before.is_null()) {
    const auto old = charts_.find(SourceOf(change.before));
    if (old != charts_.end()) {
      old->second.erase(key);
      if (old->second.empty()) charts_.erase(old);
    }
  }
  if (change.type == kube::ChangeType::kDeleted) {
    const auto old = charts_.find(SourceOf(change.after));
    if (old != charts_.end()) old->second.erase(key);
  } else {
    charts_[SourceOf(change.after)].insert(key);
  }
}

void HelmChartReconciler::OnSource(const std::string& kind,
                                   const kube::Change& change) {
  if (change.type == kube::ChangeType::kDeleted || change.is_initial) return;
  const Value& before = change.before["status"]["artifact"];
  const Value& after = change.after["status"]["artifact"];
  const absl::string_view revision = after.GetString("revision");
  if (!after.is_object() || before.GetString("revision") == revision) return;
  std::vector<kube::ObjectKey> woken;
  {
    MutexLock lock(mu_);
    const auto found = charts_.find({kind, kube::KeyOf(change.after)});
    if (found == charts_.end()) return;
    woken.assign(found->second.begin(), found->second.end());
  }
  std::erase_if(woken, [&](const kube::ObjectKey& key) {
    return controller_->Get(key)["status"].GetString(
               "observedSourceArtifactRevision") == revision;
  });
  controller_->EnqueueAll(woken);
}

reconcile::Outcome HelmChartReconciler::Reconcile(
    const Context& ctx, const reconcile::Request& request) {
  if (request.object.is_null()) {
    ForgetSource(env_,
                 {kHelmChart.kind, request.key.name_space, request.key.name});
    return reconcile::Outcome::Done();
  }
  return HelmChartPass(ctx, env_, request).Run();
}

}  // namespace weir::source
