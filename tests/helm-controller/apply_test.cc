// How objects of a release reach the cluster: on the server, or as Helm 3 did.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/helm-controller/harness.h"
#include "weir/value/json.h"

namespace weir::helm_controller {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::MatchesRegex;

constexpr char kClientSide[] = "{install: {serverSideApply: false}}";

// A Deployment with a container for each of the values.
constexpr char kDeployment[] = R"(apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      {{- range .Values.containers }}
      - {name: {{ . }}, image: "example.com/{{ . }}:{{ $.Chart.Version }}"}
      {{- end }}
)";

// "manager operation" of each entry.
std::vector<std::string> Managers(const Value& object) {
  std::vector<std::string> out;
  for (const Value& entry : object["metadata"]["managedFields"].array()) {
    out.push_back(absl::StrCat(entry.GetString("manager"), " ",
                               entry.GetString("operation")));
  }
  return out;
}

class ApplyTest : public testing::Test {
 protected:
  // "name=image" of each container of the Deployment.
  std::vector<std::string> Containers() {
    std::vector<std::string> out;
    const Value object = harness_.Get(Deployment());
    for (const Value& one :
         object["spec"]["template"]["spec"]["containers"].array()) {
      out.push_back(
          absl::StrCat(one.GetString("name"), "=", one.GetString("image")));
    }
    return out;
  }
  kube::ObjectRef Deployment() {
    return harness_.Ref("apps/v1", "Deployment", "web");
  }
  std::string Method(int version) {
    return std::string(
        harness_.Revision("demo", version).json().GetString("apply_method"));
  }
  Harness harness_;
};

TEST_F(ApplyTest, OfTheClientChangesWhatTheManifestChanged) {
  harness_.PublishChart("1.0.0", {{"web.yaml", kDeployment}},
                        "containers: [a, b]\n");
  harness_.Start();
  harness_.ApplyRelease("demo",
                        "{install: {serverSideApply: false, disableWait: "
                        "true}, upgrade: {disableWait: true}}");
  harness_.WaitReleased("demo", "1.0.0");
  EXPECT_EQ(Method(1), "csa");
  EXPECT_THAT(Managers(harness_.Get(Deployment())),
              ElementsAre("helm-controller Update"));
  EXPECT_THAT(Containers(),
              ElementsAre("a=example.com/a:1.0.0", "b=example.com/b:1.0.0"));
  // Somebody else has a container of theirs, and scales.
  harness_.Patch(
      Deployment(),
      "{spec: {replicas: 3, template: {spec: {containers: [{name: a, image: "
      "'example.com/a:1.0.0'}, {name: side, image: side}, {name: b, image: "
      "'example.com/b:1.0.0'}]}}}}");
  harness_.PublishChart("1.1.0", {{"web.yaml", kDeployment}},
                        "containers: [a, c]\n");
  harness_.WaitReleased("demo", "1.1.0");
  EXPECT_EQ(Method(2), "csa");
  EXPECT_THAT(Containers(), ElementsAre("a=example.com/a:1.1.0",
                                        "c=example.com/c:1.1.0", "side=side"));
  EXPECT_EQ(harness_.Get(Deployment())["spec"].GetInt("replicas"), 1);
}

TEST_F(ApplyTest, BecomesThatOfTheServerWhenTheSpecSaysSo) {
  harness_.PublishChart("1.0.0", {{"cm.yaml", kConfigMap}});
  harness_.Start();
  harness_.ApplyRelease("demo", kClientSide);
  harness_.WaitReleased("demo", "1.0.0");
  const std::string without_color =
      "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: demo-cm}\n"
      "data: {version: {{ .Chart.Version | quote }}}\n";
  harness_.ApplyRelease("demo", "{upgrade: {serverSideApply: enabled}}");
  harness_.PublishChart("1.1.0", {{"cm.yaml", without_color}});
  harness_.WaitReleased("demo", "1.1.0");
  EXPECT_THAT(Managers(harness_.ConfigMap("demo-cm")),
              ElementsAre("helm-controller Apply"));
  EXPECT_EQ(FormatJson(harness_.ConfigMap("demo-cm")["data"]),
            R"({"version":"1.1.0"})");
  // And back: what follows is as the last release was, unless it is said.
  harness_.ApplyRelease("demo", "{upgrade: {serverSideApply: disabled}}");
  harness_.PublishChart("1.2.0", {{"cm.yaml", kConfigMap}});
  harness_.WaitReleased("demo", "1.2.0");
  const helm::StoredRelease newest = harness_.Revision(
      "demo", static_cast<int>(harness_.Stored("demo").size()));
  EXPECT_FALSE(newest.is_server_side_applied());
}

TEST_F(ApplyTest, OfTheClientReplacesByForce) {
  harness_.PublishChart("1.0.0", {{"cm.yaml", kConfigMap}});
  harness_.Start();
  harness_.ApplyRelease(
      "demo", "{install: {serverSideApply: false}, upgrade: {force: true}}");
  harness_.WaitReleased("demo", "1.0.0");
  harness_.Patch(harness_.Ref("v1", "ConfigMap", "demo-cm"),
                 "{data: {more: text}}");
  harness_.PublishChart("1.1.0", {{"cm.yaml", kConfigMap}});
  harness_.WaitReleased("demo", "1.1.0");
  EXPECT_EQ(FormatJson(harness_.ConfigMap("demo-cm")["data"]),
            R"({"color":"blue","version":"1.1.0"})");
}

TEST_F(ApplyTest, OfTheClientKeepsWhatItTakesOver) {
  harness_.Apply(
      "{apiVersion: v1, kind: ConfigMap, metadata: {name: demo-cm}, data: "
      "{color: old, more: text}}");
  harness_.PublishChart("1.0.0", {{"cm.yaml", kConfigMap}});
  harness_.Start();
  harness_.ApplyRelease("demo", kClientSide);
  harness_.WaitReleased("demo", "1.0.0");
  EXPECT_EQ(FormatJson(harness_.ConfigMap("demo-cm")["data"]),
            R"({"color":"blue","more":"text","version":"1.0.0"})");
}

TEST_F(ApplyTest, OfTheClientIsCorrectedByTheClient) {
  harness_.PublishChart("1.0.0", {{"cm.yaml", kConfigMap}});
  harness_.Start();
  harness_.ApplyRelease("demo",
                        "{install: {serverSideApply: false}, driftDetection: "
                        "{mode: enabled}}");
  harness_.WaitReleased("demo", "1.0.0");
  const kube::ObjectRef cm = harness_.Ref("v1", "ConfigMap", "demo-cm");
  harness_.Patch(cm, "{data: {color: red, more: text}}");
  const Value object = harness_.WaitFor(cm, [](const Value& seen) {
    return seen["data"].GetString("color") == "blue";
  });
  EXPECT_EQ(object["data"].GetString("more"), "text");
  EXPECT_THAT(Managers(object),
              testing::Not(testing::Contains("helm-controller Apply")));
}

TEST_F(ApplyTest, IsOfTheClientWithTheDefaultsOfHelm3) {
  EXPECT_TRUE(harness_.options()
                  .common.feature_gates
                  .Parse("ExternalArtifact=true,UseHelm3Defaults=true")
                  .ok());
  harness_.PublishChart("1.0.0", {{"cm.yaml", kConfigMap}});
  harness_.Start();
  harness_.ApplyRelease("demo");
  harness_.WaitReleased("demo", "1.0.0");
  EXPECT_EQ(Method(1), "csa");
  harness_.ApplyRelease("other", "{install: {serverSideApply: true}}");
  harness_.WaitReleased("other", "1.0.0");
  EXPECT_TRUE(harness_.Revision("other", 1).is_server_side_applied());
}

TEST_F(ApplyTest, ResolvesHostsWhenThatIsAllowed) {
  const std::string text =
      "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: demo-cm}\n"
      "data: {address: {{ getHostByName \"127.0.0.1\" | quote }}}\n";
  harness_.PublishChart("1.0.0", {{"cm.yaml", text}});
  EXPECT_TRUE(harness_.options()
                  .common.feature_gates
                  .Parse("ExternalArtifact=true,AllowDNSLookups=true")
                  .ok());
  harness_.Start();
  harness_.ApplyRelease("demo");
  harness_.WaitReleased("demo", "1.0.0");
  EXPECT_EQ(harness_.ConfigMap("demo-cm")["data"].GetString("address"),
            "127.0.0.1");
}

TEST_F(ApplyTest, EventsOfFailuresEndWithHelmsLog) {
  harness_.PublishChart("1.0.0", {{"cm.yaml", kConfigMap}});
  harness_.Start();
  harness_.ApplyRelease("demo");
  harness_.WaitReleased("demo", "1.0.0");
  harness_.PublishChart(
      "1.1.0",
      {{"bad.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: Bad}\n"},
       {"cm.yaml", kConfigMap}});
  const std::string time = "20[0-9-]+T[0-9:.]+Z: ";
  harness_.WaitForEvent(AllOf(
      Field(&EventText::reason, "UpgradeFailed"),
      Field(
          &EventText::message,
          MatchesRegex(absl::StrCat(
              "Helm upgrade failed for release app/demo with chart "
              "demo@1.1.0: failed to create resource: [^\n]*\n\nLast Helm "
              "logs:\n\n",
              time, "preparing upgrade: .\"name\":\"demo\".\n", time,
              "resetting values to the chart's original version: ..\n", time,
              "determined release apply method: "
              ".\"previous_release_apply_method\":\"ssa\",\"server_side_"
              "apply\":true.\n",
              time, "performing update: .\"name\":\"demo\".\n", time,
              "creating upgraded release: .\"name\":\"demo\".\n", time,
              "using server-side apply for resource creation: "
              ".\"dryRun\":false,\"fieldValidationDirective\":\"Strict\","
              "\"forceConflicts\":true.\n",
              time,
              "using server-side apply for resource update: "
              ".\"dryRun\":false,\"fieldValidationDirective\":\"Strict\","
              "\"forceConflicts\":true,\"upgradeClientSideFieldManager\":"
              "false.\n",
              time, "checking resources for changes: .\"resources\":2.\n", time,
              "Error creating resource via patch: .\"error\":..,\"gvk\":\"/v1, "
              "Kind=ConfigMap\",\"name\":\"Bad\",\"namespace\":\"app\".\n",
              time,
              "warning: upgrade failed: .\"error\":..,\"name\":\"demo\".")))));
  const Value release = harness_.Release("demo");
  EXPECT_THAT(ReadyMessage(release), testing::Not(HasSubstr("Helm logs")));
}

constexpr char kClaim[] = R"(apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: claim}
spec:
  accessModes: [ReadWriteOnce]
  resources: {requests: {storage: 1Gi}}
)";

TEST_F(ApplyTest, ANewRevisionCancelsTheWaitWhereThatIsAskedFor) {
  EXPECT_TRUE(
      harness_.options()
          .common.feature_gates
          .Parse("ExternalArtifact=true,CancelHealthCheckOnNewRevision=true")
          .ok());
  harness_.PublishChart("1.0.0", {{"cm.yaml", kConfigMap}});
  harness_.Start();
  harness_.ApplyRelease("demo", "{timeout: 5m}");
  harness_.WaitReleased("demo", "1.0.0");
  harness_.PublishChart("1.1.0",
                        {{"cm.yaml", kConfigMap}, {"claim.yaml", kClaim}});
  harness_.WaitFor(harness_.Ref("v1", "PersistentVolumeClaim", "claim"),
                   [](const Value& object) { return !object.is_null(); });
  harness_.PublishChart("1.2.0", {{"cm.yaml", kConfigMap}});
  harness_.WaitReleased("demo", "1.2.0");
  harness_.WaitForEvent(
      "Health checks canceled due to new reconciliation triggered by "
      "ExternalArtifact/app/chart");
  EXPECT_THAT(harness_.Stored("demo"),
              ElementsAre("1 superseded", "2 failed", "3 deployed"));
}

TEST_F(ApplyTest, AChangedSecretCancelsTheWaitToo) {
  EXPECT_TRUE(
      harness_.options()
          .common.feature_gates
          .Parse("ExternalArtifact=true,CancelHealthCheckOnNewRevision=true")
          .ok());
  const std::string secret =
      "{apiVersion: v1, kind: Secret, metadata: {name: values, labels: "
      "{reconcile.fluxcd.io/watch: Enabled}}, stringData: {values.yaml: 'x: ";
  harness_.Apply(secret + "1'}}");
  harness_.PublishChart("1.0.0", {{"claim.yaml", kClaim}});
  harness_.Start();
  harness_.ApplyRelease(
      "demo", "{timeout: 5m, valuesFrom: [{kind: Secret, name: values}]}");
  harness_.WaitFor(harness_.Ref("v1", "PersistentVolumeClaim", "claim"),
                   [](const Value& object) { return !object.is_null(); });
  harness_.WaitReady("demo", "Unknown", "Progressing");
  harness_.Apply(secret + "2'}}");
  harness_.WaitForEvent(
      "Health checks canceled due to new reconciliation triggered by "
      "Secret/app/values");
}

TEST_F(ApplyTest, AnUpgradeOfOneObjectTakesSixRequests) {
  harness_.PublishChart("1.0.0", {{"cm.yaml", kConfigMap}});
  harness_.Start();
  harness_.ApplyRelease("demo");
  harness_.WaitReleased("demo", "1.0.0");
  harness_.TakeRequests();
  harness_.PublishChart("1.1.0", {{"cm.yaml", kConfigMap}});
  harness_.WaitReleased("demo", "1.1.0");
  EXPECT_THAT(harness_.TakeRequests(),
              ElementsAre("POST secrets", "PATCH configmaps/demo-cm",
                          "PUT secrets/sh.helm.release.v1.demo.v2",
                          "PUT secrets/sh.helm.release.v1.demo.v1",
                          "PATCH helmreleases/demo/status"))
      << "and a list of the revisions";
}

}  // namespace
}  // namespace weir::helm_controller
