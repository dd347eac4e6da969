// The part of a pass that is about what became of an action: how status and
// Events tell of it, and what comes next.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "src/pass.h"
#include "src/release_objects.h"
#include "src/remediation.h"
#include "weir/apply/inventory.h"
#include "weir/base/duration.h"

namespace weir::helm_controller {

using reconcile::Outcome;

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
  report_.ReleaseFailed(action_, Wanted(), status, bench_->log);
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
      report_.RollbackFailed(target, status, bench_->log);
    }
  } else if (action_ == ActionKind::kUninstall) {
    report_.UninstallEnded(status, bench_->log);
  } else {
    report_.UninstallRemediationEnded(status, bench_->log);
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
    bench_.reset(new Workbench{client(), tracker(), *storage_,
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
  tracker().ForgetOwner(plan_.key);
  Status& status = draft_.status();
  status.clear_history();
  status.clear_storage_namespace();
  ClearFailures(&status);
  return End(ctx, Outcome::RequeueAfter(absl::ZeroDuration()), false);
}

}  // namespace weir::helm_controller
