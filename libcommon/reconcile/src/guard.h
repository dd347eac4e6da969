// Guard calls a reconciler and turns what escapes it into a value.
//
// Touches: what the reconciler touches.
// Threads: safe.
#pragma once

#include <optional>
#include <string>

#include "weir/base/context.h"
#include "weir/reconcile/reconciler.h"

namespace weir::reconcile {

// Nothing when an exception escaped; `*panic` is then its text.
std::optional<Outcome> ReconcileGuarded(Reconciler& reconciler,
                                        const Context& ctx,
                                        const Request& request,
                                        std::string* panic);

}  // namespace weir::reconcile
