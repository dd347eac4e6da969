// Harness runs the helm-controller against the embedded API server.
//
// Touches: process (threads), files in a temporary folder.
// Threads: for one test thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tests/support/controller_harness.h"
#include "weir/helm/stored_release.h"
#include "weir/helm_controller/controller.h"

namespace weir::helm_controller {

class Harness : public ControllerHarness {
 public:
  explicit Harness(const std::string& name_space = "app");
  ~Harness() override { Stop(); }

  Options& options() { return options_; }

  // Publishes a chart of these templates ("cm.yaml") as the ExternalArtifact
  // "chart".
  void PublishChart(const std::string& version, const Files& templates,
                    const std::string& values = "color: blue\n");
  // A HelmRelease of that chart; `spec` is YAML laid over the usual one.
  void ApplyRelease(const std::string& name, const std::string& spec = "{}");

  kube::ObjectRef ReleaseRef(const std::string& name) const {
    return Ref("helm.toolkit.fluxcd.io/v2", "HelmRelease", name);
  }
  Value Release(const std::string& name) const { return Get(ReleaseRef(name)); }
  Value WaitReady(const std::string& name, const std::string& status,
                  const std::string& reason = "") const {
    return ControllerHarness::WaitReady(ReleaseRef(name), status, reason);
  }
  // Until it is ready with this version of the chart.
  Value WaitReleased(const std::string& name, const std::string& version) const;
  // Status of the revisions that are stored, from the first: "superseded".
  std::vector<std::string> Stored(const std::string& release) const;
  helm::StoredRelease Revision(const std::string& release, int version) const;

 protected:
  void StartController(reconcile::Manager& manager) override;
  void StopController() override { controller_.reset(); }

 private:
  Options options_;
  std::unique_ptr<HelmController> controller_;
};

// A ConfigMap of the release, which shows a value.
inline constexpr char kConfigMap[] = R"(apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}-cm
data:
  color: {{ .Values.color }}
  version: {{ .Chart.Version | quote }}
)";

}  // namespace weir::helm_controller
