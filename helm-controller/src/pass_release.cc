// The part of a pass that is about the release: what state it is in, and the
// actions that bring it to where it should be.
#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "src/chart_sources.h"
#include "src/chart_template.h"
#include "src/observation.h"
#include "src/pass.h"
#include "src/release_objects.h"
#include "src/remediation.h"
#include "src/rendering.h"
#include "weir/apply/inventory.h"
#include "weir/base/duration.h"
#include "weir/base/status.h"

namespace weir::helm_controller {

using reconcile::Outcome;
using reconcile::Severity;

namespace {

constexpr char kStateError[] = "StateError";
constexpr char kRollbackDescription[] = "Rollback to ";
constexpr char kUnlockedFormat[] = "Release unlocked from stale '";

Snapshot SnapshotOf(const helm::StoredRelease& release) {
  return MakeSnapshot(release, "", "", crypto::DigestAlgorithm::kSha256);
}

}  // namespace

// Whether objects are not as the release has them. What nobody has touched
// since it was applied needs no request.
absl::StatusOr<bool> Pass::LookForDrift(const Context& ctx) {
  const std::vector<ReleaseObject> objects = ReadObjectsOffline(
      revisions_.front().manifest(), revisions_.front().name_space());
  const auto checked = static_cast<size_t>(std::count_if(
      objects.begin(), objects.end(),
      [this](const ReleaseObject& one) { return HasDriftChecks(plan_, one); }));
  const size_t tracked = tracker().CountOf(plan_.key);
  if (!tracker().HasDrift(plan_.key) && !tracker().IsBlind(plan_.key) &&
      (tracked == objects.size() || tracked == checked)) {
    return false;
  }
  WEIR_ASSIGN_OR_RETURN(drift_,
                        FindDrift(ctx, *bench_, plan_, revisions_.front(),
                                  environment_.options.override_managers));
  return !drift_.empty();
}

Pass::Result Pass::Decide(const Context& ctx) {
  const auto fail = [&](const absl::Status& error) -> Result {
    if (ctx.is_done()) return Outcome::Done();
    return NotReady(
        ctx, kStateError,
        absl::StrCat("Could not determine release state: ", error.message()),
        Outcome::Retry(error));
  };
  Observation observation =
      Observe(plan_, draft_.status(), revisions_,
              {chart_->name(), chart_version_, config_digest_},
              environment_.digest_algorithm);
  StateResult state = DetermineState(plan_, draft_.status(), observation);
  if (state.state == State::kInSync && plan_.detects_drift()) {
    const absl::StatusOr<bool> has_drift = LookForDrift(ctx);
    if (!has_drift.ok()) return fail(has_drift.status());
    observation.has_drift = *has_drift;
    state = DetermineState(plan_, draft_.status(), observation);
  }
  std::string handled = draft_.status().last_handled_force_at();
  const bool is_forced = TakeRequest(plan_.force_at, &handled);
  if (!handled.empty()) draft_.status().set_last_handled_force_at(handled);
  Decision decision = weir::helm_controller::Decide(
      plan_, draft_.status(), state, observation, is_forced);
  logger_.Info("state of the release", {{"state", decision.log}});
  switch (decision.history) {
    case Decision::History::kKeep:
      break;
    case Decision::History::kClear:
      draft_.status().clear_history();
      break;
    case Decision::History::kTruncate:
      TruncateHistory(IgnoresTests(plan_, draft_.status()), &draft_.status());
      break;
    case Decision::History::kTruncateToNewest:
      TruncateHistoryToNewest(&draft_.status());
      break;
  }
  if (decision.settles_remediation) report_.SettleRemediation();
  if (state.state == State::kDrifted) {
    const std::string message = absl::StrCat(
        "Cluster state of release ", FullReleaseName(*Latest(draft_.status())),
        " has drifted from the desired state:\n", DescribeDrift(drift_));
    report_.Emit(Severity::kError, kDriftDetected, message);
    draft_.conditions().MarkTrue(kDriftedCondition, kDriftDetected, message);
  }
  switch (decision.kind) {
    case Decision::Kind::kRun:
      return Begin(ctx, decision.action);
    case Decision::Kind::kDone:
      return OnDone(ctx, state);
    case Decision::Kind::kRetry:
      return NotReady(ctx, kStateError, decision.message,
                      Outcome::Retry(absl::InternalError(decision.message)));
    case Decision::Kind::kExhausted: {
      const auto remediation = ActiveRemediation(plan_, draft_.status());
      draft_.conditions().MarkStalled(
          "RetriesExceeded",
          absl::StrCat(
              "Failed to ", draft_.status().last_attempted_release_action(),
              " after ", remediation.has_value() ? remediation->failures : 0,
              " attempt(s)"));
      break;
    }
    case Decision::Kind::kNoTarget:
      draft_.conditions().MarkStalled(
          "MissingRollbackTarget",
          absl::StrCat("Failed to perform remediation: ", decision.message));
      break;
  }
  return End(ctx,
             Outcome::Terminal(absl::FailedPreconditionError(decision.message)),
             /*is_observed=*/true);
}

Pass::Result Pass::OnDone(const Context& ctx, const StateResult& state) {
  if (state.state == State::kInSync) {
    report_.SettleFailure();
    if (plan_.detects_drift()) {
      draft_.conditions().MarkFalse(
          kDriftedCondition, "NoDriftDetected",
          "No drift detected against the cluster state");
    }
  }
  draft_.conditions().Delete(reconcile::kReconciling);
  report_.Summarize();
  if (state.state == State::kInSync) {
    settled_ = Settled{plan_.generation,
                       artifact_.digest,
                       config_digest_,
                       revisions_.front().version(),
                       revisions_.front().resource_version(),
                       tracker().CountOf(plan_.key)};
  }
  return End(ctx,
             Outcome::RequeueAfter(Jitter(
                 plan_.interval,
                 environment_.options.common.interval_jitter_percentage)),
             /*is_observed=*/true);
}

Pass::Result Pass::RetryLater(const Context& ctx, absl::Duration interval) {
  draft_.conditions().MarkReconciling(
      reconcile::kProgressingWithRetry,
      absl::StrCat("retrying after ", FormatGoDuration(interval)));
  return End(
      ctx,
      Outcome::RequeueAfter(Jitter(
          interval, environment_.options.common.interval_jitter_percentage)),
      /*is_observed=*/true);
}

Pass::Result Pass::Begin(const Context& ctx, ActionKind kind) {
  const ActionType type = kind == ActionKind::kTest     ? ActionType::kTest
                          : kind == ActionKind::kUnlock ? ActionType::kUnlock
                          : kind == ActionKind::kCorrectDrift
                              ? ActionType::kDrift
                          : kind == ActionKind::kRollback ||
                                  kind == ActionKind::kUninstallRemediation
                              ? ActionType::kRemediate
                              : ActionType::kRelease;
  Status& status = draft_.status();
  if (done_.contains(type)) {
    if (const auto retry = ActiveRetry(plan_, status)) {
      return RetryLater(ctx, *retry);
    }
    const auto remediation = ActiveRemediation(plan_, status);
    if (!remediation.has_value() || !remediation->is_exhausted()) {
      reconcile::Conditions conditions = draft_.conditions();
      conditions.MarkReconciling(reconcile::kProgressingWithRetry,
                                 conditions.Message(reconcile::kReady));
      return End(ctx, Outcome::RequeueAfter(absl::ZeroDuration()), false);
    }
    draft_.conditions().Delete(reconcile::kReconciling);
    return End(ctx,
               Outcome::RequeueAfter(Jitter(
                   plan_.interval,
                   environment_.options.common.interval_jitter_percentage)),
               true);
  }
  done_.insert(type);
  const std::string message =
      absl::StrCat("Running '", ActionName(kind), "' action with timeout of ",
                   FormatGoDuration(plan_.TimeoutOf(kind)));
  draft_.conditions().MarkReconciling(reconcile::kProgressing, message);
  if (type == ActionType::kRelease) {
    draft_.conditions().MarkUnknown(reconcile::kReady, reconcile::kProgressing,
                                    message);
  }
  if (IsAnnouncementNeeded(kind)) {
    const absl::Status written = draft_.Write(ctx, *writer_);
    if (!written.ok()) {
      return absl::IsNotFound(written) ? Outcome::Done()
                                       : Outcome::Retry(written);
    }
  }
  action_ = kind;
  action_started_ = Now();
  bench_->written.clear();
  bench_->deleted.clear();
  bench_->log.Clear();
  if (kind == ActionKind::kUnlock) return Unlock(ctx);
  if (kind == ActionKind::kCorrectDrift) return Correct(ctx);
  if (type == ActionType::kRelease) {
    const bool is_install = kind == ActionKind::kInstall;
    status.set_last_attempted_release_action(is_install ? "install"
                                                        : "upgrade");
    if (is_install) status.clear_history();
    draft_.conditions().Delete(kTestSuccess);
    draft_.conditions().Delete(kRemediated);
  }
  absl::StatusOr<std::unique_ptr<ActionRun>> run = MakeRun(ctx, kind);
  if (!run.ok()) {
    if (ctx.is_done()) return Outcome::Done();
    return OnActionEnded(ctx, run.status());
  }
  run_ = *std::move(run);
  step_ = Step::kAct;
  return std::nullopt;
}

// An upgrade that does not wait is told of once it is done. Of others the
// status says where the release is before there is one.
bool Pass::IsAnnouncementNeeded(ActionKind kind) const {
  return kind != ActionKind::kUpgrade ||
         draft_.object()["status"].GetString("storageNamespace") !=
             plan_.storage_namespace;
}

absl::StatusOr<std::unique_ptr<ActionRun>> Pass::MakeRun(const Context& ctx,
                                                         ActionKind kind) {
  switch (kind) {
    case ActionKind::kInstall:
    case ActionKind::kUpgrade:
      return MakeReleaseRun(ctx, kind);
    case ActionKind::kRollback:
      return MakeRollback();
    case ActionKind::kTest: {
      const auto filters = plan_.spec.test().filters();
      return std::make_unique<TestRun>(*bench_, plan_.TimeoutOf(kind),
                                       revisions_.front(),
                                       [filters](const std::string& name) {
                                         return IsSelected(name, filters);
                                       });
    }
    default:
      break;
  }
  if (revisions_.empty()) {
    return absl::NotFoundError("release: not found");
  }
  const auto& spec = plan_.spec.uninstall();
  UninstallSettings settings;
  settings.timeout = plan_.TimeoutOf(ActionKind::kUninstall);
  settings.waits = !spec.disable_wait();
  settings.runs_hooks = !spec.disable_hooks();
  settings.keeps_history = spec.keep_history();
  if (!spec.deletion_propagation().empty()) {
    settings.propagation = spec.deletion_propagation();
  }
  return std::make_unique<UninstallRun>(*bench_, std::move(settings),
                                        revisions_);
}

ReleaseSettings Pass::SettingsOf(ActionKind kind, RenderInput* input) const {
  const auto& install = plan_.spec.install();
  const auto& upgrade = plan_.spec.upgrade();
  ReleaseSettings settings;
  settings.timeout = plan_.TimeoutOf(kind);
  settings.waits_as_helm3 = plan_.waits_as_helm3();
  settings.is_server_side = plan_.applies_on_server(
      kind, !revisions_.empty() && revisions_.front().is_server_side_applied());
  input->is_server_side = settings.is_server_side;
  input->resolves_hosts = environment_.IsEnabled("AllowDNSLookups");
  const auto fill = [&](const auto& action) {
    settings.waits = !action.disable_wait();
    settings.waits_for_jobs = !action.disable_wait_for_jobs();
    settings.runs_hooks = !action.disable_hooks();
    settings.takes_ownership = !action.disable_take_ownership();
    settings.validates = !action.disable_open_api_validation();
    settings.creates_crds_only = action.crds() != "CreateReplace";
  };
  if (kind == ActionKind::kInstall) {
    fill(install);
    settings.kind = ReleaseSettings::Kind::kInstall;
    if (install.create_namespace() && plan_.spec.has_target_namespace()) {
      settings.created_namespace = plan_.release_namespace;
    }
  } else {
    fill(upgrade);
    settings.kind = ReleaseSettings::Kind::kUpgrade;
    settings.cleans_up = upgrade.cleanup_on_fail();
    settings.replaces = upgrade.force() && !settings.is_server_side;
    settings.max_history = plan_.max_history;
  }
  return settings;
}

absl::Status Pass::CheckName() {
  if (revisions_.empty()) return absl::OkStatus();
  const std::string status = revisions_.front().status();
  const bool is_free = status == helm::kUninstalled || status == helm::kFailed;
  if (plan_.spec.install().replace() && is_free) return absl::OkStatus();
  bench_->Log("error: release name check failed",
              Value::MakeObject({{"error", Value::MakeObject()}}));
  return absl::FailedPreconditionError(
      "release name check failed: cannot reuse a name that is still in use");
}

absl::StatusOr<std::vector<ReleaseObject>> Pass::FindCrds(
    const RenderInput& input) const {
  const std::string& policy = input.is_upgrade ? plan_.spec.upgrade().crds()
                                               : plan_.spec.install().crds();
  if (policy == "Skip") return std::vector<ReleaseObject>();
  std::vector<std::string> ignored;
  WEIR_ASSIGN_OR_RETURN(std::vector<ReleaseObject> crds,
                        CrdsOf(input, &ignored));
  if (!ignored.empty()) {
    logger_.Info(
        "ignoring objects in the chart's crds/ that are no definitions",
        {{"objects", absl::StrJoin(ignored, "; ")}});
  }
  return crds;
}

absl::StatusOr<std::unique_ptr<ActionRun>> Pass::MakeReleaseRun(
    const Context& ctx, ActionKind kind) {
  const bool is_install = kind == ActionKind::kInstall;
  RenderInput input =
      MakeRenderInput(plan_, *chart_, chart_version_, values_, revisions_,
                      /*is_upgrade=*/!is_install, Now());
  ReleaseSettings settings = SettingsOf(kind, &input);
  if (is_install) {
    WEIR_RETURN_IF_ERROR(CheckName());
  } else {
    bench_->Log("preparing upgrade", LogOfName());
    bench_->Log(plan_.spec.upgrade().preserve_values()
                    ? "reusing the old release's values"
                    : "resetting values to the chart's original version");
  }
  WEIR_ASSIGN_OR_RETURN(settings.crds, FindCrds(input));
  WEIR_ASSIGN_OR_RETURN(
      helm::StoredRelease target,
      RenderPlan(ctx, client(), target_.cluster->facts, std::move(input)));
  if (!is_install) {
    const Value& method = revisions_.front().json()["apply_method"];
    bench_->Log(
        "determined release apply method",
        Value::MakeObject({{"previous_release_apply_method",
                            method.is_string() ? method : Value("")},
                           {"server_side_apply", settings.is_server_side}}));
    bench_->Log("performing update", LogOfName());
  }
  return std::make_unique<ReleaseRun>(*bench_, std::move(settings),
                                      std::move(target), revisions_);
}

Value Pass::LogOfName() const {
  return Value::MakeObject({{"name", plan_.release_name}});
}

absl::StatusOr<std::unique_ptr<ActionRun>> Pass::MakeRollback() {
  bench_->Log("preparing rollback", LogOfName());
  const Snapshot* previous =
      Previous(draft_.status(), IgnoresTests(plan_, draft_.status()));
  const auto target = std::find_if(
      revisions_.begin(), revisions_.end(), [&](const auto& revision) {
        return previous != nullptr && IsOf(*previous, revision);
      });
  if (target == revisions_.end()) {
    return absl::NotFoundError(
        "missing target release for rollback: required to rollback");
  }
  Value versions = LogOfName();
  versions.Set("currentVersion", revisions_.front().version());
  versions.Set("targetVersion", target->version());
  bench_->Log("rolling back", versions);
  const auto& spec = plan_.spec.rollback();
  ReleaseSettings settings;
  settings.kind = ReleaseSettings::Kind::kRollback;
  settings.is_server_side = plan_.applies_on_server(
      ActionKind::kRollback, target->is_server_side_applied());
  settings.replaces = spec.force() && !settings.is_server_side;
  settings.timeout = plan_.TimeoutOf(ActionKind::kRollback);
  settings.waits = !spec.disable_wait();
  settings.waits_for_jobs = !spec.disable_wait_for_jobs();
  settings.waits_as_helm3 = plan_.waits_as_helm3();
  settings.runs_hooks = !spec.disable_hooks();
  settings.cleans_up = spec.cleanup_on_fail();
  settings.max_history = plan_.max_history;
  helm::StoredRelease revision = *target;
  revision.mutable_json().Set("version", revisions_.front().version() + 1);
  revision.mutable_json().Set("apply_method",
                              settings.is_server_side ? "ssa" : "csa");
  revision.SetStatus(helm::kPendingRollback,
                     absl::StrCat(kRollbackDescription, target->version()));
  revision.SetTime("last_deployed", Now());
  return std::make_unique<ReleaseRun>(*bench_, std::move(settings),
                                      std::move(revision), revisions_);
}

void Pass::AdoptLostRevisions(const Context& ctx) {
  const Snapshot* latest = Latest(draft_.status());
  if (latest == nullptr || revisions_.empty()) return;
  const helm::StoredRelease& newest = revisions_.front();
  if (newest.is_pending()) return;  // It is unlocked first, which changes it.
  // Whoever else upgrades or rolls back changes what was deployed.
  const auto known =
      std::find_if(revisions_.begin(), revisions_.end(),
                   [latest](const helm::StoredRelease& revision) {
                     return IsOf(*latest, revision) &&
                            Verify(*latest, revision) == Verification::kGood;
                   });
  if (known == revisions_.begin() || known == revisions_.end()) return;
  // Several, when the process ended again before it wrote its status.
  for (auto lost = std::make_reverse_iterator(known); lost != revisions_.rend();
       ++lost) {
    const bool is_rollback = absl::StartsWith(
        lost->info().GetString("description"), kRollbackDescription);
    logger_.Info("the status did not know of a revision",
                 {{"version", lost->version()}, {"status", lost->status()}});
    PrependSnapshot(MakeSnapshot(*lost, is_rollback ? "rollback" : "upgrade",
                                 "", environment_.digest_algorithm),
                    &draft_.status());
  }
  if (newest.status() != helm::kDeployed) return;
  for (size_t i = 1; i < revisions_.size(); ++i) {
    helm::StoredRelease& older = revisions_[i];
    if (older.status() != helm::kDeployed) continue;
    older.mutable_json().Mutable("info").Set("status", helm::kSuperseded);
    if (!storage_->Update(ctx, older).ok()) continue;  // The next one does it.
    RefreshSnapshot(older, "", environment_.digest_algorithm, &draft_.status());
  }
}

Pass::Result Pass::Unlock(const Context& ctx) {
  helm::StoredRelease release = revisions_.front();
  const std::string status = release.status();
  release.SetStatus(helm::kFailed,
                    absl::StrCat(kUnlockedFormat, status, "' state"));
  const absl::Status updated = bench_->Update(ctx, release);
  if (!updated.ok()) {
    if (ctx.is_done()) return Outcome::Done();
    return NotReady(ctx, "PendingRelease",
                    absl::StrCat("Unlock of Helm release ",
                                 FullReleaseName(SnapshotOf(release)),
                                 " failed: ", updated.message()),
                    Outcome::Retry(updated));
  }
  std::string action;
  Snapshot snapshot = SnapshotOf(release);
  for (const Snapshot& known : draft_.status().history()) {
    if (!IsOf(known, release)) continue;
    action = known.action();
    if (known.has_oci_digest()) snapshot.set_oci_digest(known.oci_digest());
  }
  RefreshSnapshot(release, action, environment_.digest_algorithm,
                  &draft_.status());
  report_.Unlocked(snapshot, status);
  report_.Summarize();
  TakeWritten();
  AdoptLostRevisions(ctx);
  step_ = Step::kDecide;
  return std::nullopt;
}

Pass::Result Pass::Correct(const Context& ctx) {
  const Correction correction = CorrectDrift(
      ctx, *bench_, drift_, revisions_.front().is_server_side_applied());
  if (ctx.is_done()) return Outcome::Done();
  const Snapshot* latest = Latest(draft_.status());
  const std::string name = latest == nullptr ? "" : FullReleaseName(*latest);
  const std::string corrected = absl::StrJoin(correction.corrected, "\n");
  drift_.clear();
  step_ = Step::kDecide;
  if (correction.problems.empty()) {
    if (!corrected.empty()) {
      report_.Emit(Severity::kInfo, "DriftCorrected",
                   absl::StrCat("Cluster state of release ", name,
                                " has been corrected:\n", corrected),
                   latest);
    }
    return std::nullopt;
  }
  const std::string problems = absl::StrJoin(correction.problems, "\n");
  report_.Emit(
      Severity::kError, "DriftCorrectionFailed",
      absl::StrCat(
          "Failed to ", corrected.empty() ? "" : "partially ",
          "correct cluster state of release ", name, ":\n", problems,
          corrected.empty()
              ? ""
              : absl::StrCat("\n\nSuccessful corrections:\n", corrected)),
      latest);
  return OnActionFailed(ctx, absl::UnavailableError(problems));
}

Pass::Result Pass::Act(const Context& ctx) {
  const absl::StatusOr<Progress> progress = run_->Advance(ctx);
  if (progress.ok() && *progress == Progress::kWaiting) {
    const auto canceller = FindCanceller(ctx);
    if (canceller.has_value()) return Cancel(ctx, *canceller);
    return AwaitUntil(ctx, bench_->wait_deadline);
  }
  // The process stops: what was begun is found locked, and taken up again.
  if (!progress.ok() && ctx.is_done()) return Outcome::Done();
  return OnActionEnded(ctx, progress.status());
}

std::optional<std::string> Pass::FindCanceller(const Context& ctx) const {
  if (!run_->awaits_health() ||
      !environment_.IsEnabled("CancelHealthCheckOnNewRevision")) {
    return std::nullopt;
  }
  const Value& now = draft_.object();
  if (reconcile::GenerationOf(now) != plan_.generation ||
      reconcile::RequestedAt(now) != plan_.requested_at) {
    return absl::StrCat("HelmRelease/", plan_.key.ToString());
  }
  const ChartSource source =
      FindChartSource(ctx, *environment_.sources, plan_.source);
  if (source.state == ChartSource::State::kReady &&
      source.artifact.digest != artifact_.digest) {
    return absl::StrCat(plan_.source.kind, "/", plan_.source.name_space, "/",
                        plan_.source.name);
  }
  return environment_.interruptions.Find(plan_.key);
}

Pass::Result Pass::Cancel(const Context& ctx, const std::string& canceller) {
  const absl::Status failed = run_->GiveUp(ctx);
  if (ctx.is_done()) return Outcome::Done();
  run_.reset();
  RecordRelease(ctx, failed);
  report_.Summarize();
  draft_.conditions().MarkFalse(
      reconcile::kReady, "HealthCheckCanceled",
      absl::StrCat("New reconciliation triggered by ", canceller));
  report_.Emit(Severity::kInfo, "HealthCheckCanceled",
               absl::StrCat("Health checks canceled due to new reconciliation "
                            "triggered by ",
                            canceller));
  return End(ctx, Outcome::RequeueAfter(absl::ZeroDuration()), false);
}

}  // namespace weir::helm_controller
