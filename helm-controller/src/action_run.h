// ActionRun is one action on a release, as a machine of steps that stops where
// it would have to wait.
//
// Touches: network, through the workbench; clock.
// Threads: one thread at a time.
// Source: helm-controller.md, section 6.4; helm-engine.md, section 9.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "src/hook_run.h"
#include "src/object_changes.h"
#include "src/object_wait.h"
#include "src/workbench.h"
#include "weir/base/context.h"
#include "weir/helm/stored_release.h"

namespace weir::helm_controller {

class ActionRun {
 public:
  virtual ~ActionRun() = default;
  // Does all that can be done now. After an error the action has failed; what
  // it changed in the storage is in the workbench.
  virtual absl::StatusOr<Progress> Advance(const Context& ctx) = 0;
  // Whether it waits for health in a way that may be given up.
  virtual bool awaits_health() const { return false; }
  // Gives up: the action has failed, as if Advance had returned the result.
  virtual absl::Status GiveUp(const Context&) { return absl::OkStatus(); }
};

// Brings a new revision to the cluster: installs, upgrades, rolls back.
struct ReleaseSettings {
  enum class Kind { kInstall, kUpgrade, kRollback } kind = Kind::kInstall;
  absl::Duration timeout;
  bool waits = true;
  bool waits_for_jobs = true;
  bool waits_as_helm3 = false;
  bool runs_hooks = true;
  bool takes_ownership = true;
  bool validates = true;
  bool is_server_side = true;
  bool replaces = false;            // Client-side: in place of patches.
  bool creates_crds_only = false;   // Client-side, those there stay as is.
  bool cleans_up = false;           // Deletes what a failure created.
  std::string created_namespace;    // To create first; empty: none.
  std::vector<ReleaseObject> crds;  // To apply first.
  int max_history = 0;
};

class ReleaseRun : public ActionRun {
 public:
  // `target`: the new revision, pending. `revisions`: those that are stored,
  // newest first.
  ReleaseRun(Workbench& bench, ReleaseSettings settings,
             helm::StoredRelease target,
             std::vector<helm::StoredRelease> revisions);

  absl::StatusOr<Progress> Advance(const Context& ctx) override;
  bool awaits_health() const override {
    return step_ == Step::kAwait && !settings_.waits_as_helm3;
  }
  absl::Status GiveUp(const Context& ctx) override {
    return Fail(ctx, absl::AbortedError("context canceled"));
  }

 private:
  enum class Step {
    kApplyCrds,
    kAwaitCrds,
    kPrepare,
    kPreHooks,
    kApply,
    kAwait,
    kPostHooks,
    kSettle,
    kDone,
  };

  // Whether it has to wait.
  using Result = absl::StatusOr<bool>;
  Result RunStep(const Context& ctx);
  Result ApplyCrds(const Context& ctx);
  absl::StatusOr<Value> ApplyCrd(const Context& ctx, const ReleaseObject& crd);
  Result AwaitCrds();
  absl::Status CreateNamespace(const Context& ctx);
  Value LogOfName() const;
  Result Prepare(const Context& ctx);
  Result RunHooks(const Context& ctx, const char* phase, Step next);
  Result Apply(const Context& ctx);
  Result Await();
  Result Settle(const Context& ctx);
  void Supersede(const Context& ctx);
  // Notes the failure in the storage; returns it as it is told.
  absl::Status Fail(const Context& ctx, const absl::Status& error);
  std::string HookEvent(const char* phase) const;

  Workbench& bench_;
  const ReleaseSettings settings_;
  helm::StoredRelease target_;
  std::vector<helm::StoredRelease> revisions_;
  int base_version_ = 0;  // The revision that is changed; 0: none.
  ApplySettings apply_;
  std::vector<ReleaseObject> objects_;
  std::vector<kube::ObjectRef> stale_;
  std::vector<kube::ObjectRef> created_;
  Step step_ = Step::kApplyCrds;
  bool is_stored_ = false;
  std::unique_ptr<HookRun> hooks_;
  std::unique_ptr<ObjectWait> wait_;
  std::vector<apply::HealthTarget> targets_;
};

// Uninstalls the newest revision.
struct UninstallSettings {
  absl::Duration timeout;
  bool waits = true;
  bool runs_hooks = true;
  bool keeps_history = false;
  std::string propagation = "background";
};

class UninstallRun : public ActionRun {
 public:
  // `revisions`: newest first, at least one.
  UninstallRun(Workbench& bench, UninstallSettings settings,
               std::vector<helm::StoredRelease> revisions);

  absl::StatusOr<Progress> Advance(const Context& ctx) override;

 private:
  enum class Step {
    kBegin,
    kPreHooks,
    kDelete,
    kAwait,
    kPostHooks,
    kSettle,
    kDone
  };

  using Result = absl::StatusOr<bool>;
  Result RunStep(const Context& ctx);
  Result RunHooks(const Context& ctx, const char* event, Step next);
  Result Delete(const Context& ctx);
  Result Await();
  Result Settle(const Context& ctx);
  absl::Status Purge(const Context& ctx);

  Workbench& bench_;
  const UninstallSettings settings_;
  std::vector<helm::StoredRelease> revisions_;
  Step step_ = Step::kBegin;
  std::vector<std::string> problems_;
  std::unique_ptr<HookRun> hooks_;
  std::unique_ptr<ObjectWait> wait_;
};

// Runs the tests of a release.
class TestRun : public ActionRun {
 public:
  // `selects`: which tests.
  TestRun(Workbench& bench, absl::Duration timeout, helm::StoredRelease release,
          std::function<bool(const std::string& name)> selects);

  absl::StatusOr<Progress> Advance(const Context& ctx) override;

 private:
  Workbench& bench_;
  helm::StoredRelease release_;
  HookRun hooks_;
};

}  // namespace weir::helm_controller
