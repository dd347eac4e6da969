#include "src/status_draft.h"

#include <utility>

#include "google/protobuf/util/message_differencer.h"
#include "weir/base/duration.h"
#include "weir/base/status.h"

namespace weir::kustomize_controller {
namespace {

constexpr int kMaxHistory = 5;

}  // namespace

StatusDraft::StatusDraft(Value object, Status status, const Clock& clock)
    : object_(std::move(object)),
      written_(status),
      status_(std::move(status)),
      clock_(clock) {}

reconcile::Conditions StatusDraft::conditions() {
  return reconcile::Conditions(status_.mutable_conditions(),
                               reconcile::GenerationOf(object_), clock_);
}

std::string StatusDraft::ReadyReason(const std::string& otherwise) {
  reconcile::Conditions list = conditions();
  return list.Has(reconcile::kReady) ? list.Reason(reconcile::kReady)
                                     : otherwise;
}

void StatusDraft::AddHistory(const HistoryEntry& entry) {
  const std::string now = FormatKubeTime(clock_.Now());
  auto& history = *status_.mutable_history();
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
    status_.set_last_handled_reconcile_at(requested_at);
  }
  reconcile::Conditions list = conditions();
  if (list.Reason(reconcile::kReady) == kInvalidCelExpression) {
    status_.set_observed_generation(generation);
  }
  if (list.IsTrue(reconcile::kReady)) {
    list.Delete(reconcile::kReconciling);
    status_.set_observed_generation(generation);
  } else if (list.IsFalse(reconcile::kReady) &&
             list.Has(reconcile::kReconciling)) {
    list.MarkTrue(reconcile::kReconciling, reconcile::kProgressingWithRetry,
                  list.Message(reconcile::kReconciling));
  }
}

void StatusDraft::RestoreTransitionTimes() {
  for (auto& condition : *status_.mutable_conditions()) {
    for (const auto& before : written_.conditions()) {
      if (before.type() == condition.type() &&
          before.status() == condition.status() &&
          before.reason() == condition.reason() &&
          before.message() == condition.message()) {
        condition.set_last_transition_time(before.last_transition_time());
      }
    }
  }
}

bool StatusDraft::HasChanged() {
  RestoreTransitionTimes();
  return !google::protobuf::util::MessageDifferencer::Equals(status_, written_);
}

absl::Status StatusDraft::Write(const Context& ctx,
                                const reconcile::StatusWriter& writer) {
  if (!HasChanged()) return absl::OkStatus();
  WEIR_ASSIGN_OR_RETURN(object_, writer.WriteStatus(ctx, object_, status_));
  written_ = status_;
  return absl::OkStatus();
}

}  // namespace weir::kustomize_controller
