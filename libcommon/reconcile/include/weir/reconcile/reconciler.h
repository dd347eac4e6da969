// Reconciler is what a controller implements: one pass for one object.
//
// Touches: what the implementation touches.
// Threads: Reconcile is called from several threads, never twice at once for
// one key.
#pragma once

#include <string>

#include "absl/time/time.h"
#include "weir/base/context.h"
#include "weir/base/log.h"
#include "weir/kube/types.h"
#include "weir/reconcile/outcome.h"
#include "weir/reconcile/status_writer.h"
#include "weir/value/value.h"

namespace weir::reconcile {

struct Request {
  kube::ObjectKey key;
  // The object, never older than what `writer` last wrote; null when it is
  // gone, so that the reconciler can forget what it kept about it.
  Value object;
  // Carries controller, controllerGroup, controllerKind, namespace, name and
  // reconcileID.
  Logger logger;
  std::string reconcile_id;
  // The last outcome was Await: this goes on with the same pass. The object
  // may have changed meanwhile.
  bool is_resumed = false;
  // When the pass began; for a resumed one, its first part.
  absl::Time started;
  // Passes that failed in a row before this one.
  int failures = 0;
  // Writes status and finalizers of this controller's objects. Never null
  // when the runtime calls.
  const StatusWriter* writer = nullptr;
};

class Reconciler {
 public:
  virtual ~Reconciler() = default;
  // Must not wait for anything that takes long: return Await instead. `ctx`
  // ends when the process stops or loses leadership. An exception that
  // escapes is counted as a panic and handled like Retry(kInternal).
  virtual Outcome Reconcile(const Context& ctx, const Request& request) = 0;
};

}  // namespace weir::reconcile
