#include "src/object_wait.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "src/helm_readiness.h"
#include "src/plan.h"
#include "weir/apply/health.h"
#include "weir/apply/inventory.h"
#include "weir/base/status.h"

namespace weir::helm_controller {
namespace {

using apply::HealthStatus;
using apply::HealthTarget;

std::vector<apply::Tracker::Awaited> AwaitAll(
    const std::vector<HealthTarget>& targets, bool is_whole) {
  std::vector<apply::Tracker::Awaited> awaited;
  for (const HealthTarget& target : targets) {
    awaited.push_back(
        {target.ref, target.is_ours, is_whole || target.rule != nullptr});
  }
  return awaited;
}

std::string Describe(const HealthTarget& target, HealthStatus status) {
  return absl::StrCat(apply::Subject(target.ref), " status: '",
                      apply::HealthStatusName(status), "'");
}

}  // namespace

HealthTarget HealthTargetOf(const Workbench& bench, const Value& live) {
  HealthTarget target;
  target.ref = kube::RefOf(live);
  target.is_ours = live["metadata"]["labels"].Has(OriginNameLabel());
  target.has_ttl = live["spec"].Has("ttlSecondsAfterFinished");
  target.rule = bench.rules.Find(target.ref.gvk);
  if (target.rule == nullptr) {
    target.known = apply::ComputeHealth(live, bench.clock.Now());
    if (!apply::CanChangeHealth(target.ref.gvk)) {
      target.known = {HealthStatus::kCurrent, "always ready"};
    }
  }
  return target;
}

ObjectWait::ObjectWait(Workbench& bench, std::vector<HealthTarget> targets,
                       Until until, absl::Duration timeout)
    : bench_(bench),
      targets_(std::move(targets)),
      until_(until),
      deadline_(bench.clock.Now() + timeout) {
  if (until_ == Until::kReady) {
    std::erase_if(targets_, [](const HealthTarget& target) {
      return !CanBeUnready(target.ref.gvk);
    });
  }
  bench_.tracker.Await(bench_.owner,
                       until_ == Until::kHealthy
                           ? apply::AwaitedOf(targets_)
                           : AwaitAll(targets_, until_ == Until::kReady));
}

ObjectWait::~ObjectWait() { bench_.tracker.Await(bench_.owner, {}); }

absl::StatusOr<Progress> ObjectWait::Advance() {
  const absl::Time now = bench_.clock.Now();
  bench_.wait_deadline = deadline_;
  if (until_ == Until::kReady) return AdvanceReady(now);
  if (until_ == Until::kEnded) return AdvanceEnded(now);
  if (until_ == Until::kGone) return AdvanceGone(now);
  const apply::HealthVerdict verdict =
      apply::JudgeHealth(targets_, bench_.tracker, now, /*fails_fast=*/true,
                         /*is_last_look=*/now >= deadline_);
  switch (verdict.kind) {
    case apply::HealthVerdict::Kind::kPassed:
      return Progress::kDone;
    case apply::HealthVerdict::Kind::kFailed:
      return absl::FailedPreconditionError(verdict.message);
    case apply::HealthVerdict::Kind::kWaiting:
      break;
  }
  return Progress::kWaiting;
}

HealthStatus ObjectWait::EndOf(const HealthTarget& target, absl::Time now) {
  const kube::GroupVersionKind& gvk = target.ref.gvk;
  if (gvk.group.empty() && gvk.kind == "Pod") {
    const std::optional<Value> pod = bench_.tracker.AwaitedObject(target.ref);
    if (!pod.has_value()) return HealthStatus::kInProgress;
    const absl::string_view phase = (*pod)["status"].GetString("phase");
    return phase == "Succeeded" ? HealthStatus::kCurrent
           : phase == "Failed"  ? HealthStatus::kFailed
                                : HealthStatus::kInProgress;
  }
  const bool is_job = gvk.group == "batch" && gvk.kind == "Job";
  if (!is_job && target.rule == nullptr) return HealthStatus::kCurrent;
  const std::optional<apply::Health> health =
      bench_.tracker.HealthOf(target.ref, now, target.rule.get());
  if (!health.has_value()) return HealthStatus::kInProgress;
  const bool has_gone = health->status == HealthStatus::kNotFound;
  return has_gone && target.has_ttl ? HealthStatus::kCurrent : health->status;
}

absl::StatusOr<Progress> ObjectWait::AdvanceReady(absl::Time now) {
  bool is_ready = true;
  for (const HealthTarget& target : targets_) {
    const std::optional<Value> object =
        bench_.tracker.AwaitedObject(target.ref, /*is_whole=*/true);
    if (!object.has_value()) {
      is_ready = false;
      continue;
    }
    WEIR_ASSIGN_OR_RETURN(const bool one, IsReadyForHelm(*object));
    is_ready = is_ready && one;
  }
  if (is_ready) return Progress::kDone;
  if (now < deadline_) return Progress::kWaiting;
  return absl::DeadlineExceededError("context deadline exceeded");
}

absl::StatusOr<Progress> ObjectWait::AdvanceEnded(absl::Time now) {
  std::vector<std::string> failed;
  std::vector<std::string> pending;
  for (const HealthTarget& target : targets_) {
    const HealthStatus status = EndOf(target, now);
    if (status == HealthStatus::kFailed) {
      failed.push_back(Describe(target, status));
    } else if (status != HealthStatus::kCurrent) {
      pending.push_back(Describe(target, status));
    }
  }
  if (!failed.empty()) {
    return absl::FailedPreconditionError(
        absl::StrCat("failed early due to stalled resources: [",
                     absl::StrJoin(failed, ", "), "]"));
  }
  if (pending.empty()) return Progress::kDone;
  if (now < deadline_) return Progress::kWaiting;
  return absl::DeadlineExceededError(absl::StrCat(
      "timeout waiting for: [", absl::StrJoin(pending, ", "), "]"));
}

absl::StatusOr<Progress> ObjectWait::AdvanceGone(absl::Time now) {
  std::vector<std::string> pending;
  for (const HealthTarget& target : targets_) {
    const std::optional<apply::Health> health =
        bench_.tracker.HealthOf(target.ref, now);
    const bool is_gone =
        health.has_value() && health->status == HealthStatus::kNotFound;
    if (!is_gone) {
      pending.push_back(Describe(target, HealthStatus::kTerminating));
    }
  }
  if (pending.empty()) return Progress::kDone;
  if (now < deadline_) return Progress::kWaiting;
  return absl::DeadlineExceededError(absl::StrCat(
      "timeout waiting for: [", absl::StrJoin(pending, ", "), "]"));
}

}  // namespace weir::helm_controller
