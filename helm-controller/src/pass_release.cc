// The part of a pass that is about the release: what state it is in, and the
// actions that bring it to where it should be.
#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
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
  const apply::Tracker& tracker = *environment_.tracker;
  const std::vector<ReleaseObject> objects = ReadObjectsOffline(
      revisions_.front().manifest(), revisions_.front().name_space());
  const auto checked = static_cast<size_t>(std::count_if(
      objects.begin(), objects.end(),
      [this](const ReleaseObject& one) { return HasDriftChecks(plan_, one); }));
  const size_t tracked = tracker.CountOf(plan_.key);
  if (!tracker.HasDrift(plan_.key) &&
      (tracked == objects.size() || tracked == checked)) {
    return false;
  }
  WEIR_ASSIGN_OR_RETURN(drift_,
                        FindDrift(ctx, *bench_, plan_, revisions_.front()));
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
                       environment_.tracker->CountOf(plan_.key)};
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
  if (const absl::Status written = draft_.Write(ctx, *writer_); !written.ok()) {
    return absl::IsNotFound(written) ? Outcome::Done()
                                     : Outcome::Retry(written);
  }
  action_ = kind;
  action_started_ = Now();
  bench_->written.clear();
  bench_->deleted.clear();
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

absl::StatusOr<std::unique_ptr<ActionRun>> Pass::MakeReleaseRun(
    const Context& ctx, ActionKind kind) {
  const bool is_install = kind == ActionKind::kInstall;
  const auto& install = plan_.spec.install();
  const auto& upgrade = plan_.spec.upgrade();
  RenderInput input =
      MakeRenderInput(plan_, *chart_, chart_version_, values_, revisions_,
                      /*is_upgrade=*/!is_install, Now());
  ReleaseSettings settings;
  const auto fill = [&](const auto& action) {
    settings.waits = !action.disable_wait();
    settings.waits_for_jobs = !action.disable_wait_for_jobs();
    settings.runs_hooks = !action.disable_hooks();
    settings.takes_ownership = !action.disable_take_ownership();
    settings.validates = !action.disable_open_api_validation();
  };
  std::string crds;
  if (is_install) {
    fill(install);
    crds = install.crds();
    settings.kind = ReleaseSettings::Kind::kInstall;
    if (!revisions_.empty()) {
      const std::string status = revisions_.front().status();
      const bool is_free =
          status == helm::kUninstalled || status == helm::kFailed;
      if (!install.replace() || !is_free) {
        return absl::FailedPreconditionError(
            "release name check failed: cannot reuse a name that is still in "
            "use");
      }
    }
    if (install.create_namespace() && plan_.spec.has_target_namespace()) {
      settings.created_namespace = plan_.release_namespace;
    }
  } else {
    fill(upgrade);
    crds = upgrade.crds();
    settings.kind = ReleaseSettings::Kind::kUpgrade;
    settings.cleans_up = upgrade.cleanup_on_fail();
    settings.max_history = plan_.max_history;
  }
  settings.timeout = plan_.TimeoutOf(kind);
  settings.waits_as_helm3 = plan_.waits_as_helm3();
  if (crds != "Skip") {
    std::vector<std::string> ignored;
    WEIR_ASSIGN_OR_RETURN(settings.crds, CrdsOf(input, &ignored));
    if (!ignored.empty()) {
      logger_.Info(
          "ignoring objects in the chart's crds/ that are no definitions",
          {{"objects", absl::StrJoin(ignored, "; ")}});
    }
  }
  WEIR_ASSIGN_OR_RETURN(
      helm::StoredRelease target,
      RenderPlan(ctx, client(), environment_.facts, std::move(input)));
  return std::make_unique<ReleaseRun>(*bench_, std::move(settings),
                                      std::move(target), revisions_);
}

absl::StatusOr<std::unique_ptr<ActionRun>> Pass::MakeRollback() {
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
  const auto& spec = plan_.spec.rollback();
  ReleaseSettings settings;
  settings.kind = ReleaseSettings::Kind::kRollback;
  settings.timeout = plan_.TimeoutOf(ActionKind::kRollback);
  settings.waits = !spec.disable_wait();
  settings.waits_for_jobs = !spec.disable_wait_for_jobs();
  settings.waits_as_helm3 = plan_.waits_as_helm3();
  settings.runs_hooks = !spec.disable_hooks();
  settings.cleans_up = spec.cleanup_on_fail();
  settings.max_history = plan_.max_history;
  helm::StoredRelease revision = *target;
  revision.mutable_json().Set("version", revisions_.front().version() + 1);
  revision.mutable_json().Set("apply_method", "ssa");
  revision.SetStatus(helm::kPendingRollback,
                     absl::StrCat(kRollbackDescription, target->version()));
  revision.SetTime("last_deployed", Now());
  return std::make_unique<ReleaseRun>(*bench_, std::move(settings),
                                      std::move(revision), revisions_);
}

void Pass::AdoptLostRevision(const Context& ctx) {
  const Snapshot* latest = Latest(draft_.status());
  if (latest == nullptr || revisions_.empty()) return;
  const helm::StoredRelease& newest = revisions_.front();
  if (newest.is_pending()) return;  // It is unlocked first, which changes it.
  const bool is_rollback = absl::StartsWith(
      newest.info().GetString("description"), kRollbackDescription);
  // Whoever else upgrades or rolls back changes what was deployed.
  const bool follows =
      newest.version() == latest->version() + 1 &&
      std::any_of(revisions_.begin(), revisions_.end(),
                  [latest](const helm::StoredRelease& revision) {
                    return IsOf(*latest, revision) &&
                           Verify(*latest, revision) == Verification::kGood;
                  });
  if (!follows) return;
  logger_.Info("the status did not know of the newest revision",
               {{"version", newest.version()}, {"status", newest.status()}});
  PrependSnapshot(MakeSnapshot(newest, is_rollback ? "rollback" : "upgrade", "",
                               environment_.digest_algorithm),
                  &draft_.status());
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
  AdoptLostRevision(ctx);
  step_ = Step::kDecide;
  return std::nullopt;
}

Pass::Result Pass::Correct(const Context& ctx) {
  const Correction correction = CorrectDrift(ctx, *bench_, drift_);
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
    return AwaitUntil(ctx, bench_->wait_deadline);
  }
  // The process stops: what was begun is found locked, and taken up again.
  if (!progress.ok() && ctx.is_done()) return Outcome::Done();
  return OnActionEnded(ctx, progress.status());
}

void Pass::TakeWritten() {
  for (const auto& [version, release] : bench_->written) {
    const auto known = std::find_if(
        revisions_.begin(), revisions_.end(),
        [&](const auto& one) { return one.version() == release.version(); });
    if (known == revisions_.end()) {
      revisions_.push_back(release);
    } else {
      *known = release;
    }
  }
  std::erase_if(revisions_, [this](const auto& one) {
    return bench_->deleted.contains(one.version());
  });
  std::sort(
      revisions_.begin(), revisions_.end(),
      [](const auto& a, const auto& b) { return a.version() > b.version(); });
}

Snapshot Pass::Wanted() const {
  Snapshot wanted;
  wanted.set_chart_name(chart_->name());
  wanted.set_chart_version(chart_version_);
  if (!chart_->metadata.app_version.empty()) {
    wanted.set_app_version(chart_->metadata.app_version);
  }
  wanted.set_config_digest(config_digest_);
  if (!oci_digest_.empty()) wanted.set_oci_digest(oci_digest_);
  return wanted;
}

Pass::Result Pass::OnActionEnded(const Context& ctx,
                                 const absl::Status& status) {
  run_.reset();
  const bool has_stored = !bench_->written.empty();
  switch (action_) {
    case ActionKind::kInstall:
    case ActionKind::kUpgrade:
      RecordRelease(ctx, status);
      break;
    case ActionKind::kTest:
      RecordTest(status);
      break;
    default:
      RecordRemediation(ctx, status);
      break;
  }
  TakeWritten();
  // Ready goes on telling what was remediated.
  if (action_ != ActionKind::kUninstallRemediation) report_.Summarize();
  if (!status.ok() && !has_stored) return OnActionFailed(ctx, status);
  if (action_ == ActionKind::kRollback ||
      action_ == ActionKind::kUninstallRemediation) {
    return OnRemediated(ctx);
  }
  step_ = Step::kDecide;
  return std::nullopt;
}

void Pass::RecordRelease(const Context& ctx, const absl::Status& status) {
  Status& out = draft_.status();
  out.set_last_attempted_release_action_duration(
      FormatGoDuration(Now() - action_started_));
  const crypto::DigestAlgorithm algorithm = environment_.digest_algorithm;
  const auto& written = bench_->written;
  for (auto it = written.rbegin(); it != written.rend(); ++it) {
    if (it == written.rbegin()) {
      PrependSnapshot(
          MakeSnapshot(it->second, ActionName(action_), oci_digest_, algorithm),
          &out);
    } else {
      RefreshSnapshot(it->second, "", algorithm, &out);
    }
  }
  if (!written.empty()) RecordInventory(ctx);
  if (status.ok()) {
    report_.ReleaseSucceeded(action_);
    return;
  }
  report_.ReleaseFailed(action_, Wanted(), status);
  if (!written.empty()) CountFailure(&out);
}

void Pass::RecordTest(const absl::Status& status) {
  Status& out = draft_.status();
  for (const auto& [version, release] : bench_->written) {
    if (out.history().empty() || !IsOf(out.history(0), release)) continue;
    const std::string action = out.history(0).action();
    RefreshSnapshot(release, action, environment_.digest_algorithm, &out);
    *out.mutable_history(0)->mutable_test_hooks() =
        TestHooksOf(release, plan_.spec.test().filters());
  }
  if (status.ok()) {
    report_.TestSucceeded();
    return;
  }
  report_.TestFailed(status);
  const Snapshot* latest = Latest(out);
  if (latest != nullptr && HasBeenTested(*latest) &&
      !IgnoresTests(plan_, out)) {
    CountFailure(&out);
  }
}

void Pass::RecordRemediation(const Context& ctx, const absl::Status& status) {
  Status& out = draft_.status();
  const crypto::DigestAlgorithm algorithm = environment_.digest_algorithm;
  const bool is_rollback = action_ == ActionKind::kRollback;
  Snapshot target;
  if (is_rollback) {
    const Snapshot* previous = Previous(out, IgnoresTests(plan_, out));
    if (previous != nullptr) target = *previous;
  }
  const char* action = is_rollback ? "rollback"
                       : action_ == ActionKind::kUninstall
                           ? "uninstall"
                           : "uninstall-remediation";
  for (const auto& [version, release] : bench_->written) {
    if (!RefreshSnapshot(release, action, algorithm, &out) && is_rollback) {
      PrependSnapshot(MakeSnapshot(release, action, "", algorithm), &out);
    }
  }
  if (is_rollback) {
    if (!bench_->written.empty()) RecordInventory(ctx);
    if (status.ok()) {
      report_.RollbackSucceeded(target);
    } else {
      report_.RollbackFailed(target, status);
    }
  } else if (action_ == ActionKind::kUninstall) {
    report_.UninstallEnded(status);
  } else {
    report_.UninstallRemediationEnded(status);
  }
}

void Pass::RecordInventory(const Context& ctx) {
  const helm::StoredRelease& release = bench_->written.rbegin()->second;
  auto& inventory = *draft_.status().mutable_inventory();
  inventory.clear_entries();
  const auto add = [&](const kube::ObjectRef& ref) {
    const apply::InventoryEntry entry = apply::MakeInventoryEntry(ref);
    auto& added = *inventory.add_entries();
    added.set_id(entry.id);
    added.set_v(entry.version);
  };
  for (ReleaseObject& object :
       ReadObjectsOffline(release.manifest(), release.name_space())) {
    if (object.object["metadata"]["annotations"].Has("helm.sh/hook")) continue;
    const auto resource = client().FindResource(ctx, object.ref.gvk);
    if (resource.ok() && !resource->is_namespaced) {
      object.ref.key.name_space.clear();
    }
    add(object.ref);
  }
  std::vector<std::string> ignored;
  const auto crds = ReadCrds(*chart_, Value::MakeObject(), &ignored);
  if (!crds.ok()) return;
  for (const ReleaseObject& crd : *crds) add(crd.ref);
}

// The action changed nothing that is stored: it is tried again.
Pass::Result Pass::OnActionFailed(const Context& ctx,
                                  const absl::Status& error) {
  if (const auto retry = ActiveRetry(plan_, draft_.status())) {
    logger_.Error("action failed", {{"error", error}});
    return RetryLater(ctx, *retry);
  }
  if (draft_.conditions().IsTrue(reconcile::kReady)) {
    draft_.conditions().MarkFalse(reconcile::kReady, "ReconcileError",
                                  error.message());
  }
  return End(ctx, Outcome::Retry(error), false);
}

Pass::Result Pass::OnRemediated(const Context& ctx) {
  if (const auto retry = ActiveRetry(plan_, draft_.status())) {
    return RetryLater(ctx, *retry);
  }
  const auto remediation = ActiveRemediation(plan_, draft_.status());
  if (!remediation.has_value() || !remediation->is_exhausted() ||
      remediation->is_uninstall_after_upgrade()) {
    reconcile::Conditions conditions = draft_.conditions();
    conditions.MarkReconciling(reconcile::kProgressingWithRetry,
                               conditions.Message(reconcile::kReady));
    return End(ctx, Outcome::RequeueAfter(absl::ZeroDuration()), false);
  }
  draft_.conditions().MarkStalled(
      "RetriesExceeded",
      absl::StrCat("Failed to ",
                   draft_.status().last_attempted_release_action(), " after ",
                   remediation->failures, " attempt(s)"));
  return End(ctx,
             Outcome::Terminal(
                 absl::FailedPreconditionError("exceeded maximum retries")),
             true);
}

Pass::Result Pass::UninstallOld(const Context& ctx) {
  if (run_ == nullptr) {
    const Snapshot& latest = *Latest(draft_.status());
    storage_ = std::make_unique<ReleaseStorage>(
        client(), draft_.status().storage_namespace(),
        environment_.manager.clock());
    bench_.reset(new Workbench{client(), *environment_.tracker, *storage_,
                               environment_.manager.clock(), plan_.key,
                               plan_.health_rules, logger_});
    absl::StatusOr<std::vector<helm::StoredRelease>> revisions =
        storage_->List(ctx, latest.name());
    if (!revisions.ok()) {
      return End(ctx, Outcome::Retry(revisions.status()), false);
    }
    revisions_ = *std::move(revisions);
    action_ = ActionKind::kUninstall;
    absl::StatusOr<std::unique_ptr<ActionRun>> run = MakeRun(ctx, action_);
    if (run.ok()) run_ = *std::move(run);
  }
  if (run_ != nullptr) {
    const absl::StatusOr<Progress> progress = run_->Advance(ctx);
    if (progress.ok() && *progress == Progress::kWaiting) {
      return AwaitUntil(ctx, bench_->wait_deadline);
    }
    if (!progress.ok() && ctx.is_done()) return Outcome::Done();
    run_.reset();
    RecordRemediation(ctx, progress.status());
    report_.Summarize();
    if (!progress.ok()) {
      return End(ctx, Outcome::Retry(progress.status()), false);
    }
  }
  environment_.tracker->ForgetOwner(plan_.key);
  Status& status = draft_.status();
  status.clear_history();
  status.clear_storage_namespace();
  ClearFailures(&status);
  return End(ctx, Outcome::RequeueAfter(absl::ZeroDuration()), false);
}

}  // namespace weir::helm_controller
