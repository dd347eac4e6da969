#include "src/reconciler.h"

#include <utility>
#include <vector>

#include "src/chart_sources.h"
#include "src/chart_template.h"
#include "src/values.h"
#include "weir/base/duration.h"
#include "weir/base/status.h"
#include "weir/codec/codec.h"
#include "weir/codec/unsupported.h"

namespace weir::helm_controller {

using reconcile::Outcome;

Reconciler::Reconciler(std::shared_ptr<Environment> environment)
    : environment_(std::move(environment)) {}

void Reconciler::ForgetAll() { memories_.Clear(); }

bool Reconciler::HasSettled(const kube::ObjectKey& key) {
  const std::shared_ptr<const Memory> memory = memories_.Find(key);
  return memory != nullptr && memory->is_settled;
}

bool Reconciler::IsSettled(const Context& ctx, const Plan& plan,
                           const Status& status, const Memory& memory) const {
  if (!memory.settled.has_value()) return false;
  const Settled& settled = *memory.settled;
  const Cluster& cluster = *memory.target.cluster;
  if (settled.generation != plan.generation ||
      status.observed_generation() != plan.generation ||
      (!plan.requested_at.empty() &&
       status.last_handled_reconcile_at() != plan.requested_at)) {
    return false;
  }
  const ChartSource source =
      FindChartSource(ctx, *environment_->sources, plan.source);
  if (source.state != ChartSource::State::kReady ||
      source.artifact.digest != settled.artifact_digest) {
    return false;
  }
  if (plan.spec.has_chart() &&
      !IsInSync(MakeHelmChart(plan),
                environment_->sources->FindCached(plan.source))) {
    return false;
  }
  if (!cluster.storage.IsNewest({plan.storage_namespace, plan.release_name},
                                settled.version, settled.resource_version)) {
    return false;
  }
  const apply::Tracker& tracker = cluster.tracker;
  if (plan.detects_drift() &&
      (tracker.HasDrift(plan.key) || tracker.IsBlind(plan.key) ||
       tracker.CountOf(plan.key) != settled.tracked)) {
    return false;
  }
  if (FindUnmetDependency(ctx, *environment_, plan).has_value()) return false;
  if (!IsTargetSettled(ctx, plan, memory.target)) return false;
  if (plan.spec.values_from().empty()) return true;
  // Only labelled ones are watched: the interval looks at all.
  const absl::StatusOr<Value> values =
      ComposeValues(plan, [&](const kube::ObjectRef& ref) {
        return environment_->manager.client().Get(ctx, ref);
      });
  return values.ok() &&
         DigestOfValues(*values, environment_->digest_algorithm) ==
             settled.config_digest;
}

bool Reconciler::IsTargetSettled(const Context& ctx, const Plan& plan,
                                 const Target& target) const {
  const reconcile::TargetRef ref =
      TargetRefOf(environment_->options.common, plan);
  if (!ref.kubeconfig.has_value()) {
    return target.cluster == environment_->clusters->home();
  }
  const absl::StatusOr<Target> now = environment_->clusters->Find(ctx, ref);
  return now.ok() && now->cluster == target.cluster;
}

Outcome Reconciler::Reconcile(const Context& ctx,
                              const reconcile::Request& request) {
  if (request.object.is_null()) {
    const std::shared_ptr<Memory> memory = memories_.Take(request.key);
    if (memory != nullptr) memory->target.Leave(request.key);
    return Outcome::Done();
  }
  const std::shared_ptr<Memory> memory = memories_.Of(request.key);
  if (reconcile::IsBeingDeleted(request.object)) {
    memory->pass.reset();
    return Delete(ctx, request, *memory);
  }
  if (memory->pass != nullptr && request.is_resumed) {
    return Continue(ctx, request, *memory);
  }
  memory->pass.reset();
  return Start(ctx, request, *memory);
}

Outcome Reconciler::Start(const Context& ctx, const reconcile::Request& request,
                          Memory& memory) {
  const absl::StatusOr<Value> object =
      request.writer->AddFinalizer(ctx, request.object);
  if (!object.ok()) {
    return absl::IsNotFound(object.status()) ? Outcome::Done()
                                             : Outcome::Retry(object.status());
  }
  weir::helm::v2::HelmRelease message;
  const absl::Status read = codec::FromValue(*object, &message);
  StatusDraft draft(*object, message.status(), environment_->manager.clock());
  if (message.spec().suspend()) {
    request.logger.Info("reconciliation is suspended for this object");
    draft.status().set_observed_generation(reconcile::GenerationOf(*object));
    const absl::string_view requested = reconcile::RequestedAt(*object);
    if (!requested.empty()) {
      draft.status().set_last_handled_reconcile_at(std::string(requested));
    }
    const absl::Status written = draft.Write(ctx, *request.writer);
    return written.ok() ? Outcome::Done() : Outcome::Retry(written);
  }
  const std::vector<std::string> unsupported = codec::FindUnsupported(message);
  if (!unsupported.empty()) {
    return Refuse(ctx, request, std::move(draft), reconcile::kNotSupported,
                  codec::DescribeUnsupported(unsupported),
                  codec::DescribeUnsupported(unsupported));
  }
  absl::StatusOr<apply::HealthRules> rules = HealthRulesOf(message.spec());
  if (!rules.ok()) {
    const std::string problem(rules.status().message());
    return Refuse(ctx, request, std::move(draft), kInvalidCelExpression,
                  absl::StrCat(kTerminalError, problem), problem);
  }
  absl::StatusOr<Plan> plan =
      read.ok() ? MakePlan(*object, message) : absl::StatusOr<Plan>(read);
  if (!plan.ok()) {
    const std::string problem(plan.status().message());
    return Refuse(ctx, request, std::move(draft), reconcile::kNotSupported,
                  problem, problem);
  }
  plan->health_rules = *std::move(rules);
  plan->retries_by_default = environment_->IsEnabled("DefaultToRetryOnFailure");
  plan->uses_helm3_defaults = environment_->IsEnabled("UseHelm3Defaults");
  if (IsSettled(ctx, *plan, draft.status(), memory)) {
    return Outcome::RequeueAfter(
        Jitter(plan->interval,
               environment_->options.common.interval_jitter_percentage));
  }
  memory.settled.reset();
  memory.is_settled = false;
  memory.pass =
      std::make_unique<Pass>(*environment_, *std::move(plan), std::move(draft),
                             request, &memory.target);
  return Continue(ctx, request, memory);
}

Outcome Reconciler::Continue(const Context& ctx,
                             const reconcile::Request& request,
                             Memory& memory) {
  const Outcome outcome = memory.pass->Advance(ctx, request);
  if (outcome.kind() == Outcome::Kind::kAwait) return outcome;
  const std::unique_ptr<Pass> pass = std::move(memory.pass);
  memory.settled = pass->settled();
  memory.is_settled = memory.settled.has_value();
  const Plan& plan = pass->plan();
  if (memory.settled.has_value()) CatchUp(plan, memory);
  if (!request.is_resumed) return outcome;
  // What changed while the pass waited only woke it.
  const ChartSource source =
      FindChartSource(ctx, *environment_->sources, plan.source);
  const bool is_outdated =
      reconcile::GenerationOf(request.object) != plan.generation ||
      reconcile::RequestedAt(request.object) != plan.requested_at ||
      environment_->interruptions.Find(plan.key).has_value() ||
      (source.state == ChartSource::State::kReady &&
       !pass->artifact().revision.empty() &&
       source.artifact.digest != pass->artifact().digest);
  if (is_outdated) environment_->controller->Enqueue(request.key);
  return outcome;
}

void Reconciler::CatchUp(const Plan& plan, const Memory& memory) {
  const Cluster& cluster = *memory.target.cluster;
  if (cluster.storage.HasNewer({plan.storage_namespace, plan.release_name},
                               memory.settled->version,
                               memory.settled->resource_version)) {
    environment_->controller->Enqueue(plan.key);
  }
  if (!plan.detects_drift() || !cluster.tracker.HasDrift(plan.key)) {
    return;
  }
  environment_->controller->EnqueueAfter(
      plan.key, environment_->drift.NextDelay(
                    plan.key, environment_->manager.clock().Now()));
}

Outcome Reconciler::Refuse(const Context& ctx,
                           const reconcile::Request& request, StatusDraft draft,
                           absl::string_view reason, const std::string& message,
                           const std::string& told) {
  draft.conditions().MarkFalse(reconcile::kReady, reason, message);
  draft.conditions().MarkStalled(reason, message);
  draft.status().set_observed_generation(
      reconcile::GenerationOf(request.object));
  const absl::string_view requested = reconcile::RequestedAt(request.object);
  if (!requested.empty()) {
    draft.status().set_last_handled_reconcile_at(std::string(requested));
  }
  if (draft.HasChanged()) {
    reconcile::Event event;
    event.object = draft.object();
    event.severity = reconcile::Severity::kError;
    event.reason = std::string(reason);
    event.message = told;
    environment_->manager.events().Emit(kComponent, std::move(event));
  }
  const absl::Status written = draft.Write(ctx, *request.writer);
  return written.ok() ? Outcome::Done() : Outcome::Retry(written);
}

Outcome Reconciler::Delete(const Context& ctx,
                           const reconcile::Request& request, Memory& memory) {
  if (!reconcile::HasFinalizer(request.object)) return Outcome::Done();
  if (memory.deletion == nullptr || !request.is_resumed) {
    weir::helm::v2::HelmRelease message;
    // What can be read is enough.
    (void)codec::FromValue(request.object, &message);
    absl::StatusOr<Plan> plan = MakePlan(request.object, message);
    if (!plan.ok()) {
      plan.emplace();
      plan->key = request.key;
      plan->spec = message.spec();
      plan->timeout = absl::Minutes(5);
    }
    memory.deletion =
        std::make_unique<Deletion>(*environment_, *std::move(plan),
                                   StatusDraft(request.object, message.status(),
                                               environment_->manager.clock()),
                                   request, &memory.target);
  }
  const Outcome outcome = memory.deletion->Advance(ctx, request);
  if (outcome.kind() != Outcome::Kind::kAwait) memory.deletion.reset();
  return outcome;
}

}  // namespace weir::helm_controller
