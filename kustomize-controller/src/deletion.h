// Deletion removes what a Kustomization owns and then lets it go.
//
// Touches: network, clock, through the environment.
// Threads: one thread at a time.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "src/environment.h"
#include "src/plan.h"
#include "src/status_draft.h"
#include "weir/base/context.h"
#include "weir/reconcile/events.h"
#include "weir/reconcile/outcome.h"
#include "weir/reconcile/reconciler.h"

namespace weir::kustomize_controller {

class Deletion {
 public:
  // `target`: where the last pass applied; it must outlive this.
  Deletion(Environment& environment, const Value& object,
           weir::kustomize::v1::Kustomization message, Target* target);

  // Continues after Await; the object is gone, or free, at any other outcome
  // but an error.
  reconcile::Outcome Advance(const Context& ctx,
                             const reconcile::Request& request);

 private:
  absl::Status DeleteObjects(const Context& ctx,
                             const reconcile::Request& request);
  // Whether the account that the objects were applied as is there.
  absl::StatusOr<bool> HasAccount(const Context& ctx,
                                  const kube::ObjectKey& account) const;
  // Whether none of the deleted objects is there any more.
  bool AreGone() const;
  void EmitFinished(const reconcile::Request& request);
  void Emit(const reconcile::Request& request, reconcile::Severity severity,
            const std::string& message, bool is_commit_status = false);

  Environment& environment_;
  const kube::ObjectKey key_;
  const weir::kustomize::v1::Kustomization message_;
  const absl::Time started_;
  Target& target_;
  bool is_deleted_ = false;
  std::vector<kube::ObjectRef> awaited_;
};

}  // namespace weir::kustomize_controller
