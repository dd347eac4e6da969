#include "src/deletion.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "weir/apply/prune.h"
#include "weir/base/duration.h"
#include "weir/base/status.h"

namespace weir::kustomize_controller {

using reconcile::Outcome;
using reconcile::Severity;

Deletion::Deletion(Environment& environment, const Value& object,
                   weir::kustomize::v1::Kustomization message, Target* target)
    : environment_(environment),
      key_(kube::KeyOf(object)),
      message_(std::move(message)),
      started_(environment.manager.clock().Now()),
      target_(*target) {}

Outcome Deletion::Advance(const Context& ctx,
                          const reconcile::Request& request) {
  if (!is_deleted_) {
    if (absl::Status status = DeleteObjects(ctx, request); !status.ok()) {
      return Outcome::Retry(std::move(status));
    }
    is_deleted_ = true;
  }
  if (!awaited_.empty()) {
    const absl::StatusOr<Plan> plan = MakePlan(request.object, message_);
    const absl::Time deadline =
        started_ + (plan.ok() ? plan->timeout : absl::Seconds(30));
    const absl::Time now = environment_.manager.clock().Now();
    if (!AreGone()) {
      if (now < deadline) return Outcome::Await(deadline - now);
      Emit(request, Severity::kError,
           "failed to wait for resources termination");
    }
  }
  target_.Leave(key_);
  const absl::StatusOr<Value> freed =
      request.writer->RemoveFinalizer(ctx, request.object);
  if (!freed.ok()) return Outcome::Retry(freed.status());
  EmitFinished(request);
  return Outcome::Done();
}

// As upstream says at the end of every pass that leaves the object ready.
void Deletion::EmitFinished(const reconcile::Request& request) {
  StatusDraft draft(request.object, message_.status(),
                    environment_.manager.clock());
  if (!draft.conditions().IsTrue(reconcile::kReady) ||
      message_.spec().suspend()) {
    return;
  }
  const absl::Duration elapsed = environment_.manager.clock().Now() - started_;
  const auto interval = ParseGoDuration(message_.spec().interval());
  Emit(request, Severity::kInfo,
       absl::StrCat("Reconciliation finished in ", FormatGoDuration(elapsed),
                    ", next run in ",
                    FormatGoDuration(interval.value_or(absl::ZeroDuration()))),
       /*is_commit_status=*/true);
}

absl::Status Deletion::DeleteObjects(const Context& ctx,
                                     const reconcile::Request& request) {
  const std::vector<apply::InventoryEntry> inventory =
      InventoryOf(message_.status());
  if (inventory.empty() || !DeletesObjects(message_.spec())) {
    return absl::OkStatus();
  }
  const reconcile::TargetRef ref =
      TargetRefOf(environment_.options.common, key_, message_.spec());
  WEIR_ASSIGN_OR_RETURN(const bool has_account, HasAccount(ctx, ref.account));
  if (!has_account) {
    Emit(request, Severity::kError,
         absl::StrCat("unable to prune objects: \n",
                      apply::FormatSubjects(inventory)));
    return absl::OkStatus();
  }
  WEIR_ASSIGN_OR_RETURN(Target target, environment_.clusters->Find(ctx, ref));
  target_.Become(std::move(target), key_);
  apply::PruneOptions options;
  options.owner_labels = OwnerLabels(key_);
  options.control_prefix = kGroup;
  options.concurrency = environment_.options.concurrent_ssa;
  // Our deletions are not drift.
  target_.Leave(key_);
  const apply::PruneResult result =
      apply::Prune(ctx, target_.client(), inventory, options);
  if (!result.status.ok()) {
    if (!ctx.is_done()) {
      Emit(request, Severity::kError, "pruning for deleted resource failed");
    }
    return result.status;
  }
  if (!result.entries.empty()) {
    Emit(request, Severity::kInfo, apply::FormatEntries(result.entries));
  }
  if (message_.spec().deletion_policy() != "WaitForTermination") {
    return absl::OkStatus();
  }
  std::vector<apply::Tracker::Awaited> awaited;
  for (const apply::ChangeEntry& entry : result.entries) {
    if (entry.action != apply::Action::kDeleted) continue;
    awaited_.push_back(entry.ref);
    awaited.push_back({entry.ref, /*is_ours=*/false});
  }
  target_.cluster->tracker.Await(key_, awaited);
  return absl::OkStatus();
}

absl::StatusOr<bool> Deletion::HasAccount(
    const Context& ctx, const kube::ObjectKey& account) const {
  if (account.name.empty()) return true;
  const absl::Status found =
      environment_.manager.client()
          .Get(ctx, {{"", "v1", "ServiceAccount"}, account})
          .status();
  if (absl::IsNotFound(found)) return false;
  WEIR_RETURN_IF_ERROR(found, "looking for the account to prune as");
  return true;
}

bool Deletion::AreGone() const {
  const absl::Time now = environment_.manager.clock().Now();
  return std::all_of(awaited_.begin(), awaited_.end(),
                     [&](const kube::ObjectRef& ref) {
                       const std::optional<apply::Health> health =
                           target_.cluster->tracker.HealthOf(ref, now);
                       return health.has_value() &&
                              health->status == apply::HealthStatus::kNotFound;
                     });
}

void Deletion::Emit(const reconcile::Request& request, Severity severity,
                    const std::string& message, bool is_commit_status) {
  StatusDraft draft(request.object, message_.status(),
                    environment_.manager.clock());
  reconcile::Event event;
  event.object = request.object;
  event.severity = severity;
  event.reason = draft.ReadyReason(reconcile::SeverityName(severity));
  event.message = message;
  const std::string& revision = message_.status().last_applied_revision();
  if (!revision.empty()) {
    event.metadata[absl::StrCat(kGroup, "/revision")] = revision;
  }
  if (is_commit_status) {
    event.metadata[absl::StrCat(kGroup, "/commit_status")] = "update";
  }
  environment_.manager.events().Emit(kComponent, std::move(event));
}

}  // namespace weir::kustomize_controller
