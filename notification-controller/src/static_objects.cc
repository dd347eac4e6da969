#include "src/static_objects.h"

#include "src/settings.h"
#include "weir/reconcile/status_writer.h"

namespace weir::notification_controller {
namespace {

using reconcile::Outcome;

kube::GroupVersionKind KindOf(const char* kind) {
  return {"notification.toolkit.fluxcd.io", "v1beta3", kind};
}

Outcome AfterWrite(const absl::StatusOr<Value>& written) {
  // A lost race: the winner's change starts the next pass.
  if (written.ok() || absl::IsNotFound(written.status())) {
    return Outcome::Done();
  }
  return Outcome::Retry(written.status());
}

}  // namespace

kube::GroupVersionKind AlertKind() { return KindOf("Alert"); }
kube::GroupVersionKind ProviderKind() { return KindOf("Provider"); }

bool AlertReconciler::Concerns(const kube::Change& change) {
  return change.type != kube::ChangeType::kDeleted &&
         reconcile::HasFinalizer(change.after);
}

Outcome AlertReconciler::Reconcile(const Context& ctx,
                                   const reconcile::Request& request) {
  if (request.object.is_null() || !reconcile::HasFinalizer(request.object) ||
      (request.object["spec"].GetBool("suspend") &&
       !reconcile::IsBeingDeleted(request.object))) {
    return Outcome::Done();
  }
  const absl::StatusOr<Value> written =
      request.writer->RemoveFinalizer(ctx, request.object);
  if (written.ok()) {
    static constexpr char kMessage[] =
        "removed finalizer from Alert to migrate to static Alert";
    request.logger.Info(kMessage);
    reconcile::Event event;
    event.object = request.object;
    event.reason = "Migration";
    event.message = kMessage;
    events_.Emit("notification-controller", std::move(event));
  }
  return AfterWrite(written);
}

bool ProviderReconciler::Concerns(const kube::Change& change) {
  return change.type == kube::ChangeType::kDeleted ||
         !reconcile::HasFinalizer(change.after) ||
         reconcile::IsBeingDeleted(change.after);
}

Outcome ProviderReconciler::Reconcile(const Context& ctx,
                                      const reconcile::Request& request) {
  const bool is_going =
      request.object.is_null() || reconcile::IsBeingDeleted(request.object);
  if (is_going) {
    tokens_.Evict(TokenOwnerOf(request.key));
  }
  if (request.object.is_null()) return Outcome::Done();
  if (!is_going) {
    return AfterWrite(request.writer->AddFinalizer(ctx, request.object));
  }
  return AfterWrite(request.writer->RemoveFinalizer(ctx, request.object));
}

}  // namespace weir::notification_controller
