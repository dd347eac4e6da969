#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "src/action_run.h"
#include "src/client_side_apply.h"
#include "src/plan.h"
#include "weir/base/status.h"

namespace weir::helm_controller {
namespace {

constexpr absl::Duration kCrdTimeout = absl::Seconds(60);

// The revision whose objects are there now.
const helm::StoredRelease* FindBase(
    const std::vector<helm::StoredRelease>& revisions,
    ReleaseSettings::Kind kind) {
  if (revisions.empty() || kind == ReleaseSettings::Kind::kInstall) {
    return nullptr;
  }
  if (kind == ReleaseSettings::Kind::kRollback) return &revisions.front();
  const helm::StoredRelease* deployed = FindDeployed(revisions);
  return deployed == nullptr ? &revisions.front() : deployed;
}

}  // namespace

ReleaseRun::ReleaseRun(Workbench& bench, ReleaseSettings settings,
                       helm::StoredRelease target,
                       std::vector<helm::StoredRelease> revisions)
    : bench_(bench),
      settings_(std::move(settings)),
      target_(std::move(target)),
      revisions_(std::move(revisions)) {
  const helm::StoredRelease* base = FindBase(revisions_, settings_.kind);
  if (base != nullptr) base_version_ = base->version();
}

absl::StatusOr<Progress> ReleaseRun::Advance(const Context& ctx) {
  while (step_ != Step::kDone) {
    const Result waits = RunStep(ctx);
    if (!waits.ok()) {
      if (ctx.is_done()) return waits.status();
      return Fail(ctx, waits.status());
    }
    if (*waits) return Progress::kWaiting;
  }
  return Progress::kDone;
}

ReleaseRun::Result ReleaseRun::RunStep(const Context& ctx) {
  switch (step_) {
    case Step::kApplyCrds:
      return ApplyCrds(ctx);
    case Step::kAwaitCrds:
      return AwaitCrds();
    case Step::kPrepare:
      return Prepare(ctx);
    case Step::kPreHooks:
      return RunHooks(ctx, "pre", Step::kApply);
    case Step::kApply:
      return Apply(ctx);
    case Step::kAwait:
      return Await();
    case Step::kPostHooks:
      return RunHooks(ctx, "post", Step::kSettle);
    case Step::kSettle:
      return Settle(ctx);
    case Step::kDone:
      break;
  }
  return false;
}

ReleaseRun::Result ReleaseRun::ApplyCrds(const Context& ctx) {
  step_ = Step::kPrepare;
  if (settings_.crds.empty()) return false;
  bench_.Log(
      absl::StrCat("applying CustomResourceDefinition(s) with policy ",
                   settings_.creates_crds_only ? "Create" : "CreateReplace"));
  std::vector<apply::HealthTarget> targets;
  for (const ReleaseObject& crd : settings_.crds) {
    const absl::StatusOr<Value> live = ApplyCrd(ctx, crd);
    if (absl::IsAlreadyExists(live.status())) {
      bench_.Log(absl::StrCat("CustomResourceDefinition ", crd.ref.key.name,
                              " is already present. Skipping."));
      continue;
    }
    if (!live.ok()) {
      return Annotate(
          live.status(),
          absl::StrCat("failed to apply CustomResourceDefinitions: failed to "
                       "create CustomResourceDefinition ",
                       crd.ref.key.name));
    }
    // Nobody corrects its drift, so the tracker does not know it.
    targets.push_back(HealthTargetOf(bench_, *live));
    targets.back().is_ours = false;
  }
  bench_.client.InvalidateDiscovery();
  wait_ = std::make_unique<ObjectWait>(
      bench_, std::move(targets), ObjectWait::Until::kHealthy, kCrdTimeout);
  step_ = Step::kAwaitCrds;
  return false;
}

absl::StatusOr<Value> ReleaseRun::ApplyCrd(const Context& ctx,
                                           const ReleaseObject& crd) {
  bench_.Log("creating resource(s)", Value::MakeObject({{"resources", 1}}));
  bench_.LogCreationWay(settings_.is_server_side, /*force=*/true);
  kube::WriteOptions write;
  write.field_manager = kComponent;
  if (!settings_.is_server_side) {
    if (settings_.creates_crds_only) {
      return bench_.client.Create(ctx, crd.object, write);
    }
    WEIR_ASSIGN_OR_RETURN(
        AppliedObject applied,
        ApplyClientSide(ctx, bench_.client, crd, {.replaces = true}));
    return std::move(applied.live);
  }
  write.force = true;
  absl::StatusOr<Value> live = bench_.client.Apply(ctx, crd.object, write);
  bench_.Log(live.ok() ? "Created resource via patch"
                       : "Error creating resource via patch",
             live.ok() ? LogOfKind(crd.ref) : LogOfFailure(crd.ref));
  return live;
}

ReleaseRun::Result ReleaseRun::AwaitCrds() {
  WEIR_ASSIGN_OR_RETURN(const Progress progress, wait_->Advance());
  if (progress == Progress::kWaiting) return true;
  wait_.reset();
  bench_.client.InvalidateDiscovery();
  step_ = Step::kPrepare;
  return false;
}

ReleaseRun::Result ReleaseRun::Prepare(const Context& ctx) {
  const bool is_install = settings_.kind == ReleaseSettings::Kind::kInstall;
  WEIR_ASSIGN_OR_RETURN(
      objects_,
      ReadObjects(ctx, bench_.client, target_.manifest(), target_.name_space()),
      "unable to build kubernetes objects from ", is_install ? "" : "new ",
      "release manifest");
  apply_.release_name = target_.name();
  apply_.release_namespace = target_.name_space();
  apply_.takes_ownership = settings_.takes_ownership;
  apply_.validates = settings_.validates;
  apply_.is_server_side = settings_.is_server_side;
  apply_.replaces = settings_.replaces;
  apply_.is_update = !is_install;
  std::set<kube::ObjectRef> wanted;
  for (const ReleaseObject& object : objects_) wanted.insert(object.ref);
  for (const helm::StoredRelease& revision : revisions_) {
    if (revision.version() != base_version_) continue;
    const absl::StatusOr<std::vector<ReleaseObject>> before = ReadObjects(
        ctx, bench_.client, revision.manifest(), revision.name_space());
    // Kinds that are gone have no objects: the rest is looked at.
    const std::vector<ReleaseObject> known =
        before.ok()
            ? *before
            : ReadObjectsOffline(revision.manifest(), revision.name_space());
    for (const ReleaseObject& object : known) {
      apply_.known.emplace(object.ref,
                           settings_.is_server_side ? Value() : object.object);
      if (!wanted.contains(object.ref)) stale_.push_back(object.ref);
    }
    if (settings_.kind == ReleaseSettings::Kind::kUpgrade) {
      apply_.upgrades_managers = !revision.is_server_side_applied();
    }
  }
  if (!settings_.takes_ownership &&
      settings_.kind != ReleaseSettings::Kind::kRollback) {
    WEIR_RETURN_IF_ERROR(CheckOwnership(ctx, bench_.client, objects_, apply_),
                         "unable to continue with ",
                         is_install ? "install" : "update");
  }
  if (!settings_.created_namespace.empty()) {
    WEIR_RETURN_IF_ERROR(CreateNamespace(ctx));
  }
  for (const int version : FindSurplus(revisions_, settings_.max_history)) {
    WEIR_RETURN_IF_ERROR(bench_.Delete(ctx, target_.name(), version));
  }
  if (!is_install) {
    bench_.Log(settings_.kind == ReleaseSettings::Kind::kUpgrade
                   ? "creating upgraded release"
                   : "creating rolled back release",
               LogOfName());
  }
  WEIR_RETURN_IF_ERROR(bench_.Create(ctx, target_));
  if (settings_.kind == ReleaseSettings::Kind::kRollback) {
    bench_.Log("performing rollback", LogOfName());
  }
  is_stored_ = true;
  step_ = Step::kPreHooks;
  return false;
}

absl::Status ReleaseRun::CreateNamespace(const Context& ctx) {
  ReleaseObject made;
  made.object = Value::MakeObject(
      {{"apiVersion", "v1"},
       {"kind", "Namespace"},
       {"metadata",
        Value::MakeObject(
            {{"name", settings_.created_namespace},
             {"labels",
              Value::MakeObject({{"name", settings_.created_namespace}})}})}});
  made.ref = kube::RefOf(made.object);
  const absl::Status status =
      CreateObject(ctx, bench_, made, settings_.is_server_side).status();
  // One that is there may be labelled otherwise.
  const bool is_there =
      absl::IsAborted(status) || absl::IsAlreadyExists(status);
  return is_there ? absl::OkStatus() : status;
}

Value ReleaseRun::LogOfName() const {
  return Value::MakeObject({{"name", target_.name()}});
}

std::string ReleaseRun::HookEvent(const char* phase) const {
  switch (settings_.kind) {
    case ReleaseSettings::Kind::kInstall:
      return absl::StrCat(phase, "-install");
    case ReleaseSettings::Kind::kUpgrade:
      return absl::StrCat(phase, "-upgrade");
    case ReleaseSettings::Kind::kRollback:
      return absl::StrCat(phase, "-rollback");
  }
  return "";
}

ReleaseRun::Result ReleaseRun::RunHooks(const Context& ctx, const char* phase,
                                        Step next) {
  if (settings_.runs_hooks) {
    const std::string event = HookEvent(phase);
    if (hooks_ == nullptr) {
      hooks_ = std::make_unique<HookRun>(
          bench_, &target_, event, settings_.timeout, settings_.is_server_side);
    }
    const absl::StatusOr<Progress> progress = hooks_->Advance(ctx);
    if (!progress.ok()) {
      switch (settings_.kind) {
        case ReleaseSettings::Kind::kInstall:
          return Annotate(progress.status(), absl::StrCat("failed ", event));
        case ReleaseSettings::Kind::kUpgrade:
          return Annotate(progress.status(),
                          absl::StrCat(event, " hooks failed"));
        case ReleaseSettings::Kind::kRollback:
          return progress.status();
      }
    }
    if (*progress == Progress::kWaiting) return true;
    hooks_.reset();
  } else if (next == Step::kApply &&
             settings_.kind != ReleaseSettings::Kind::kInstall) {
    bench_.Log(settings_.kind == ReleaseSettings::Kind::kUpgrade
                   ? "upgrade hooks disabled"
                   : "rollback hooks disabled",
               LogOfName());
  }
  step_ = next;
  return false;
}

ReleaseRun::Result ReleaseRun::Apply(const Context& ctx) {
  ApplyResult applied = ApplyObjects(ctx, bench_, objects_, apply_);
  created_ = std::move(applied.created);
  WEIR_RETURN_IF_ERROR(applied.status);
  WEIR_RETURN_IF_ERROR(DeleteStale(ctx, bench_, stale_));
  targets_ = std::move(applied.targets);
  objects_.clear();
  apply_.known.clear();
  if (!settings_.waits_for_jobs) {
    std::erase_if(targets_, [](const apply::HealthTarget& target) {
      return target.ref.gvk.kind == "Job" && target.ref.gvk.group == "batch";
    });
  }
  step_ =
      settings_.waits && !targets_.empty() ? Step::kAwait : Step::kPostHooks;
  return false;
}

ReleaseRun::Result ReleaseRun::Await() {
  if (wait_ == nullptr) {
    wait_ = std::make_unique<ObjectWait>(bench_, std::move(targets_),
                                         settings_.waits_as_helm3
                                             ? ObjectWait::Until::kReady
                                             : ObjectWait::Until::kHealthy,
                                         settings_.timeout);
  }
  WEIR_ASSIGN_OR_RETURN(const Progress progress, wait_->Advance());
  if (progress == Progress::kWaiting) return true;
  wait_.reset();
  step_ = Step::kPostHooks;
  return false;
}

// What was deployed before is history now. It says so last: as long as it does
// not, it can be gone back to.
void ReleaseRun::Supersede(const Context& ctx) {
  for (helm::StoredRelease& revision : revisions_) {
    const bool is_base = revision.version() == base_version_ &&
                         settings_.kind == ReleaseSettings::Kind::kUpgrade;
    if (!is_base && revision.status() != helm::kDeployed) continue;
    revision.mutable_json().Mutable("info").Set("status", helm::kSuperseded);
    const absl::Status updated = bench_.Update(ctx, revision);
    if (!updated.ok()) {  // The next one supersedes it.
      bench_.logger.Info("a revision still counts as deployed",
                         {{"version", revision.version()}, {"error", updated}});
    }
  }
}

ReleaseRun::Result ReleaseRun::Settle(const Context& ctx) {
  std::string description(target_.info().GetString("description"));
  if (settings_.kind == ReleaseSettings::Kind::kInstall) {
    description = "Install complete";
  } else if (settings_.kind == ReleaseSettings::Kind::kUpgrade) {
    description = "Upgrade complete";
  }
  target_.SetStatus(helm::kDeployed, description);
  WEIR_RETURN_IF_ERROR(bench_.Update(ctx, target_));
  Supersede(ctx);
  step_ = Step::kDone;
  return false;
}

absl::Status ReleaseRun::Fail(const Context& ctx, const absl::Status& error) {
  const bool has_changed_objects =
      step_ == Step::kApply || step_ == Step::kAwait;
  wait_.reset();
  hooks_.reset();
  step_ = Step::kDone;
  if (!is_stored_) return error;
  if (settings_.kind == ReleaseSettings::Kind::kUpgrade) {
    Value attributes = LogOfName();
    attributes.Set("error", Value::MakeObject());
    bench_.Log("warning: upgrade failed", attributes);
  } else if (settings_.kind == ReleaseSettings::Kind::kRollback &&
             has_changed_objects) {
    bench_.Log(absl::StrCat("warning: Rollback \"", target_.name(),
                            "\" failed: ", error.message()));
  }
  const char* what =
      settings_.kind == ReleaseSettings::Kind::kInstall   ? "Release"
      : settings_.kind == ReleaseSettings::Kind::kUpgrade ? "Upgrade"
                                                          : "Rollback";
  target_.SetStatus(helm::kFailed,
                    absl::StrCat(what, " \"", target_.name(),
                                 "\" failed: ", error.message()));
  // Whatever comes of this, the error is the one to tell.
  (void)bench_.Update(ctx, target_);
  if (settings_.kind == ReleaseSettings::Kind::kRollback) {
    for (helm::StoredRelease& revision : revisions_) {
      if (revision.version() != base_version_) continue;
      revision.mutable_json().Mutable("info").Set("status", helm::kSuperseded);
      (void)bench_.Update(ctx, revision);
    }
  }
  if (settings_.kind == ReleaseSettings::Kind::kUpgrade &&
      has_changed_objects) {
    // Helm stores it once more, as it is; the status takes note of that.
    for (const helm::StoredRelease& revision : revisions_) {
      if (revision.version() != base_version_) continue;
      bench_.written[base_version_] = revision;
    }
  }
  if (settings_.cleans_up && !created_.empty()) {
    const bool is_upgrade = settings_.kind == ReleaseSettings::Kind::kUpgrade;
    bench_.Log(is_upgrade ? "cleanup on fail set"
                          : "cleanup on fail set, cleaning up resources",
               Value::MakeObject({{is_upgrade ? "cleaning_resources" : "count",
                                   created_.size()}}));
    const DeleteResult deleted =
        DeleteObjects(ctx, bench_, created_, "background");
    if (!deleted.problems.empty()) {
      return absl::FailedPreconditionError(absl::StrCat(
          "an error occurred while cleaning up resources. original upgrade "
          "error: ",
          error.message(),
          ": unable to cleanup resources: ", deleted.problems.front()));
    }
    bench_.Log("resource cleanup complete");
  }
  return error;
}

}  // namespace weir::helm_controller
