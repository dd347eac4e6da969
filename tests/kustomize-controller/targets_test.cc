// Where a Kustomization is applied, and as whom.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "absl/strings/match.h"
#include "absl/time/clock.h"
#include "tests/kustomize-controller/harness.h"
#include "tests/support/remote_cluster.h"
#include "weir/base/context.h"

namespace weir::kustomize_controller {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::EndsWith;

constexpr char kRemote[] = "{kubeConfig: {secretRef: {name: remote}}}";
constexpr char kAccount[] = "{serviceAccountName: robot}";
constexpr char kServiceAccount[] =
    "{apiVersion: v1, kind: ServiceAccount, metadata: {name: robot}}";

std::string ConfigMapYaml(const std::string& color) {
  return "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: "
         "{color: " +
         color + "}}\n";
}

class TargetsTest : public testing::Test {
 protected:
  TargetsTest() : harness_("ns") {
    harness_.Publish("app", {{"a.yaml", ConfigMapYaml("blue")}}, "main@sha1:1");
  }
  kube::ObjectRef Ref() { return harness_.Ref("v1", "ConfigMap", "a"); }
  std::string RemoteColor(test::RemoteCluster& remote) {
    const std::optional<Value> found = remote.api().Find(Ref());
    return found.has_value() ? std::string((*found)["data"].GetString("color"))
                             : "";
  }
  void WaitForRemoteColor(test::RemoteCluster& remote,
                          const std::string& color) {
    const absl::Time end = absl::Now() + absl::Seconds(10);
    while (RemoteColor(remote) != color && absl::Now() < end) {
      absl::SleepFor(absl::Milliseconds(5));
    }
    EXPECT_EQ(RemoteColor(remote), color);
  }
  test::RemoteCluster remote_;
  Harness harness_;
};

TEST_F(TargetsTest, AppliesCorrectsAndPrunesOnTheClusterOfAKubeconfig) {
  harness_.Apply(remote_.KubeconfigSecret());
  harness_.ApplyKustomization("app", kRemote);
  harness_.Start();
  harness_.WaitApplied("app", "main@sha1:1");
  EXPECT_EQ(RemoteColor(remote_), "blue");
  EXPECT_TRUE(harness_.ConfigMap("a").is_null());
  remote_.api().Patch(
      Ref(),
      Value::MakeObject({{"data", Value::MakeObject({{"color", "edited"}})}}));
  WaitForRemoteColor(remote_, "blue");
  EXPECT_THAT(remote_.callers(), ElementsAre("robot as "));
  harness_.Delete(harness_.KustomizationRef("app"));
  harness_.WaitFor(harness_.KustomizationRef("app"),
                   [](const Value& object) { return object.is_null(); });
  EXPECT_EQ(remote_.api().Find(Ref()), std::nullopt);
}

TEST_F(TargetsTest, TellsWhatIsWrongWithAKubeconfig) {
  harness_.ApplyKustomization("app", kRemote);
  harness_.Start();
  Value object = harness_.WaitReady("app", "False", "ReconciliationFailed");
  const std::string missing =
      "unable to read KubeConfig secret 'ns/remote' error: secrets \"remote\" "
      "not found";
  EXPECT_EQ(ReadyMessage(object), missing);
  harness_.WaitForEvent("failed to build kube client: " + missing);
  harness_.Apply(remote_.KubeconfigSecret("robot", "other"));
  object = harness_.Request("app", "again");
  EXPECT_EQ(ReadyMessage(object),
            "KubeConfig secret 'ns/remote' does not contain a 'value' key with "
            "a kubeconfig");
  harness_.ApplyKustomization(
      "app", "{kubeConfig: {secretRef: {name: remote, key: none}}}");
  object =
      harness_.WaitFor(harness_.KustomizationRef("app"), [](const Value& seen) {
        return absl::StrContains(ReadyMessage(seen), "'none'");
      });
  EXPECT_EQ(ReadyMessage(object),
            "KubeConfig secret 'ns/remote' does not contain a 'none' key with "
            "a kubeconfig");
  harness_.ApplyKustomization(
      "app", "{kubeConfig: {secretRef: {name: remote, key: other}}}");
  harness_.WaitApplied("app", "main@sha1:1");
}

TEST_F(TargetsTest, GoesWhereANewKubeconfigSays) {
  harness_.Apply(remote_.KubeconfigSecret("robot", "value.yaml"));
  harness_.ApplyKustomization("app", kRemote);
  harness_.Start();
  harness_.WaitApplied("app", "main@sha1:1");
  test::RemoteCluster other;
  harness_.Apply(other.KubeconfigSecret());
  harness_.Request("app", "again");
  EXPECT_EQ(RemoteColor(other), "blue");
  // The old one is not looked at any more.
  remote_.api().Patch(
      Ref(),
      Value::MakeObject({{"data", Value::MakeObject({{"color", "edited"}})}}));
  harness_.Publish("app", {{"a.yaml", ConfigMapYaml("red")}}, "main@sha1:2");
  harness_.WaitApplied("app", "main@sha1:2");
  EXPECT_EQ(RemoteColor(other), "red");
  EXPECT_EQ(RemoteColor(remote_), "edited");
}

TEST_F(TargetsTest, EqualKubeconfigsShareAConnection) {
  harness_.Apply(remote_.KubeconfigSecret());
  harness_.ApplyKustomization("app", kRemote);
  harness_.ApplyKustomization(
      "also", "{kubeConfig: {secretRef: {name: remote}}, namePrefix: also-}");
  harness_.Start();
  harness_.WaitApplied("app", "main@sha1:1");
  harness_.WaitApplied("also", "main@sha1:1");
  EXPECT_EQ(RemoteColor(remote_), "blue");
  harness_.Delete(harness_.KustomizationRef("also"));
  harness_.WaitFor(harness_.KustomizationRef("also"),
                   [](const Value& object) { return object.is_null(); });
  harness_.Publish("app", {{"a.yaml", ConfigMapYaml("red")}}, "main@sha1:2");
  harness_.WaitApplied("app", "main@sha1:2");
  EXPECT_EQ(RemoteColor(remote_), "red");
}

TEST_F(TargetsTest, ActsAsAnAccountOfTheOtherCluster) {
  const std::string user = "system:serviceaccount:ns:robot";
  remote_.Deny(user);
  harness_.Apply(remote_.KubeconfigSecret("admin"));
  harness_.Apply(kServiceAccount);
  harness_.ApplyKustomization("app",
                              "{kubeConfig: {secretRef: {name: remote}}, "
                              "serviceAccountName: robot, retryInterval: 1s}");
  harness_.Start();
  const Value object =
      harness_.WaitReady("app", "False", "ReconciliationFailed");
  EXPECT_EQ(ReadyMessage(object),
            "ConfigMap/ns/a dry-run failed (Forbidden): User \"" + user +
                "\" may not\n");
  EXPECT_THAT(remote_.callers(), Contains("admin as " + user));
  remote_.Deny("");
  harness_.WaitApplied("app", "main@sha1:1");
}

TEST_F(TargetsTest, ActsAsAServiceAccount) {
  harness_.Deny("robot");
  harness_.Apply(kServiceAccount);
  harness_.ApplyKustomization("app", kAccount);
  harness_.Start();
  const Value object =
      harness_.WaitReady("app", "False", "ReconciliationFailed");
  EXPECT_THAT(ReadyMessage(object),
              testing::StartsWith("ConfigMap/ns/a dry-run failed (Forbidden): "
                                  "PATCH configmaps/a dryRun: "
                                  "system:serviceaccount:ns:robot may not"));
  harness_.Deny("");
  harness_.Request("app", "again");
  harness_.WaitApplied("app", "main@sha1:1");
  // What another account did is not taken for done.
  harness_.Deny("other");
  harness_.ApplyKustomization("app", "{serviceAccountName: other}");
  harness_.WaitReady("app", "False", "ReconciliationFailed");
}

TEST_F(TargetsTest, TheDefaultAccountIsForThoseThatNameNone) {
  harness_.options().common.default_service_account = "default";
  harness_.Deny("default");
  harness_.Apply(kServiceAccount);
  harness_.ApplyKustomization("app", "{}");
  harness_.Start();
  harness_.WaitReady("app", "False", "ReconciliationFailed");
  harness_.ApplyKustomization("app", kAccount);
  harness_.WaitApplied("app", "main@sha1:1");
}

TEST_F(TargetsTest, LeavesItsObjectsWhenTheAccountIsGone) {
  harness_.Apply(kServiceAccount);
  harness_.ApplyKustomization("app", kAccount);
  harness_.Start();
  harness_.WaitApplied("app", "main@sha1:1");
  harness_.Delete(harness_.Ref("v1", "ServiceAccount", "robot"));
  harness_.Delete(harness_.KustomizationRef("app"));
  harness_.WaitForEvent("unable to prune objects: \nConfigMap/ns/a");
  harness_.WaitFor(harness_.KustomizationRef("app"),
                   [](const Value& object) { return object.is_null(); });
  EXPECT_FALSE(harness_.ConfigMap("a").is_null());
}

TEST_F(TargetsTest, WaitsForAKubeconfigBeforeItGoes) {
  harness_.Apply(remote_.KubeconfigSecret());
  harness_.options().common.min_retry_delay = absl::Milliseconds(20);
  harness_.ApplyKustomization("app", kRemote);
  harness_.Start();
  harness_.WaitApplied("app", "main@sha1:1");
  harness_.Delete(harness_.Ref("v1", "Secret", "remote"));
  harness_.Delete(harness_.KustomizationRef("app"));
  (void)Context().SleepFor(absl::Milliseconds(200));
  EXPECT_FALSE(harness_.Kustomization("app").is_null());
  harness_.Apply(remote_.KubeconfigSecret());
  harness_.WaitFor(harness_.KustomizationRef("app"),
                   [](const Value& object) { return object.is_null(); });
  EXPECT_EQ(remote_.api().Find(Ref()), std::nullopt);
}

constexpr char kClaim[] = R"(apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: claim}
spec:
  accessModes: [ReadWriteOnce]
  resources: {requests: {storage: 1Gi}}
)";

TEST_F(TargetsTest, ManagesWithRightsInOneNamespace) {
  remote_.DenyWide();
  harness_.Publish("app",
                   {{"a.yaml", ConfigMapYaml("blue")}, {"claim.yaml", kClaim}},
                   "main@sha1:2");
  harness_.Apply(remote_.KubeconfigSecret());
  harness_.ApplyKustomization(
      "app", "{kubeConfig: {secretRef: {name: remote}}, wait: true}");
  harness_.Start();
  harness_.WaitReady("app", "Unknown", "Progressing");
  const kube::ObjectRef claim =
      harness_.Ref("v1", "PersistentVolumeClaim", "claim");
  remote_.api().Patch(
      claim,
      Value::MakeObject({{"status", Value::MakeObject({{"phase", "Bound"}})}}),
      "status");
  harness_.WaitApplied("app", "main@sha1:2");
  // Nobody tells of a change: it is looked for.
  remote_.api().Patch(
      Ref(),
      Value::MakeObject({{"data", Value::MakeObject({{"color", "edited"}})}}));
  harness_.Request("app", "again");
  EXPECT_EQ(RemoteColor(remote_), "blue");
}

TEST_F(TargetsTest, AnAccountSeesNoHealthThatItMayNotRead) {
  harness_.Apply(kServiceAccount);
  harness_.Deny("robot");
  harness_.Publish("app", {}, "main@sha1:2");
  harness_.ApplyKustomization(
      "app",
      "{serviceAccountName: robot, healthChecks: [{apiVersion: v1, kind: "
      "PersistentVolumeClaim, name: claim, namespace: other}]}");
  harness_.Start();
  const Value object = harness_.WaitReady("app", "False", "HealthCheckFailed");
  EXPECT_THAT(ReadyMessage(object),
              testing::HasSubstr("PersistentVolumeClaim/other/claim status: "
                                 "'Unknown': GET"));
}

TEST_F(TargetsTest, DoesNotLogInToClouds) {
  harness_.ApplyKustomization("app",
                              "{kubeConfig: {configMapRef: {name: cloud}}}");
  harness_.Start();
  const Value object = harness_.WaitReady("app", "False", "NotSupported");
  EXPECT_THAT(ReadyMessage(object), EndsWith("spec.kubeConfig.configMapRef"));
}

}  // namespace
}  // namespace weir::kustomize_controller
