// Harness runs the kustomize-controller against the embedded API server.
//
// Touches: process (threads), files in a temporary folder.
// Threads: for one test thread.
#pragma once

#include <memory>
#include <string>

#include "tests/support/controller_harness.h"
#include "weir/kustomize_controller/controller.h"

namespace weir::kustomize_controller {

class Harness : public ControllerHarness {
 public:
  explicit Harness(const std::string& name_space = "app");
  ~Harness() override { Stop(); }

  Options& options() { return options_; }

  // Publishes the files as the artifact of a source of this kind.
  void Publish(const std::string& source, const Files& files,
               const std::string& revision,
               const std::string& kind = "GitRepository");
  // A Kustomization; `spec` is YAML laid over the usual one.
  void ApplyKustomization(const std::string& name, const std::string& spec);
  // Sets requestedAt and waits until it was handled.
  Value Request(const std::string& name, const std::string& at) {
    return ControllerHarness::Request(KustomizationRef(name), at);
  }

  Value Kustomization(const std::string& name) const {
    return Get(KustomizationRef(name));
  }
  kube::ObjectRef KustomizationRef(const std::string& name) const {
    return Ref("kustomize.toolkit.fluxcd.io/v1", "Kustomization", name);
  }
  // Until Ready has this status and, if given, reason.
  Value WaitReady(const std::string& name, const std::string& status,
                  const std::string& reason = "") const {
    return ControllerHarness::WaitReady(KustomizationRef(name), status, reason);
  }
  Value WaitApplied(const std::string& name, const std::string& revision) const;

 protected:
  void StartController(reconcile::Manager& manager) override;
  void StopController() override { controller_.reset(); }

 private:
  Options options_;
  std::unique_ptr<KustomizeController> controller_;
};

}  // namespace weir::kustomize_controller
