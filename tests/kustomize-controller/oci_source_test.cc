// An OCIRepository as the source of a Kustomization.

#include <gtest/gtest.h>

#include <string>

#include "tests/kustomize-controller/harness.h"

namespace weir::kustomize_controller {
namespace {

constexpr char kSpec[] = "{sourceRef: {kind: OCIRepository, name: app}}";

Files Colored(const std::string& color) {
  return {{"cm.yaml",
           "{apiVersion: v1, kind: ConfigMap, metadata: {name: colors}, data: "
           "{color: " +
               color + "}}\n"}};
}

class OciSourceTest : public testing::Test {
 protected:
  Harness harness_;
};

TEST_F(OciSourceTest, IsAppliedAndFollowed) {
  harness_.Publish("app", Colored("blue"), "latest@sha256:1", "OCIRepository");
  harness_.ApplyKustomization("app", kSpec);
  harness_.Start();
  harness_.WaitApplied("app", "latest@sha256:1");
  EXPECT_EQ(harness_.ConfigMap("colors")["data"].GetString("color"), "blue");

  harness_.Publish("app", Colored("red"), "latest@sha256:2", "OCIRepository");
  harness_.WaitApplied("app", "latest@sha256:2");
  EXPECT_EQ(harness_.ConfigMap("colors")["data"].GetString("color"), "red");
}

TEST_F(OciSourceTest, AnAbsentDefinitionHarmsNoOther) {
  harness_.Delete({{"apiextensions.k8s.io", "v1", "CustomResourceDefinition"},
                   {"", "ocirepositories.source.toolkit.fluxcd.io"}});
  harness_.ApplyKustomization("oci", kSpec);
  harness_.Publish("app", Colored("blue"), "main@sha1:1");
  harness_.ApplyKustomization("app", "{}");
  harness_.Start();
  harness_.WaitApplied("app", "main@sha1:1");
  EXPECT_EQ(ReadyMessage(harness_.WaitReady("oci", "False", "ArtifactFailed")),
            "unable to get source 'app/app': no matches for kind "
            "\"OCIRepository\" in version \"source.toolkit.fluxcd.io/v1\"");
}

}  // namespace
}  // namespace weir::kustomize_controller
