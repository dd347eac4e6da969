// Controller runs a Reconciler for the objects of one kind: it watches them,
// queues those that changed or whose time has come, and calls the reconciler.
//
// Touches: network, through the manager's client; clock; process (threads).
// Threads: safe to share.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "weir/base/context.h"
#include "weir/kube/informer.h"
#include "weir/kube/types.h"
#include "weir/reconcile/queue.h"
#include "weir/reconcile/reconciler.h"
#include "weir/reconcile/status_writer.h"

namespace weir::reconcile {

class Manager;

struct ControllerOptions {
  // In metrics and logs; empty: the kind in lower case ("kustomization").
  std::string name;
  std::string component;  // "kustomize-controller"
  kube::GroupVersionKind gvk;
  // Owner of what the writer writes; empty: `component`.
  std::string field_manager;
  // Types of the conditions that are this controller's; others survive a
  // status write. Empty: all.
  std::vector<std::string> owned_conditions;
  // Which objects; empty: as the manager's options say.
  std::string name_space, label_selector;
  // Which changes start a pass. Null: IsRelevantChange.
  std::function<bool(const kube::Change&)> filter;
  // Drops what is not needed from a cached object, after metadata.managedFields
  // and kubectl's last-applied annotation have gone. Null: nothing more.
  std::function<Value(Value)> transform;

  int concurrency = 4;  // Passes at a time, at least 1.
  absl::Duration min_retry_delay = absl::Milliseconds(750);
  absl::Duration max_retry_delay = absl::Minutes(15);
};

// True when an object was created or deleted, its generation changed, its
// deletion began, or reconcile.fluxcd.io/requestedAt was added or changed.
// Source: source.md 3.1, kustomize-controller.md 2.2.
bool IsRelevantChange(const kube::Change& change);

class Controller {
 public:
  ~Controller();
  Controller(const Controller&) = delete;
  Controller& operator=(const Controller&) = delete;

  const ControllerOptions& options() const;

  // Starts a pass as soon as a worker is free, or again after the running
  // one. Also how an awaited pass is woken.
  void Enqueue(const kube::ObjectKey& key);
  void EnqueueAfter(const kube::ObjectKey& key, absl::Duration delay);
  // Enqueues all in this order; an urgent key overtakes none of them.
  void EnqueueAll(const std::vector<kube::ObjectKey>& keys);

  // The cache, running since construction.
  kube::Informer& informer() const;
  // The same object, but never older than what the writer last wrote; null
  // when there is none.
  Value Get(const kube::ObjectKey& key) const;
  const StatusWriter& writer() const;

 private:
  friend class Manager;
  struct Impl;
  explicit Controller(std::shared_ptr<Impl> impl);
  // Waits for the cache, then works until ctx ends and the passes under way
  // have returned. `passes` is what they see, and may end later than ctx.
  absl::Status Run(const Context& ctx, const Context& passes);

  const std::shared_ptr<Impl> impl_;
};

}  // namespace weir::reconcile
