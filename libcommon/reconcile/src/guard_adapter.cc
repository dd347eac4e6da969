// An adapter file because a library below a reconciler may throw, and one bad
// object must not end the process.
#include <exception>

#include "src/guard.h"

namespace weir::reconcile {

std::optional<Outcome> ReconcileGuarded(Reconciler& reconciler,
                                        const Context& ctx,
                                        const Request& request,
                                        std::string* panic) {
  try {
    return reconciler.Reconcile(ctx, request);
  } catch (const std::exception& e) {
    *panic = e.what();
  } catch (...) {
    *panic = "unknown exception";
  }
  return std::nullopt;
}

}  // namespace weir::reconcile
