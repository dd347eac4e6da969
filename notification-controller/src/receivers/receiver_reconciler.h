// ReceiverReconciler gives Receivers the paths that their webhooks go to.
//
// Touches: network (the API server), clock.
// Threads: safe to share; one key is worked on by one thread at a time.
#pragma once

#include "src/receivers/receiver_plan.h"
#include "weir/base/clock.h"
#include "weir/kube/client.h"
#include "weir/notification/v1/receiver.pb.h"
#include "weir/reconcile/events.h"
#include "weir/reconcile/reconciler.h"
#include "weir/reconcile/status_draft.h"

namespace weir::notification_controller {

class ReceiverReconciler : public reconcile::Reconciler {
 public:
  struct Environment {
    const kube::Client& client;
    reconcile::EventRecorder& events;
    const Clock& clock;
    PlanRules rules;
  };
  explicit ReceiverReconciler(Environment environment) : env_(environment) {}

  reconcile::Outcome Reconcile(const Context& ctx,
                               const reconcile::Request& request) override;

 private:
  using Draft = reconcile::StatusDraft<weir::notification::v1::ReceiverStatus>;

  reconcile::Outcome Work(const Context& ctx, const reconcile::Request& request,
                          Draft& draft);
  reconcile::Outcome Refuse(const Context& ctx,
                            const reconcile::Request& request,
                            const ReceiverPlan::Problem& problem, Draft& draft);
  absl::StatusOr<Secret> FindToken(const Context& ctx,
                                   const ReceiverPlan& plan) const;
  void Emit(const Draft& draft, reconcile::Severity severity,
            const std::string& reason, const std::string& message);
  // Sets what every pass leaves, and writes.
  absl::Status Finish(const Context& ctx, const reconcile::Request& request,
                      Draft& draft);

  const Environment env_;
};

}  // namespace weir::notification_controller
