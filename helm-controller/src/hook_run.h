// HookRun runs the hooks of one event of a release, one after the other.
//
// Touches: network, through the workbench; clock.
// Threads: one thread at a time.
// Source: helm-engine.md, section 9.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "src/object_wait.h"
#include "src/workbench.h"
#include "weir/base/context.h"
#include "weir/helm/manifests.h"
#include "weir/helm/stored_release.h"

namespace weir::helm_controller {

class HookRun {
 public:
  // `event`: "pre-install" and so on. What becomes of hooks is noted in
  // `release`, which must outlive the run, and stored as each begins.
  // `is_server_side`: how their objects are created. `selects`: which hooks to
  // run; null: all.
  HookRun(Workbench& bench, helm::StoredRelease* release, std::string event,
          absl::Duration timeout, bool is_server_side,
          std::function<bool(const std::string& name)> selects = nullptr);

  // Errors: of the first hook that failed.
  absl::StatusOr<Progress> Advance(const Context& ctx);

 private:
  enum class Step {
    kClear,
    kAwaitCleared,
    kStart,
    kAwaitEnd,
    kTidy,
    kAwaitTidy
  };
  struct Entry {
    size_t index = 0;  // Among the release's hooks.
    helm::Hook hook;
    absl::Time started = absl::InfinitePast();
  };

  // Nothing: go on.
  using Result = absl::StatusOr<bool>;  // Whether it has to wait.
  Result RunStep(const Context& ctx);
  Result Clear(const Context& ctx);
  Result Start(const Context& ctx);
  Result AwaitEnd();
  Result Tidy(const Context& ctx);
  Result FinishWait(Step next);
  // Begins to delete a hook's objects.
  absl::Status Delete(const Context& ctx, const Entry& entry);
  void NoteEnd(const char* phase);
  void Fail(absl::Status error);

  Workbench& bench_;
  helm::StoredRelease& release_;
  const std::string event_;
  const absl::Duration timeout_;
  const bool is_server_side_;
  std::vector<Entry> entries_;  // In the order in which they run.
  size_t current_ = 0;
  Step step_ = Step::kClear;
  std::vector<size_t> untidy_;  // Entries to delete in the end.
  absl::Status failure_;
  std::unique_ptr<ObjectWait> wait_;
};

}  // namespace weir::helm_controller
