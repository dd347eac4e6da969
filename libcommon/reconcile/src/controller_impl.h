// Controller::Impl: the cache, the queue, and what a pass needs.
//
// Touches: network, through the manager's client; clock; process (threads).
// Threads: safe to share.
#pragma once

#include <memory>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "src/controller_metrics.h"
#include "src/rest.h"
#include "weir/base/clock.h"
#include "weir/base/log.h"
#include "weir/base/mutex.h"
#include "weir/reconcile/controller.h"
#include "weir/reconcile/metrics.h"

namespace weir::reconcile {

// What controllers share; owned by the manager, which outlives them.
struct ControllerParts {
  const kube::Client& client;
  Metrics& metrics;
  const Clock& clock;
  Logger logger;
  std::shared_ptr<kube::Informer> informer;
  std::shared_ptr<Rest> rest;
};

// Drops managedFields and kubectl's last-applied annotation.
Value SlimObject(Value object);

struct Controller::Impl {
  Impl(const ControllerParts& parts, ControllerOptions controller_options,
       std::shared_ptr<Reconciler> controller_reconciler);

  // Constant after construction.
  const ControllerOptions options;
  const std::shared_ptr<Reconciler> reconciler;
  const std::shared_ptr<kube::Informer> informer;
  const std::shared_ptr<Rest> rest;
  Metrics& metrics;
  const Clock& clock;
  const Logger logger;

  // Have their own locks.
  ControllerMetrics series;
  WorkQueue queue;
  StatusWriter writer;

  mutable Mutex mu;
  // What we wrote, until the watch has told us the same.
  mutable absl::flat_hash_map<kube::ObjectKey, Value> written
      ABSL_GUARDED_BY(mu);
  // When the passes began that await something.
  absl::flat_hash_map<kube::ObjectKey, absl::Time> awaiting ABSL_GUARDED_BY(mu);

  void OnChange(const kube::Change& change);
  void OnWritten(const Value& object);
  Value Get(const kube::ObjectKey& key) const;

  // Says so when it takes long, say because the kind is not served.
  absl::Status WaitForCache(const Context& ctx) const;
  // One pass of one key.
  void Pass(const Context& ctx, const kube::ObjectKey& key);
  // What follows from the outcome; returns how it is counted.
  ControllerMetrics::Result Settle(const Request& request,
                                   const Outcome& outcome);
  Logger LoggerFor(const kube::ObjectKey& key,
                   const std::string& reconcile_id) const;
};

}  // namespace weir::reconcile
