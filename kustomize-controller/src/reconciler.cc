#include "src/reconciler.h"

#include <utility>

#include "weir/base/duration.h"
#include "weir/base/status.h"
#include "weir/codec/codec.h"
#include "weir/codec/unsupported.h"

namespace weir::kustomize_controller {

using reconcile::Outcome;

namespace {

bool IsReadyAndObserved(const StatusDraft& draft, const Plan& plan) {
  const StatusDraft::Status& status = draft.status();
  const bool is_requested =
      !plan.requested_at.empty() &&
      status.last_handled_reconcile_at() != plan.requested_at;
  if (is_requested || status.observed_generation() != plan.generation) {
    return false;
  }
  for (const auto& condition : status.conditions()) {
    if (condition.type() == reconcile::kReady) {
      return condition.status() == reconcile::kTrue;
    }
  }
  return false;
}

}  // namespace

Reconciler::Reconciler(std::shared_ptr<Environment> environment)
    : environment_(std::move(environment)) {}

void Reconciler::ForgetAll() { memories_.Clear(); }

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
  weir::kustomize::v1::Kustomization message;
  const absl::Status read = codec::FromValue(*object, &message);
  StatusDraft draft(*object, message.status(), environment_->manager.clock());
  if (message.spec().suspend()) return Suspend(ctx, request, std::move(draft));
  const std::vector<std::string> unsupported = codec::FindUnsupported(message);
  if (!unsupported.empty()) {
    return Refuse(ctx, request, std::move(draft), reconcile::kNotSupported,
                  codec::DescribeUnsupported(unsupported));
  }
  absl::StatusOr<apply::HealthRules> rules = HealthRulesOf(message.spec());
  if (!rules.ok()) {
    return Refuse(ctx, request, std::move(draft), kInvalidCelExpression,
                  absl::StrCat(kTerminalError, rules.status().message()));
  }
  absl::StatusOr<Plan> plan =
      read.ok() ? MakePlan(*object, message) : absl::StatusOr<Plan>(read);
  if (!plan.ok()) {
    return Refuse(ctx, request, std::move(draft), reconcile::kNotSupported,
                  std::string(plan.status().message()));
  }
  plan->health_rules = *std::move(rules);
  if (IsSettled(ctx, *plan, draft, memory)) {
    return Outcome::RequeueAfter(
        Jitter(plan->interval,
               environment_->options.common.interval_jitter_percentage));
  }
  memory.settled.reset();
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
  if (request.is_resumed) {
    // What changed while the pass waited only woke it.
    const Plan& plan = pass->plan();
    const auto artifact = environment_->sources->FindArtifact(ctx, plan.source);
    const bool is_outdated =
        reconcile::GenerationOf(request.object) != plan.generation ||
        reconcile::RequestedAt(request.object) != plan.requested_at ||
        (artifact.has_value() && artifact->revision != pass->revision());
    if (is_outdated) environment_->controller->Enqueue(request.key);
  }
  return outcome;
}

bool Reconciler::IsSettled(const Context& ctx, const Plan& plan,
                           const StatusDraft& draft,
                           const Memory& memory) const {
  if (!memory.settled.has_value()) return false;
  const Settled& settled = *memory.settled;
  if (settled.generation != plan.generation ||
      !IsReadyAndObserved(draft, plan)) {
    return false;
  }
  const apply::Tracker& tracker = memory.target.cluster->tracker;
  if (tracker.HasDrift(plan.key) || tracker.IsBlind(plan.key) ||
      tracker.CountOf(plan.key) != settled.tracked) {
    return false;
  }
  const auto artifact = environment_->sources->FindArtifact(ctx, plan.source);
  if (!artifact.has_value() || artifact->revision != settled.revision ||
      artifact->digest != settled.artifact_digest) {
    return false;
  }
  if (FindUnmetDependency(ctx, *environment_, plan, settled.revision)
          .has_value()) {
    return false;
  }
  if (!settled.health.empty()) {
    const apply::HealthVerdict verdict = apply::JudgeHealth(
        settled.health, tracker, environment_->manager.clock().Now(),
        /*fails_fast=*/true, /*is_last_look=*/false);
    if (verdict.kind != apply::HealthVerdict::Kind::kPassed) return false;
  }
  return IsTargetSettled(ctx, plan, memory.target) &&
         AreVariablesSettled(ctx, plan, settled);
}

bool Reconciler::IsTargetSettled(const Context& ctx, const Plan& plan,
                                 const Target& target) const {
  const reconcile::TargetRef ref =
      TargetRefOf(environment_->options.common, plan.key, plan.spec);
  if (!ref.kubeconfig.has_value()) {
    return target.cluster == environment_->clusters->home();
  }
  const absl::StatusOr<Target> now = environment_->clusters->Find(ctx, ref);
  return now.ok() && now->cluster == target.cluster;
}

bool Reconciler::AreVariablesSettled(const Context& ctx, const Plan& plan,
                                     const Settled& settled) const {
  // Only labelled ones are watched: the interval looks at all.
  if (plan.spec.post_build().substitute_from().empty()) return true;
  const absl::StatusOr<Variables> variables =
      LoadVariables(plan.spec.post_build(), plan.key.name_space,
                    [&](const kube::ObjectRef& ref) {
                      return environment_->manager.client().Get(ctx, ref);
                    });
  return variables.ok() && DigestOf(*variables) == settled.variables_digest;
}

Outcome Reconciler::Suspend(const Context& ctx,
                            const reconcile::Request& request,
                            StatusDraft draft) {
  draft.EndPass(std::string(reconcile::RequestedAt(request.object)),
                reconcile::GenerationOf(request.object));
  const absl::Status written = draft.Write(ctx, *request.writer);
  return written.ok() ? Outcome::Done() : Outcome::Retry(written);
}

Outcome Reconciler::Refuse(const Context& ctx,
                           const reconcile::Request& request, StatusDraft draft,
                           absl::string_view reason,
                           const std::string& message) {
  draft.conditions().MarkStalled(reason, message);
  draft.conditions().MarkFalse(reconcile::kReady, reason, message);
  draft.EndPass(std::string(reconcile::RequestedAt(request.object)),
                reconcile::GenerationOf(request.object));
  if (draft.HasChanged()) {
    reconcile::Event event;
    event.object = draft.object();
    event.severity = reconcile::Severity::kError;
    event.reason = std::string(reason);
    event.message = message;
    environment_->manager.events().Emit(kComponent, std::move(event));
  }
  const absl::Status written = draft.Write(ctx, *request.writer);
  return written.ok() ? Outcome::Done() : Outcome::Retry(written);
}

Outcome Reconciler::Delete(const Context& ctx,
                           const reconcile::Request& request, Memory& memory) {
  if (!reconcile::HasFinalizer(request.object)) return Outcome::Done();
  if (memory.deletion == nullptr || !request.is_resumed) {
    weir::kustomize::v1::Kustomization message;
    // What can be read is enough: the inventory and the policy.
    (void)codec::FromValue(request.object, &message);
    memory.deletion = std::make_unique<Deletion>(
        *environment_, request.object, std::move(message), &memory.target);
  }
  const Outcome outcome = memory.deletion->Advance(ctx, request);
  if (outcome.kind() != Outcome::Kind::kAwait) memory.deletion.reset();
  return outcome;
}

}  // namespace weir::kustomize_controller
