// Alerts and Providers have no status; what is left to reconcile are their
// finalizers, and whom to tell that they changed.
//
// Touches: network (API server).
// Threads: Reconcile, from several threads.
// Source: notification.md, sections 4 and 5.
#pragma once

#include "src/token_cache.h"
#include "weir/base/context.h"
#include "weir/kube/informer.h"
#include "weir/kube/types.h"
#include "weir/reconcile/events.h"
#include "weir/reconcile/outcome.h"
#include "weir/reconcile/reconciler.h"

namespace weir::notification_controller {

kube::GroupVersionKind AlertKind();
kube::GroupVersionKind ProviderKind();

// Takes the finalizer away that versions of upstream before 1.2 left.
class AlertReconciler : public reconcile::Reconciler {
 public:
  // `events` must outlive it.
  explicit AlertReconciler(reconcile::EventRecorder& events)
      : events_(events) {}
  reconcile::Outcome Reconcile(const Context& ctx,
                               const reconcile::Request& request) override;
  // Which changes start a pass.
  static bool Concerns(const kube::Change& change);

 private:
  reconcile::EventRecorder& events_;
};

// Adds the finalizer; forgets a Provider's tokens when it goes.
class ProviderReconciler : public reconcile::Reconciler {
 public:
  // `tokens` must outlive it.
  explicit ProviderReconciler(TokenCache& tokens) : tokens_(tokens) {}
  reconcile::Outcome Reconcile(const Context& ctx,
                               const reconcile::Request& request) override;
  static bool Concerns(const kube::Change& change);

 private:
  TokenCache& tokens_;
};

}  // namespace weir::notification_controller
