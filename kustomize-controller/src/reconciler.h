// Reconciler decides what a Kustomization needs: nothing, a pass, or its
// deletion; and keeps the passes that wait.
//
// Touches: network, files, clock, through the environment.
// Threads: safe to share; one key is worked on by one thread at a time.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "src/deletion.h"
#include "src/environment.h"
#include "src/pass.h"
#include "weir/reconcile/object_memories.h"
#include "weir/reconcile/reconciler.h"

namespace weir::kustomize_controller {

class Reconciler : public reconcile::Reconciler {
 public:
  explicit Reconciler(std::shared_ptr<Environment> environment);

  reconcile::Outcome Reconcile(const Context& ctx,
                               const reconcile::Request& request) override;

  // Drops all passes. None may be running.
  void ForgetAll();

 private:
  // What is kept of a Kustomization between calls.
  struct Memory {
    Target target;                       // Where it was applied last.
    std::unique_ptr<Pass> pass;          // Waiting.
    std::unique_ptr<Deletion> deletion;  // The same.
    std::optional<Settled> settled;      // The last pass, if it succeeded.
  };

  reconcile::Outcome Start(const Context& ctx,
                           const reconcile::Request& request, Memory& memory);
  reconcile::Outcome Continue(const Context& ctx,
                              const reconcile::Request& request,
                              Memory& memory);
  reconcile::Outcome Delete(const Context& ctx,
                            const reconcile::Request& request, Memory& memory);
  reconcile::Outcome Suspend(const Context& ctx,
                             const reconcile::Request& request,
                             StatusDraft draft);
  reconcile::Outcome Refuse(const Context& ctx,
                            const reconcile::Request& request,
                            StatusDraft draft, absl::string_view reason,
                            const std::string& message);
  // Whether all is as the last pass left it: then a pass would find nothing.
  bool IsSettled(const Context& ctx, const Plan& plan, const StatusDraft& draft,
                 const Memory& memory) const;
  // Whether it is still the same cluster and account.
  bool IsTargetSettled(const Context& ctx, const Plan& plan,
                       const Target& target) const;
  bool AreVariablesSettled(const Context& ctx, const Plan& plan,
                           const Settled& settled) const;

  const std::shared_ptr<Environment> environment_;
  reconcile::ObjectMemories<Memory> memories_;
};

}  // namespace weir::kustomize_controller
