#include "src/pass.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "weir/apply/inventory.h"
#include "weir/apply/prune.h"
#include "weir/base/duration.h"
#include "weir/base/status.h"

namespace weir::kustomize_controller {
namespace {

using apply::HealthTarget;
using apply::HealthVerdict;
using reconcile::Outcome;
using reconcile::Severity;

constexpr char kOriginRevision[] = "org.opencontainers.image.revision";

// While the cache of sources is being filled.
constexpr absl::Duration kCachePause = absl::Milliseconds(100);

// Fetching, building and applying may take a moment before the status says
// that they are under way.
constexpr absl::Duration kQuietPeriod = absl::Seconds(2);

std::string HealthyMessage(StatusDraft& draft) {
  const reconcile::Conditions conditions = draft.conditions();
  return conditions.IsTrue(kHealthy) ? conditions.Message(kHealthy) : "";
}

std::string RetryText(absl::string_view what, absl::Duration delay) {
  return absl::StrCat(what, ", retrying in ", FormatGoDuration(delay));
}

}  // namespace

Pass::Pass(Environment& environment, Plan plan, StatusDraft draft,
           const reconcile::Request& request, Target* target)
    : environment_(environment),
      plan_(std::move(plan)),
      started_(environment.manager.clock().Now()),
      healthy_before_(HealthyMessage(draft)),
      draft_(std::move(draft)),
      writer_(request.writer),
      logger_(request.logger),
      target_(*target) {}

Outcome Pass::Advance(const Context& ctx, const reconcile::Request& request) {
  if (request.is_resumed) draft_.SetObject(request.object);
  while (true) {
    Result result = RunStep(ctx, request);
    if (result.has_value()) return *std::move(result);
    // Not in the first steps: they fail or pass in no time.
    if (step_ > Step::kFetch && elapsed() > kQuietPeriod) {
      const absl::Status written = draft_.Write(ctx, *writer_);
      if (!written.ok()) return Outcome::Retry(written);
    }
  }
}

Pass::Result Pass::RunStep(const Context& ctx,
                           const reconcile::Request& request) {
  switch (step_) {
    case Step::kFindSource:
      return FindSource(ctx);
    case Step::kCheckDependencies:
      return CheckDependencies(ctx);
    case Step::kFetch:
      return Fetch(ctx);
    case Step::kFindTarget:
      return FindTarget(ctx);
    case Step::kBuild:
      return Build(ctx);
    case Step::kApply:
      return Apply(ctx);
    case Step::kPrune:
      return Prune(ctx);
    case Step::kCheckHealth:
      return CheckHealth(ctx, request);
    case Step::kFinish:
      return Finish(ctx);
  }
  return Outcome::Done();
}

Pass::Result Pass::FindSource(const Context& ctx) {
  const artifact::SourceKey& source = plan_.source;
  const std::string subject =
      absl::StrCat("can't access '", FormatSource(source), "', ");
  if (environment_.options.no_cross_namespace_refs &&
      source.name_space != plan_.key.name_space) {
    return Stall(ctx, kAccessDenied,
                 subject + "cross-namespace references have been blocked");
  }
  if (source.kind == "ExternalArtifact" &&
      !environment_.IsEnabled("ExternalArtifact")) {
    return Stall(ctx, kAccessDenied,
                 subject + "ExternalArtifact feature gate is disabled");
  }
  const consumer::SourceWatch::Answer answer =
      environment_.sources->Find(ctx, source);
  const absl::Duration pause = environment_.options.common.requeue_dependency;
  using State = consumer::SourceWatch::State;
  switch (answer.state) {
    case State::kNotYetKnown:
      return Outcome::Await(kCachePause);
    case State::kMissing:
      return NotYet(ctx, kArtifactFailed,
                    absl::StrCat(source.kind, ".source.toolkit.fluxcd.io \"",
                                 source.name, "\" not found"),
                    plan_.retry_interval);
    case State::kFailed: {
      if (absl::IsCancelled(answer.error)) return Outcome::Done();
      const std::string message =
          absl::StrCat("unable to get source '", source.name_space, "/",
                       source.name, "': ", answer.error.message());
      draft_.conditions().MarkFalse(reconcile::kReady, kArtifactFailed,
                                    message);
      return End(ctx, Outcome::Retry(answer.error));
    }
    case State::kFound:
      break;
  }
  std::optional<artifact::Artifact> artifact =
      consumer::ArtifactOf(answer.object);
  if (!artifact.has_value()) {
    return NotYet(ctx, kArtifactFailed,
                  RetryText("Source artifact not found", pause), pause);
  }
  artifact_ = *std::move(artifact);
  const auto origin = artifact_.metadata.find(kOriginRevision);
  if (origin != artifact_.metadata.end()) origin_revision_ = origin->second;
  step_ = Step::kCheckDependencies;
  return std::nullopt;
}

Pass::Result Pass::CheckDependencies(const Context& ctx) {
  const std::optional<consumer::UnmetDependency> unmet =
      FindUnmetDependency(ctx, environment_, plan_, artifact_.revision);
  if (!unmet.has_value()) {
    step_ = Step::kFetch;
    return std::nullopt;
  }
  if (unmet->is_terminal) {
    return Stall(ctx, kInvalidCelExpression,
                 absl::StrCat(kTerminalError, unmet->message));
  }
  // The watch on dependencies tells when to look again; the interval is for
  // those that it does not see. What was said once is not said again.
  const absl::Duration pause = environment_.options.common.requeue_dependency;
  draft_.conditions().MarkFalse(reconcile::kReady, kDependencyNotReady,
                                unmet->message);
  if (draft_.HasChanged()) {
    Emit(Severity::kInfo,
         RetryText("Dependencies do not meet ready condition", pause));
  }
  return End(ctx, Outcome::RequeueAfter(pause));
}

void Pass::Announce(absl::string_view what) {
  draft_.conditions().MarkReconciling(
      reconcile::kProgressing,
      absl::StrCat(what, " for revision ", artifact_.revision,
                   " with a timeout of ", FormatGoDuration(plan_.timeout)));
}

Pass::Result Pass::Fetch(const Context& ctx) {
  draft_.conditions().MarkUnknown(reconcile::kReady, reconcile::kProgressing,
                                  "Reconciliation in progress");
  Announce("Fetching manifests");
  absl::StatusOr<std::shared_ptr<const artifact::Tree>> tree =
      environment_.trees->Get(ctx.WithDeadline(started_ + plan_.timeout),
                              artifact_);
  if (!tree.ok()) {
    if (!absl::IsNotFound(tree.status())) {
      return Fail(ctx, kArtifactFailed, tree.status());
    }
    const absl::Duration pause = environment_.options.common.requeue_dependency;
    return NotYet(ctx, kArtifactFailed,
                  RetryText("Source is not ready, artifact not found", pause),
                  pause);
  }
  tree_ = *std::move(tree);
  absl::StatusOr<std::string> folder =
      FindFolder(tree_->path(), plan_.spec.path());
  if (!folder.ok()) return Fail(ctx, kArtifactFailed, folder.status());
  folder_ = *std::move(folder);
  draft_.status().set_last_attempted_revision(artifact_.revision);
  Announce("Building manifests");
  step_ = Step::kFindTarget;
  return std::nullopt;
}

Pass::Result Pass::FindTarget(const Context& ctx) {
  absl::StatusOr<Target> target = environment_.clusters->Find(
      ctx.WithDeadline(started_ + plan_.timeout),
      TargetRefOf(environment_.options.common, plan_.key, plan_.spec));
  if (!target.ok()) {
    return Fail(ctx, kReconciliationFailed, target.status(),
                "failed to build kube client: ");
  }
  target_.Become(*std::move(target), plan_.key);
  step_ = Step::kBuild;
  return std::nullopt;
}

Pass::Result Pass::Build(const Context& ctx) {
  const Context limited = ctx.WithDeadline(started_ + plan_.timeout);
  absl::StatusOr<Variables> variables =
      LoadVariables(plan_.spec.post_build(), plan_.key.name_space,
                    [&](const kube::ObjectRef& ref) {
                      return environment_.manager.client().Get(limited, ref);
                    });
  if (!variables.ok()) return Fail(ctx, kBuildFailed, variables.status());
  variables_digest_ = DigestOf(*variables);
  BuildSettings settings;
  settings.allow_remote_bases = !environment_.options.no_remote_bases;
  settings.remote = &environment_.remote;
  settings.is_strict = environment_.IsEnabled("StrictPostBuildSubstitutions");
  settings.parse_cache = &environment_.parsed;
  absl::StatusOr<BuiltObjects> built = BuildObjects(
      limited, plan_, tree_->path(), folder_, *variables, settings);
  tree_.reset();
  if (!built.ok()) return Fail(ctx, kBuildFailed, built.status());
  digest_ = std::move(built->digest);

  apply::ApplyOptions options;
  options.owner = plan_.key;
  options.field_manager = kComponent;
  options.control_prefix = kGroup;
  options.force = plan_.spec.force();
  options.override_managers = environment_.options.override_managers;
  options.custom_stage_kinds = environment_.custom_stage_kinds;
  options.ignore = plan_.ignore;
  options.concurrency = environment_.options.concurrent_ssa;
  run_ = std::make_unique<apply::ApplyRun>(target_.client(), tracker(),
                                           std::move(options),
                                           std::move(built->objects));
  Announce("Detecting drift");
  step_ = Step::kApply;
  return std::nullopt;
}

Pass::Result Pass::Apply(const Context& ctx) {
  const absl::Time deadline = started_ + plan_.timeout;
  const absl::StatusOr<apply::ApplyRun::Progress> progress =
      run_->Advance(ctx.WithDeadline(deadline));
  if (progress.ok() && *progress == apply::ApplyRun::Progress::kWaiting &&
      Now() < deadline) {
    return AwaitUntil(ctx, std::min(deadline, run_->wait_deadline()));
  }
  if (progress.ok() && *progress == apply::ApplyRun::Progress::kDone) {
    return OnApplied(ctx);
  }
  const absl::Status error =
      progress.ok() ? absl::DeadlineExceededError("context deadline exceeded")
                    : progress.status();
  if (absl::IsCancelled(error)) return Outcome::Done();
  tracker().Await(plan_.key, {});
  AddHistory(kReconciliationFailed);
  return Fail(ctx, kReconciliationFailed,
              apply::WithChanges(error, run_->changes()));
}

Pass::Result Pass::OnApplied(const Context&) {
  std::vector<apply::InventoryEntry> inventory;
  std::vector<kube::ObjectRef> kept;
  for (const apply::ChangeEntry& change : run_->changes()) {
    inventory.push_back(apply::MakeInventoryEntry(change.ref));
    kept.push_back(change.ref);
  }
  tracker().ForgetOthers(plan_.key, kept);
  stale_ = apply::StaleEntries(InventoryOf(draft_.status()), inventory);
  SetInventory(inventory, &draft_.status());
  const std::string changes = apply::FormatChanges(run_->changes());
  has_changes_ = !changes.empty();
  if (has_changes_) {
    logger_.Info("server-side apply completed",
                 {{"output", changes}, {"revision", artifact_.revision}});
    Emit(Severity::kInfo, changes);
  }
  std::optional<std::vector<HealthTarget>> health =
      HealthTargetsOf(plan_, run_->applied());
  is_health_checked_ = health.has_value();
  if (is_health_checked_) health_ = *std::move(health);
  run_.reset();
  step_ = Step::kPrune;
  return std::nullopt;
}

Pass::Result Pass::Prune(const Context& ctx) {
  step_ = Step::kCheckHealth;
  if (!plan_.spec.prune() || stale_.empty()) return std::nullopt;
  apply::PruneOptions options;
  options.owner_labels = OwnerLabels(plan_.key);
  options.control_prefix = kGroup;
  options.concurrency = environment_.options.concurrent_ssa;
  const apply::PruneResult result =
      apply::Prune(ctx.WithDeadline(started_ + plan_.timeout), target_.client(),
                   stale_, options);
  if (!result.entries.empty()) {
    const std::string entries = apply::FormatEntries(result.entries);
    has_changes_ = true;
    logger_.Info("garbage collection completed",
                 {{"output", entries}, {"revision", artifact_.revision}});
    Emit(Severity::kInfo, entries);
  }
  if (result.status.ok()) return std::nullopt;
  if (ctx.is_done()) return Outcome::Done();
  std::vector<apply::InventoryEntry> inventory = InventoryOf(draft_.status());
  inventory.insert(inventory.end(), result.failed.begin(), result.failed.end());
  SetInventory(inventory, &draft_.status());
  AddHistory(kPruneFailed);
  return Fail(ctx, kPruneFailed, result.status);
}

Pass::Result Pass::CheckHealth(const Context& ctx,
                               const reconcile::Request& request) {
  if (!is_health_checked_) {
    tracker().Await(plan_.key, {});
    draft_.conditions().Delete(kHealthy);
    step_ = Step::kFinish;
    return std::nullopt;
  }
  if (!is_health_announced_) {
    is_health_announced_ = true;
    health_started_ = Now();
    Announce("Running health checks");
    draft_.conditions().MarkUnknown(
        kHealthy, reconcile::kProgressing,
        draft_.conditions().Message(reconcile::kReconciling));
    if (const absl::Status seen = CheckSight(ctx); !seen.ok()) {
      return FailHealth(ctx, std::string(seen.message()));
    }
    tracker().Await(plan_.key, apply::AwaitedOf(health_));
  } else if (const auto canceller = FindCanceller(ctx, request)) {
    draft_.conditions().MarkFalse(
        reconcile::kReady, kHealthCheckCanceled,
        absl::StrCat("New reconciliation triggered by ", *canceller));
    Emit(Severity::kInfo,
         absl::StrCat("Health checks canceled due to new reconciliation "
                      "triggered by ",
                      *canceller));
    tracker().Await(plan_.key, {});
    return End(ctx, Outcome::RequeueAfter(absl::ZeroDuration()));
  }
  const absl::Time deadline = health_started_ + plan_.timeout;
  const absl::Time now = Now();
  const HealthVerdict verdict =
      apply::JudgeHealth(health_, tracker(), now,
                         !environment_.IsEnabled("DisableFailFastBehavior"),
                         /*is_last_look=*/now >= deadline);
  switch (verdict.kind) {
    case HealthVerdict::Kind::kPassed:
      return OnHealthy();
    case HealthVerdict::Kind::kFailed:
      return FailHealth(ctx, verdict.message);
    case HealthVerdict::Kind::kWaiting:
      break;
  }
  return AwaitUntil(ctx, deadline);
}

absl::Status Pass::CheckSight(const Context& ctx) const {
  if (target_.impersonated == nullptr) return absl::OkStatus();
  for (const HealthTarget& target : health_) {
    if (target.is_ours) continue;
    const absl::Status seen = target_.client().Get(ctx, target.ref).status();
    if (!absl::IsPermissionDenied(seen)) continue;
    return absl::PermissionDeniedError(absl::StrCat(
        "failed early due to stalled resources: [", apply::Subject(target.ref),
        " status: 'Unknown': ", seen.message(), "]"));
  }
  return absl::OkStatus();
}

Pass::Result Pass::OnHealthy() {
  step_ = Step::kFinish;
  const bool is_new =
      draft_.status().last_applied_revision() != artifact_.revision;
  if (!healthy_before_.empty() && !is_new && !has_changes_) {
    // Nothing happened: the condition stays as it was.
    draft_.conditions().MarkTrue(kHealthy, kSucceeded, healthy_before_);
    return std::nullopt;
  }
  const std::string message = absl::StrCat(
      "Health check passed in ", FormatGoDuration(Now() - health_started_));
  draft_.conditions().MarkTrue(kHealthy, kSucceeded, message);
  if (healthy_before_.empty() || has_changes_) Emit(Severity::kInfo, message);
  return std::nullopt;
}

std::optional<std::string> Pass::FindCanceller(
    const Context& ctx, const reconcile::Request& request) {
  if (!environment_.IsEnabled("CancelHealthCheckOnNewRevision")) {
    return std::nullopt;
  }
  if (reconcile::GenerationOf(request.object) != plan_.generation ||
      reconcile::RequestedAt(request.object) != plan_.requested_at) {
    return absl::StrCat("Kustomization/", plan_.key.ToString());
  }
  const auto now = environment_.sources->FindArtifact(ctx, plan_.source);
  if (now.has_value() && now->revision != artifact_.revision) {
    return FormatSource(plan_.source);
  }
  return std::nullopt;
}

Pass::Result Pass::Finish(const Context& ctx) {
  Settled settled;
  settled.generation = plan_.generation;
  settled.revision = artifact_.revision;
  settled.artifact_digest = artifact_.digest;
  settled.variables_digest = variables_digest_;
  settled.tracked = tracker().CountOf(plan_.key);
  settled.health = std::move(health_);
  settled_ = std::move(settled);

  StatusDraft::Status& status = draft_.status();
  status.set_last_applied_revision(artifact_.revision);
  status.clear_last_applied_origin_revision();
  if (!origin_revision_.empty()) {
    status.set_last_applied_origin_revision(origin_revision_);
  }
  draft_.conditions().MarkTrue(
      reconcile::kReady, kReconciliationSucceeded,
      absl::StrCat("Applied revision: ", artifact_.revision));
  draft_.EndPass(plan_.requested_at, plan_.generation);
  const absl::Duration next = Jitter(
      plan_.interval, environment_.options.common.interval_jitter_percentage);
  // A pass that found all as it should be, and was not asked for, leaves no
  // trace.
  if (has_changes_ || draft_.HasChanged()) {
    AddHistory(kReconciliationSucceeded);
    const std::string message =
        absl::StrCat("Reconciliation finished in ", FormatGoDuration(elapsed()),
                     ", next run in ", FormatGoDuration(plan_.interval));
    logger_.Info("reconciliation finished",
                 {{"duration", elapsed()}, {"revision", artifact_.revision}});
    Emit(Severity::kInfo, message, /*is_commit_status=*/true);
  }
  return End(ctx, Outcome::RequeueAfter(next));
}

Outcome Pass::Fail(const Context& ctx, absl::string_view reason,
                   const absl::Status& error, absl::string_view during) {
  if (absl::IsCancelled(error)) return Outcome::Done();
  const std::string message(error.message());
  draft_.conditions().MarkFalse(reconcile::kReady, reason, message);
  logger_.Error("reconciliation failed",
                {{"duration", elapsed()},
                 {"nextTry", FormatGoDuration(plan_.retry_interval)},
                 {"revision", artifact_.revision},
                 {"error", error}});
  Emit(Severity::kError, absl::StrCat(during, message));
  return End(ctx, Outcome::RequeueAfter(plan_.retry_interval));
}

Outcome Pass::FailHealth(const Context& ctx, const std::string& message) {
  tracker().Await(plan_.key, {});
  draft_.conditions().MarkFalse(kHealthy, kHealthCheckFailed, message);
  AddHistory(kHealthCheckFailed);
  return Fail(ctx, kHealthCheckFailed,
              absl::FailedPreconditionError(absl::StrCat(
                  "health check failed after ",
                  FormatGoDuration(Now() - health_started_), ": ", message)));
}

Outcome Pass::NotYet(const Context& ctx, absl::string_view reason,
                     const std::string& message, absl::Duration retry) {
  draft_.conditions().MarkFalse(reconcile::kReady, reason, message);
  if (draft_.HasChanged()) {
    logger_.Info("waiting for the source", {{"reason", message}});
  }
  return End(ctx, Outcome::RequeueAfter(retry));
}

Outcome Pass::Stall(const Context& ctx, absl::string_view reason,
                    const std::string& message) {
  draft_.conditions().MarkStalled(reason, message);
  draft_.conditions().MarkFalse(reconcile::kReady, reason, message);
  draft_.EndPass(plan_.requested_at, plan_.generation);
  if (draft_.HasChanged()) Emit(Severity::kError, message);
  return End(ctx, Outcome::Terminal(absl::FailedPreconditionError(message)));
}

Outcome Pass::End(const Context& ctx, Outcome outcome) {
  draft_.EndPass(plan_.requested_at, plan_.generation);
  const absl::Status written = draft_.Write(ctx, *writer_);
  if (written.ok()) return outcome;
  settled_.reset();
  if (absl::IsNotFound(written) || absl::IsCancelled(written)) {
    return Outcome::Done();
  }
  return Outcome::Retry(written);
}

Outcome Pass::AwaitUntil(const Context& ctx, absl::Time deadline) {
  const absl::Status written = draft_.Write(ctx, *writer_);
  if (absl::IsNotFound(written)) return Outcome::Done();
  if (!written.ok()) return Outcome::Retry(written);
  return Outcome::Await(std::max(deadline - Now(), absl::Milliseconds(10)));
}

void Pass::AddHistory(const std::string& status) {
  draft_.AddHistory(
      {digest_, status, elapsed(), artifact_.revision, origin_revision_});
}

void Pass::Emit(Severity severity, const std::string& message,
                bool is_commit_status) {
  reconcile::Event event;
  event.object = draft_.object();
  event.severity = severity;
  event.reason = draft_.ReadyReason(reconcile::SeverityName(severity));
  event.message = message;
  const auto add = [&](absl::string_view key, const std::string& value) {
    if (!value.empty()) event.metadata[absl::StrCat(kGroup, "/", key)] = value;
  };
  add("revision", artifact_.revision);
  add("originRevision", origin_revision_);
  add("commit_status", is_commit_status ? "update" : "");
  environment_.manager.events().Emit(kComponent, std::move(event));
}

absl::Duration Pass::elapsed() const { return Now() - started_; }

}  // namespace weir::kustomize_controller
