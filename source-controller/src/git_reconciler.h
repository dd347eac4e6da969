// GitReconciler reconciles GitRepositories, and wakes those that include
// another one when that has a new artifact.
//
// Touches: as GitPass.
// Threads: Reconcile as reconcile::Reconciler says; Attach once, before.
#pragma once

#include <map>
#include <set>
#include <utility>

#include "src/git_pass.h"
#include "weir/kube/informer.h"
#include "weir/reconcile/controller.h"
#include "weir/reconcile/reconciler.h"

namespace weir::source {

// Which GitRepositories include which.
class IncludeGraph {
 public:
  // Tells what `key` includes now.
  void Set(const kube::ObjectKey& key, std::set<kube::ObjectKey> included);
  // Those that include `key`, but for those that `key` itself includes, by
  // whatever way: they would wake each other for ever.
  std::set<kube::ObjectKey> Includers(const kube::ObjectKey& key) const;

 private:
  std::map<kube::ObjectKey, std::set<kube::ObjectKey>> included_;
};

class GitReconciler : public reconcile::Reconciler {
 public:
  // All that the environment points to must outlive the object. Attach fills
  // in `find`.
  explicit GitReconciler(GitEnvironment environment)
      : env_(std::move(environment)) {}

  // The controller that this reconciler works for.
  void Attach(reconcile::Controller& controller);

  reconcile::Outcome Reconcile(const Context& ctx,
                               const reconcile::Request& request) override;

 private:
  void OnChange(const kube::Change& change);

  GitEnvironment env_;
  reconcile::Controller* controller_ = nullptr;
  IncludeGraph includes_;  // On the informers' thread only.
};

}  // namespace weir::source
