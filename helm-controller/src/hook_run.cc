#include "src/hook_run.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "src/object_changes.h"
#include "src/plan.h"
#include "src/release_objects.h"
#include "weir/base/status.h"

namespace weir::helm_controller {
namespace {

constexpr char kBeforeCreation[] = "before-hook-creation";
constexpr char kOnSuccess[] = "hook-succeeded";
constexpr char kOnFailure[] = "hook-failed";

bool Contains(const std::vector<std::string>& list, absl::string_view text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

// Deleting a definition would delete all of its objects.
bool IsDeletedBy(const helm::Hook& hook, absl::string_view policy) {
  return hook.kind != "CustomResourceDefinition" &&
         Contains(hook.delete_policies, policy);
}

}  // namespace

HookRun::HookRun(Workbench& bench, helm::StoredRelease* release,
                 std::string event, absl::Duration timeout, bool is_server_side,
                 std::function<bool(const std::string& name)> selects)
    : bench_(bench),
      release_(*release),
      event_(std::move(event)),
      timeout_(timeout),
      is_server_side_(is_server_side) {
  for (size_t i = 0; i < release_.hooks().size(); ++i) {
    helm::Hook hook = helm::ReadHook(release_.hooks()[i]);
    if (!Contains(hook.events, event_)) continue;
    if (selects != nullptr && !selects(hook.name)) continue;
    if (hook.delete_policies.empty()) {
      hook.delete_policies = {kBeforeCreation};
      Value policies = Value::MakeArray();
      policies.Append(kBeforeCreation);
      release_.mutable_json().Mutable("hooks").MutableAt(i).Set(
          "delete_policies", std::move(policies));
    }
    entries_.push_back({i, std::move(hook)});
  }
  std::stable_sort(entries_.begin(), entries_.end(),
                   [](const Entry& a, const Entry& b) {
                     return std::pair(a.hook.weight, a.hook.name) <
                            std::pair(b.hook.weight, b.hook.name);
                   });
}

absl::StatusOr<Progress> HookRun::Advance(const Context& ctx) {
  while (current_ < entries_.size() || !untidy_.empty() || wait_ != nullptr) {
    const Result waits = RunStep(ctx);
    if (!waits.ok()) return waits.status();
    if (*waits) return Progress::kWaiting;
  }
  if (!failure_.ok()) return failure_;
  return Progress::kDone;
}

HookRun::Result HookRun::RunStep(const Context& ctx) {
  switch (step_) {
    case Step::kClear:
      return Clear(ctx);
    case Step::kAwaitCleared:
      return FinishWait(Step::kStart);
    case Step::kStart:
      return Start(ctx);
    case Step::kAwaitEnd:
      return AwaitEnd();
    case Step::kTidy:
      return Tidy(ctx);
    case Step::kAwaitTidy:
      return FinishWait(Step::kTidy);
  }
  return false;
}

HookRun::Result HookRun::FinishWait(Step next) {
  if (wait_ != nullptr) {
    const absl::StatusOr<Progress> progress = wait_->Advance();
    if (progress.ok() && *progress == Progress::kWaiting) return true;
    wait_.reset();
    // A failure is not made worse by what cannot be tidied up.
    if (!progress.ok() && failure_.ok()) return progress.status();
  }
  step_ = next;
  return false;
}

absl::Status HookRun::Delete(const Context& ctx, const Entry& entry) {
  WEIR_ASSIGN_OR_RETURN(const std::vector<ReleaseObject> objects,
                        ReadObjects(ctx, bench_.client, entry.hook.content,
                                    release_.name_space()),
                        "unable to build kubernetes object for deleting hook ",
                        entry.hook.path);
  std::vector<kube::ObjectRef> refs;
  for (const ReleaseObject& object : objects) refs.push_back(object.ref);
  DeleteResult deleted = DeleteObjects(ctx, bench_, refs, "background");
  if (!deleted.problems.empty()) {
    return absl::UnavailableError(deleted.problems.front());
  }
  if (!deleted.terminating.empty()) {
    wait_ = std::make_unique<ObjectWait>(bench_, std::move(deleted.terminating),
                                         ObjectWait::Until::kGone, timeout_);
  }
  return absl::OkStatus();
}

HookRun::Result HookRun::Clear(const Context& ctx) {
  const Entry& entry = entries_[current_];
  if (IsDeletedBy(entry.hook, kBeforeCreation)) {
    WEIR_RETURN_IF_ERROR(Delete(ctx, entry));
  }
  step_ = Step::kAwaitCleared;
  return false;
}

HookRun::Result HookRun::Start(const Context& ctx) {
  Entry& entry = entries_[current_];
  WEIR_ASSIGN_OR_RETURN(const std::vector<ReleaseObject> objects,
                        ReadObjects(ctx, bench_.client, entry.hook.content,
                                    release_.name_space()),
                        "unable to build kubernetes object for ", event_,
                        " hook ", entry.hook.path);
  entry.started = bench_.clock.Now();
  release_.SetLastRun(entry.index, entry.started, absl::InfinitePast(),
                      helm::kHookRunning);
  WEIR_RETURN_IF_ERROR(bench_.Update(ctx, release_));
  std::vector<apply::HealthTarget> targets;
  for (const ReleaseObject& object : objects) {
    const absl::StatusOr<Value> live =
        CreateObject(ctx, bench_, object, is_server_side_);
    if (!live.ok()) {
      NoteEnd(helm::kHookFailed);
      Fail(Annotate(live.status(), absl::StrCat("warning: Hook ", event_, " ",
                                                entry.hook.path, " failed")));
      return false;
    }
    apply::HealthTarget target = HealthTargetOf(bench_, *live);
    target.is_ours = false;
    targets.push_back(std::move(target));
  }
  wait_ = std::make_unique<ObjectWait>(bench_, std::move(targets),
                                       ObjectWait::Until::kEnded, timeout_);
  step_ = Step::kAwaitEnd;
  return false;
}

HookRun::Result HookRun::AwaitEnd() {
  const absl::StatusOr<Progress> progress = wait_->Advance();
  if (progress.ok() && *progress == Progress::kWaiting) return true;
  wait_.reset();
  const Entry& entry = entries_[current_];
  if (!progress.ok()) {
    NoteEnd(helm::kHookFailed);
    Fail(progress.status());
    return false;
  }
  NoteEnd(helm::kHookSucceeded);
  if (IsDeletedBy(entry.hook, kOnSuccess)) untidy_.push_back(current_);
  ++current_;
  step_ = current_ < entries_.size() ? Step::kClear : Step::kTidy;
  return false;
}

void HookRun::NoteEnd(const char* phase) {
  const Entry& entry = entries_[current_];
  release_.SetLastRun(entry.index, entry.started, bench_.clock.Now(), phase);
}

// The hooks that follow do not run.
void HookRun::Fail(absl::Status error) {
  failure_ = std::move(error);
  std::reverse(untidy_.begin(), untidy_.end());
  if (IsDeletedBy(entries_[current_].hook, kOnFailure)) {
    untidy_.push_back(current_);
  }
  current_ = entries_.size();
  step_ = Step::kTidy;
}

HookRun::Result HookRun::Tidy(const Context& ctx) {
  if (untidy_.empty()) return false;
  const Entry& entry = entries_[untidy_.back()];
  untidy_.pop_back();
  const absl::Status deleted = Delete(ctx, entry);
  if (!deleted.ok() && failure_.ok()) return deleted;
  step_ = Step::kAwaitTidy;
  return false;
}

}  // namespace weir::helm_controller
