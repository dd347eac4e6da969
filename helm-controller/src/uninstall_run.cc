#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "src/action_run.h"
#include "weir/base/status.h"
#include "weir/helm/manifests.h"

namespace weir::helm_controller {
namespace {

constexpr char kResourcePolicy[] = "helm.sh/resource-policy";

// The objects that go, the last installed first.
absl::StatusOr<std::vector<kube::ObjectRef>> FindDoomed(
    const Context& ctx, const kube::Client& client,
    const helm::StoredRelease& release) {
  absl::StatusOr<std::vector<ReleaseObject>> read =
      ReadObjects(ctx, client, release.manifest(), release.name_space());
  std::vector<ReleaseObject> objects =
      read.ok() ? *std::move(read)
                : ReadObjectsOffline(release.manifest(), release.name_space());
  const std::vector<absl::string_view>& order = helm::UninstallOrder();
  const auto rank = [&order](const ReleaseObject& object) {
    return std::find(order.begin(), order.end(), object.ref.gvk.kind) -
           order.begin();
  };
  std::stable_sort(
      objects.begin(), objects.end(),
      [&](const auto& a, const auto& b) { return rank(a) < rank(b); });
  std::vector<kube::ObjectRef> doomed;
  for (const ReleaseObject& object : objects) {
    // Any policy keeps it; Helm tells of those only that say "keep".
    if (!object.object["metadata"]["annotations"].Has(kResourcePolicy)) {
      doomed.push_back(object.ref);
    }
  }
  return doomed;
}

}  // namespace

UninstallRun::UninstallRun(Workbench& bench, UninstallSettings settings,
                           std::vector<helm::StoredRelease> revisions)
    : bench_(bench),
      settings_(std::move(settings)),
      revisions_(std::move(revisions)) {}

absl::StatusOr<Progress> UninstallRun::Advance(const Context& ctx) {
  while (step_ != Step::kDone) {
    const Result waits = RunStep(ctx);
    if (!waits.ok()) return waits.status();
    if (*waits) return Progress::kWaiting;
  }
  if (problems_.empty()) return Progress::kDone;
  return absl::UnavailableError(
      absl::StrCat("uninstallation completed with ", problems_.size(),
                   " error(s): ", absl::StrJoin(problems_, "; ")));
}

UninstallRun::Result UninstallRun::RunStep(const Context& ctx) {
  helm::StoredRelease& release = revisions_.front();
  switch (step_) {
    case Step::kBegin:
      if (release.status() == helm::kUninstalled) {
        if (settings_.keeps_history) {
          return absl::FailedPreconditionError(absl::StrCat(
              "the release named \"", release.name(), "\" is already deleted"));
        }
        WEIR_RETURN_IF_ERROR(Purge(ctx),
                             "uninstall: Failed to purge the release");
        step_ = Step::kDone;
        return false;
      }
      bench_.Log("uninstall: deleting release",
                 Value::MakeObject({{"name", release.name()}}));
      release.SetStatus(helm::kUninstalling,
                        "Deletion in progress (or silently failed)");
      release.SetTime("deleted", bench_.clock.Now());
      step_ = Step::kPreHooks;
      return false;
    case Step::kPreHooks:
      return RunHooks(ctx, "pre-delete", Step::kDelete);
    case Step::kDelete:
      return Delete(ctx);
    case Step::kAwait:
      return Await();
    case Step::kPostHooks: {
      const Result waits = RunHooks(ctx, "post-delete", Step::kSettle);
      if (waits.ok()) return waits;
      problems_.push_back(std::string(waits.status().message()));
      step_ = Step::kSettle;
      return false;
    }
    case Step::kSettle:
      return Settle(ctx);
    case Step::kDone:
      break;
  }
  return false;
}

UninstallRun::Result UninstallRun::RunHooks(const Context& ctx,
                                            const char* event, Step next) {
  if (settings_.runs_hooks) {
    if (hooks_ == nullptr) {
      hooks_ = std::make_unique<HookRun>(bench_, &revisions_.front(), event,
                                         settings_.timeout,
                                         /*is_server_side=*/true);
    }
    const absl::StatusOr<Progress> progress = hooks_->Advance(ctx);
    if (progress.ok() && *progress == Progress::kWaiting) return true;
    hooks_.reset();
    if (!progress.ok()) return progress.status();
  } else if (next == Step::kDelete) {
    bench_.Log("delete hooks disabled",
               Value::MakeObject({{"release", revisions_.front().name()}}));
  }
  step_ = next;
  return false;
}

UninstallRun::Result UninstallRun::Delete(const Context& ctx) {
  WEIR_RETURN_IF_ERROR(bench_.Update(ctx, revisions_.front()));
  WEIR_ASSIGN_OR_RETURN(const std::vector<kube::ObjectRef> doomed,
                        FindDoomed(ctx, bench_.client, revisions_.front()));
  bench_.tracker.ForgetOwner(bench_.owner);
  DeleteResult deleted =
      DeleteObjects(ctx, bench_, doomed, settings_.propagation);
  if (!deleted.problems.empty()) {
    return absl::UnavailableError(
        absl::StrCat("failed to delete release: ", revisions_.front().name()));
  }
  step_ = Step::kPostHooks;
  if (settings_.waits && !deleted.terminating.empty()) {
    wait_ = std::make_unique<ObjectWait>(bench_, std::move(deleted.terminating),
                                         ObjectWait::Until::kGone,
                                         settings_.timeout);
    step_ = Step::kAwait;
  }
  return false;
}

UninstallRun::Result UninstallRun::Await() {
  const absl::StatusOr<Progress> progress = wait_->Advance();
  if (progress.ok() && *progress == Progress::kWaiting) return true;
  wait_.reset();
  if (!progress.ok()) {
    problems_.push_back(std::string(progress.status().message()));
  }
  step_ = Step::kPostHooks;
  return false;
}

absl::Status UninstallRun::Purge(const Context& ctx) {
  for (auto it = revisions_.rbegin(); it != revisions_.rend(); ++it) {
    WEIR_RETURN_IF_ERROR(bench_.Delete(ctx, it->name(), it->version()));
  }
  return absl::OkStatus();
}

UninstallRun::Result UninstallRun::Settle(const Context& ctx) {
  helm::StoredRelease& release = revisions_.front();
  release.SetStatus(helm::kUninstalled, "Uninstallation complete");
  step_ = Step::kDone;
  if (!settings_.keeps_history) {
    bench_.Log("purge requested",
               Value::MakeObject({{"release", release.name()}}));
    const absl::Status purged = Purge(ctx);
    if (!purged.ok()) {
      problems_.push_back(absl::StrCat(
          "uninstall: Failed to purge the release: ", purged.message()));
    }
    return false;
  }
  WEIR_RETURN_IF_ERROR(bench_.Update(ctx, release));
  for (size_t i = 1; i < revisions_.size(); ++i) {
    if (revisions_[i].status() != helm::kDeployed) continue;
    revisions_[i].mutable_json().Mutable("info").Set("status",
                                                     helm::kSuperseded);
    WEIR_RETURN_IF_ERROR(bench_.Update(ctx, revisions_[i]));
  }
  return false;
}

TestRun::TestRun(Workbench& bench, absl::Duration timeout,
                 helm::StoredRelease release,
                 std::function<bool(const std::string& name)> selects)
    : bench_(bench),
      release_(std::move(release)),
      hooks_(bench, &release_, "test", timeout,
             release_.is_server_side_applied(), std::move(selects)) {}

absl::StatusOr<Progress> TestRun::Advance(const Context& ctx) {
  const absl::StatusOr<Progress> progress = hooks_.Advance(ctx);
  if (progress.ok() && *progress == Progress::kWaiting) return progress;
  const absl::Status stored = bench_.Update(ctx, release_);
  if (!progress.ok()) return progress.status();
  WEIR_RETURN_IF_ERROR(stored);
  return Progress::kDone;
}

}  // namespace weir::helm_controller
