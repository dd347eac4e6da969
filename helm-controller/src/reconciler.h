// Reconciler decides what a HelmRelease needs: a pass, its deletion, or
// nothing; and keeps the passes that wait.
//
// Touches: network, files, clock, through the environment.
// Threads: safe to share; one key is worked on by one thread at a time.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include "src/deletion.h"
#include "src/environment.h"
#include "src/pass.h"
#include "weir/reconcile/object_memories.h"
#include "weir/reconcile/reconciler.h"

namespace weir::helm_controller {

class Reconciler : public reconcile::Reconciler {
 public:
  explicit Reconciler(std::shared_ptr<Environment> environment);

  reconcile::Outcome Reconcile(const Context& ctx,
                               const reconcile::Request& request) override;

  // Drops all passes. None may be running.
  void ForgetAll();
  // Whether the last pass found, or left, all as it should be.
  bool HasSettled(const kube::ObjectKey& key);

 private:
  // What is kept of a HelmRelease between calls.
  struct Memory {
    Target target;                         // Where it was released last.
    std::unique_ptr<Pass> pass;            // Waiting.
    std::unique_ptr<Deletion> deletion;    // The same.
    std::optional<Settled> settled;        // The last pass, if it succeeded.
    std::atomic<bool> is_settled = false;  // The same, for other threads.
  };

  reconcile::Outcome Start(const Context& ctx,
                           const reconcile::Request& request, Memory& memory);
  reconcile::Outcome Continue(const Context& ctx,
                              const reconcile::Request& request,
                              Memory& memory);
  reconcile::Outcome Delete(const Context& ctx,
                            const reconcile::Request& request, Memory& memory);
  // told: the Event's message.
  reconcile::Outcome Refuse(const Context& ctx,
                            const reconcile::Request& request,
                            StatusDraft draft, absl::string_view reason,
                            const std::string& message,
                            const std::string& told);
  // Whether all is as the last pass left it: then a pass would find nothing.
  bool IsSettled(const Context& ctx, const Plan& plan, const Status& status,
                 const Memory& memory) const;
  // Whether it is still the same cluster.
  bool IsTargetSettled(const Context& ctx, const Plan& plan,
                       const Target& target) const;
  // Wakes the HelmRelease for what others did during its pass: it was not news
  // yet.
  void CatchUp(const Plan& plan, const Memory& memory);

  const std::shared_ptr<Environment> environment_;
  reconcile::ObjectMemories<Memory> memories_;
};

}  // namespace weir::helm_controller
