#include "src/status_draft.h"

#include <utility>

#include "weir/base/duration.h"

namespace weir::kustomize_controller {
namespace {

constexpr int kMaxHistory = 5;

}  // namespace

std::string StatusDraft::ReadyReason(const std::string& otherwise) {
  reconcile::Conditions list = conditions();
  return list.Has(reconcile::kReady) ? list.Reason(reconcile::kReady)
                                     : otherwise;
}

void StatusDraft::AddHistory(const HistoryEntry& entry) {
  const std::string now = FormatKubeTime(clock().Now());
  auto& history = *status().mutable_history();
  weir::kustomize::v1::Snapshot snapshot;
  snapshot.set_digest(entry.digest);
  snapshot.set_first_reconciled(now);
  for (int i = 0; i < history.size(); ++i) {
    if (history[i].digest() != entry.digest ||
        history[i].last_reconciled_status() != entry.status) {
      continue;
    }
    snapshot = history[i];
    history.DeleteSubrange(i, 1);
    break;
  }
  snapshot.set_last_reconciled(now);
  snapshot.set_last_reconciled_duration(FormatGoDuration(entry.duration));
  snapshot.set_last_reconciled_status(entry.status);
  snapshot.set_total_reconciliations(snapshot.total_reconciliations() + 1);
  snapshot.clear_metadata();
  (*snapshot.mutable_metadata())["revision"] = entry.revision;
  if (!entry.origin_revision.empty()) {
    (*snapshot.mutable_metadata())["originRevision"] = entry.origin_revision;
  }
  *history.Add() = std::move(snapshot);
  for (int i = history.size() - 1; i > 0; --i) history.SwapElements(i, i - 1);
  if (history.size() > kMaxHistory) {
    history.DeleteSubrange(kMaxHistory, history.size() - kMaxHistory);
  }
}

void StatusDraft::EndPass(const std::string& requested_at, int64_t generation) {
  if (!requested_at.empty()) {
    status().set_last_handled_reconcile_at(requested_at);
  }
  reconcile::Conditions list = conditions();
  if (list.Reason(reconcile::kReady) == kInvalidCelExpression) {
    status().set_observed_generation(generation);
  }
  if (list.IsTrue(reconcile::kReady)) {
    list.Delete(reconcile::kReconciling);
    status().set_observed_generation(generation);
  } else if (list.IsFalse(reconcile::kReady) &&
             list.Has(reconcile::kReconciling)) {
    list.MarkTrue(reconcile::kReconciling, reconcile::kProgressingWithRetry,
                  list.Message(reconcile::kReconciling));
  }
}

}  // namespace weir::kustomize_controller
