#include "tests/kustomize-controller/harness.h"

#include <gtest/gtest.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "weir/value/json.h"
#include "weir/value/patch.h"

namespace weir::kustomize_controller {

Harness::Harness(const std::string& name_space)
    : ControllerHarness(name_space) {
  options_.artifacts = shared_artifacts();
  options_.common.interval_jitter_percentage = 0;
}

void Harness::StartController(reconcile::Manager& manager) {
  auto controller = KustomizeController::Create(manager, options_);
  ASSERT_TRUE(controller.ok()) << controller.status();
  controller_ = *std::move(controller);
}

void Harness::Publish(const std::string& source, const Files& files,
                      const std::string& revision, const std::string& kind) {
  PublishAs(kind, source,
            absl::StrCat("{interval: 10m, url: '",
                         kind == "OCIRepository" ? "oci" : "http",
                         "://host.example/app'}"),
            files, revision);
}

void Harness::ApplyKustomization(const std::string& name,
                                 const std::string& spec) {
  Value object = MustParse(R"(
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {}
spec:
  interval: 10m
  timeout: 30s
  prune: true
  path: ./
  sourceRef: {kind: GitRepository, name: app}
)");
  object.Mutable("metadata").Set("name", name);
  object.Mutable("spec").Set("targetNamespace", name_space());
  object.Set("spec", ApplyMergePatch(object["spec"], MustParse(spec)));
  Apply(FormatJson(object));
}

Value Harness::WaitApplied(const std::string& name,
                           const std::string& revision) const {
  return WaitFor(KustomizationRef(name), [&](const Value& object) {
    return object["status"].GetString("lastAppliedRevision") == revision &&
           ConditionOf(object, "Ready").GetString("status") == "True";
  });
}

}  // namespace weir::kustomize_controller
