// SourceReconciler reconciles the objects of one kind by a pass each.
//
// Touches: as the pass.
// Threads: as reconcile::Reconciler says.
#pragma once

#include <functional>
#include <utility>

#include "src/source_kind.h"
#include "src/source_pass.h"
#include "weir/reconcile/reconciler.h"

namespace weir::source {

class SourceReconciler : public reconcile::Reconciler {
 public:
  using Pass = std::function<reconcile::Outcome(const Context&,
                                                const reconcile::Request&)>;

  // What `environment` and `kind` point to must outlive the object.
  SourceReconciler(const SourceEnvironment& environment, const SourceKind& kind,
                   Pass pass)
      : env_(environment), kind_(kind), pass_(std::move(pass)) {}

  reconcile::Outcome Reconcile(const Context& ctx,
                               const reconcile::Request& request) override {
    if (!request.object.is_null()) return pass_(ctx, request);
    ForgetSource(env_, {kind_.kind, request.key.name_space, request.key.name});
    return reconcile::Outcome::Done();
  }

 private:
  const SourceEnvironment env_;
  const SourceKind& kind_;
  const Pass pass_;
};

}  // namespace weir::source
