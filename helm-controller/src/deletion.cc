#include "src/deletion.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "src/chart_template.h"
#include "weir/base/status.h"

namespace weir::helm_controller {

using reconcile::Outcome;

Deletion::Deletion(Environment& environment, Plan plan, StatusDraft draft,
                   const reconcile::Request& request, Target* target)
    : environment_(environment),
      plan_(std::move(plan)),
      draft_(std::move(draft)),
      report_(plan_, draft_, environment.manager.events()),
      writer_(request.writer),
      target_(*target) {}

Outcome Deletion::Advance(const Context& ctx,
                          const reconcile::Request& request) {
  if (request.is_resumed) draft_.SetObject(request.object);
  // A suspended object leaves its release and its HelmChart behind.
  if (plan_.spec.suspend()) return Release(ctx);
  if (!is_started_) {
    const absl::StatusOr<bool> is_left = IsLeft(ctx);
    if (!is_left.ok()) return Retry(ctx, is_left.status());
    if (!*is_left) {
      const absl::Status started = Start(ctx);
      if (!started.ok()) return Retry(ctx, started);
    }
    is_started_ = true;
  }
  if (run_ != nullptr) {
    const absl::StatusOr<Progress> progress = run_->Advance(ctx);
    if (progress.ok() && *progress == Progress::kWaiting) {
      const absl::Duration rest =
          bench_->wait_deadline - environment_.manager.clock().Now();
      return Outcome::Await(std::max(rest, absl::Milliseconds(10)));
    }
    if (!progress.ok() && ctx.is_done()) return Outcome::Done();
    run_.reset();
    OnUninstalled(progress.status());
    if (!progress.ok() &&
        !absl::StrContains(progress.status().message(), "is already deleted")) {
      return Retry(ctx, progress.status());
    }
  }
  const std::string chart = draft_.status().helm_chart();
  const absl::StatusOr<bool> deleted =
      DeleteHelmChart(ctx, environment_.manager.client(), chart);
  if (!deleted.ok()) return Retry(ctx, deleted.status());
  if (*deleted) {
    report_.Emit(reconcile::Severity::kTrace, "HelmChartDeleted",
                 absl::StrCat("deleted HelmChart '", chart, "'"));
  }
  return Release(ctx);
}

absl::StatusOr<bool> Deletion::IsLeft(const Context& ctx) {
  if (draft_.status().storage_namespace().empty() ||
      Latest(draft_.status()) == nullptr) {
    return true;
  }
  const auto fail = [&](absl::string_view what, const absl::Status& error) {
    const absl::Status failed = Annotate(error, what);
    draft_.conditions().MarkFalse(reconcile::kReady, kUninstallFailed,
                                  failed.message());
    return failed;
  };
  const reconcile::TargetRef ref =
      TargetRefOf(environment_.options.common, plan_);
  absl::StatusOr<Target> target = environment_.clusters->Find(ctx, ref);
  if (absl::IsNotFound(target.status())) return true;
  if (!target.ok()) {
    return fail("failed to build REST client getter to uninstall release",
                target.status());
  }
  if (!ref.kubeconfig.has_value() && !ref.account.name.empty()) {
    const absl::Status found =
        environment_.manager.client()
            .Get(ctx, {{"", "v1", "ServiceAccount"}, ref.account})
            .status();
    if (absl::IsNotFound(found)) return true;
    if (!found.ok()) {
      return fail(
          absl::StrCat("failed to confirm ServiceAccount '", ref.account.name,
                       "' can be used to uninstall release"),
          found);
    }
  }
  target_.Become(*std::move(target), plan_.key);
  return false;
}

absl::Status Deletion::Start(const Context& ctx) {
  const kube::Client& client = target_.client();
  storage_ = std::make_unique<ReleaseStorage>(
      client, draft_.status().storage_namespace(),
      environment_.manager.clock());
  bench_.reset(new Workbench{
      client, target_.cluster->tracker, *storage_, environment_.manager.clock(),
      plan_.key, plan_.health_rules, environment_.manager.logger()});
  WEIR_ASSIGN_OR_RETURN(std::vector<helm::StoredRelease> revisions,
                        storage_->List(ctx, Latest(draft_.status())->name()));
  if (revisions.empty()) return absl::OkStatus();  // Somebody else did it.
  const auto& spec = plan_.spec.uninstall();
  UninstallSettings settings;
  settings.timeout = plan_.TimeoutOf(ActionKind::kUninstall);
  settings.waits = !spec.disable_wait();
  settings.runs_hooks = !spec.disable_hooks();
  settings.keeps_history = spec.keep_history();
  if (!spec.deletion_propagation().empty()) {
    settings.propagation = spec.deletion_propagation();
  }
  run_ = std::make_unique<UninstallRun>(*bench_, std::move(settings),
                                        std::move(revisions));
  return absl::OkStatus();
}

void Deletion::OnUninstalled(const absl::Status& status) {
  for (const auto& [version, release] : bench_->written) {
    RefreshSnapshot(release, "uninstall", environment_.digest_algorithm,
                    &draft_.status());
  }
  report_.UninstallEnded(status, bench_->log);
  report_.Summarize();
}

Outcome Deletion::Retry(const Context& ctx, const absl::Status& error) {
  if (ctx.is_done()) return Outcome::Done();
  is_started_ = false;
  (void)draft_.Write(ctx, *writer_);
  return Outcome::Retry(error);
}

Outcome Deletion::Release(const Context& ctx) {
  target_.Leave(plan_.key);
  // Whoever watches sees how it ended.
  if (is_started_) {
    const absl::Status written = draft_.Write(ctx, *writer_);
    if (!written.ok() && !absl::IsNotFound(written)) {
      return Outcome::Retry(written);
    }
  }
  const absl::StatusOr<Value> freed =
      writer_->RemoveFinalizer(ctx, draft_.object());
  return freed.ok() ? Outcome::Done() : Outcome::Retry(freed.status());
}

}  // namespace weir::helm_controller
