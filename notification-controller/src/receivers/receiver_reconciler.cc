#include "src/receivers/receiver_reconciler.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "weir/base/duration.h"
#include "weir/base/status.h"
#include "weir/codec/codec.h"
#include "weir/kube/secrets.h"

namespace weir::notification_controller {
namespace {

using reconcile::Outcome;

constexpr char kComponent[] = "notification-controller";
constexpr char kSucceeded[] = "Succeeded";
constexpr char kFailed[] = "Failed";
constexpr char kTokenNotFound[] = "TokenNotFound";
constexpr char kTerminalError[] =
    "Reconciliation failed terminally due to configuration error: ";

}  // namespace

void ReceiverReconciler::Emit(const Draft& draft, reconcile::Severity severity,
                              const std::string& reason,
                              const std::string& message) {
  reconcile::Event event;
  event.object = draft.object();
  event.severity = severity;
  event.reason = reason;
  event.message = message;
  env_.events.Emit(kComponent, std::move(event));
}

Outcome ReceiverReconciler::Reconcile(const Context& ctx,
                                      const reconcile::Request& request) {
  if (request.object.is_null()) return Outcome::Done();
  if (reconcile::IsBeingDeleted(request.object)) {
    const absl::Status removed =
        request.writer->RemoveFinalizer(ctx, request.object).status();
    return removed.ok() ? Outcome::Done() : Outcome::Retry(removed);
  }
  const absl::StatusOr<Value> object =
      request.writer->AddFinalizer(ctx, request.object);
  if (absl::IsNotFound(object.status())) return Outcome::Done();
  if (!object.ok()) return Outcome::Retry(object.status());
  weir::notification::v1::Receiver message;
  const absl::Status read = codec::FromValue(*object, &message);
  Draft draft(*object, message.status(), env_.clock);
  if (!read.ok()) {
    return Refuse(ctx, request,
                  {kValidationFailed, std::string(read.message())}, draft);
  }
  if (message.spec().suspend()) {
    request.logger.Info("reconciliation is suspended for this object");
    const absl::Status written = Finish(ctx, request, draft);
    return written.ok() ? Outcome::Done() : Outcome::Retry(written);
  }
  return Work(ctx, request, draft);
}

absl::StatusOr<Secret> ReceiverReconciler::FindToken(
    const Context& ctx, const ReceiverPlan& plan) const {
  if (!plan.secret.has_value()) return Secret();
  const kube::ObjectKey key{plan.key.name_space, *plan.secret};
  WEIR_ASSIGN_OR_RETURN(
      const kube::SecretData data,
      kube::GetSecretData(ctx, env_.client, key.name_space, key.name),
      "unable to read token from secret '", key.ToString(), "' error");
  const Secret* const found = data.Find("token");
  if (found != nullptr) return *found;
  return absl::FailedPreconditionError(absl::StrCat(
      "invalid '", key.ToString(), "' secret data: required fields 'token'"));
}

Outcome ReceiverReconciler::Work(const Context& ctx,
                                 const reconcile::Request& request,
                                 Draft& draft) {
  const std::shared_ptr<const ReceiverPlan> plan =
      MakePlan(draft.object(), env_.rules);
  if (plan->problem.has_value()) {
    return Refuse(ctx, request, *plan->problem, draft);
  }
  draft.conditions().MarkReconciling(reconcile::kProgressing,
                                     "Reconciliation in progress");
  const absl::StatusOr<Secret> token = FindToken(ctx, *plan);
  if (ctx.is_done()) return Outcome::Done();  // The process stops.
  if (!token.ok()) {
    const std::string problem(token.status().message());
    draft.conditions().MarkReconciling(reconcile::kProgressingWithRetry,
                                       "Reconciliation in progress");
    draft.conditions().MarkFalse(reconcile::kReady, kTokenNotFound, problem);
    draft.status().clear_webhook_path();
    Emit(draft, reconcile::Severity::kError, kFailed, problem);
    const absl::Status written = Finish(ctx, request, draft);
    return Outcome::Retry(written.ok() ? token.status() : written);
  }
  const std::string path = WebhookPath(*token, plan->key);
  draft.status().set_webhook_path(path);
  draft.conditions().MarkTrue(
      reconcile::kReady, kSucceeded,
      absl::StrCat("Receiver initialized for path: ", path));
  const Value before = draft.object();
  const absl::Status written = Finish(ctx, request, draft);
  if (absl::IsNotFound(written)) return Outcome::Done();
  if (!written.ok()) return Outcome::Retry(written);
  // What an interval finds unchanged is no news.
  if (!before.IsSame(draft.object())) {
    Emit(draft, reconcile::Severity::kInfo, kSucceeded,
         absl::StrCat("Reconciliation finished, next run in ",
                      FormatGoDuration(plan->interval)));
  }
  return Outcome::RequeueAfter(plan->interval);
}

Outcome ReceiverReconciler::Refuse(const Context& ctx,
                                   const reconcile::Request& request,
                                   const ReceiverPlan::Problem& problem,
                                   Draft& draft) {
  const std::string message = absl::StrCat(kTerminalError, problem.message);
  draft.conditions().MarkFalse(reconcile::kReady, problem.reason, message);
  draft.conditions().MarkStalled(problem.reason, message);
  draft.status().set_observed_generation(
      reconcile::GenerationOf(draft.object()));
  if (draft.HasChanged()) {
    request.logger.Error("reconciliation stalled",
                         {{"error", problem.message}});
    Emit(draft, reconcile::Severity::kError, problem.reason, message);
  }
  const absl::Status written = Finish(ctx, request, draft);
  return written.ok() || absl::IsNotFound(written) ? Outcome::Done()
                                                   : Outcome::Retry(written);
}

absl::Status ReceiverReconciler::Finish(const Context& ctx,
                                        const reconcile::Request& request,
                                        Draft& draft) {
  const absl::string_view requested = reconcile::RequestedAt(draft.object());
  if (!requested.empty()) {
    draft.status().set_last_handled_reconcile_at(std::string(requested));
  }
  if (draft.conditions().IsTrue(reconcile::kReady)) {
    draft.conditions().Delete(reconcile::kReconciling);
    draft.status().set_observed_generation(
        reconcile::GenerationOf(draft.object()));
  }
  return draft.Write(ctx, *request.writer);
}

}  // namespace weir::notification_controller
