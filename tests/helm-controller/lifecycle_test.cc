// Releases from their first installation to their end, on the embedded API
// server.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/helm-controller/harness.h"
#include "weir/value/json.h"

namespace weir::helm_controller {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;

constexpr char kBad[] = R"(apiVersion: v1
kind: ConfigMap
metadata:
  name: Bad_Name
)";

std::string ReasonOf(const Value& object, const char* type) {
  return std::string(ConditionOf(object, type).GetString("reason"));
}

TEST(LifecycleTest, InstallsUpgradesAndUninstalls) {
  Harness harness;
  harness.PublishChart("1.0.0", {{"cm.yaml", kConfigMap}});
  harness.Start();
  harness.ApplyRelease("demo");
  Value release = harness.WaitReleased("demo", "1.0.0");
  EXPECT_EQ(ReadyMessage(release),
            "Helm install succeeded for release app/demo.v1 with chart "
            "demo@1.0.0");
  EXPECT_EQ(FormatJson(release["status"]["inventory"]),
            R"({"entries":[{"id":"app_demo-cm__ConfigMap","v":"v1"}]})");
  EXPECT_EQ(release["status"].GetString("storageNamespace"), "app");
  EXPECT_EQ(release["status"].GetInt("observedGeneration"), 1);

  Value cm = harness.ConfigMap("demo-cm");
  EXPECT_EQ(cm["data"].GetString("color"), "blue");
  EXPECT_EQ(FormatJson(cm["metadata"]["labels"]),
            R"({"app.kubernetes.io/managed-by":"Helm",)"
            R"("helm.toolkit.fluxcd.io/name":"demo",)"
            R"("helm.toolkit.fluxcd.io/namespace":"app"})");
  EXPECT_EQ(FormatJson(cm["metadata"]["annotations"]),
            R"({"meta.helm.sh/release-name":"demo",)"
            R"("meta.helm.sh/release-namespace":"app"})");
  const helm::StoredRelease stored = harness.Revision("demo", 1);
  EXPECT_EQ(stored.manifest(),
            "---\n# Source: demo/templates/cm.yaml\napiVersion: v1\ndata:\n"
            "  color: blue\n  version: 1.0.0\nkind: ConfigMap\nmetadata:\n"
            "  labels:\n    helm.toolkit.fluxcd.io/name: demo\n"
            "    helm.toolkit.fluxcd.io/namespace: app\n  name: demo-cm\n\n");
  EXPECT_EQ(stored.info().GetString("description"), "Install complete");

  harness.PublishChart("1.1.0", {{"cm.yaml", kConfigMap}});
  release = harness.WaitReleased("demo", "1.1.0");
  EXPECT_THAT(harness.Stored("demo"),
              ElementsAre("1 superseded", "2 deployed"));
  EXPECT_EQ(harness.ConfigMap("demo-cm")["data"].GetString("version"), "1.1.0");
  EXPECT_EQ(release["status"]["history"].size(), 2u);
  harness.WaitForEvent(
      "Helm upgrade succeeded for release app/demo.v2 with chart demo@1.1.0");

  harness.Delete(harness.ReleaseRef("demo"));
  harness.WaitFor(harness.ReleaseRef("demo"),
                  [](const Value& object) { return object.is_null(); });
  EXPECT_TRUE(harness.ConfigMap("demo-cm").is_null());
  EXPECT_THAT(harness.Stored("demo"), ElementsAre());
}

TEST(LifecycleTest, NeedsFewRequests) {
  Harness harness;
  Files four;
  for (const char* name : {"a", "b", "c", "d"}) {
    four[std::string(name) + ".yaml"] =
        std::string("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ") +
        name + "}\ndata: {v: '{{ .Chart.Version }}'}\n";
  }
  harness.PublishChart("1.0.0", four);
  harness.Start();
  harness.ApplyRelease("demo");
  harness.WaitReleased("demo", "1.0.0");
  harness.WaitFor(harness.ReleaseRef("demo"), [](const Value& object) {
    return object["status"].GetInt("observedGeneration") == 1;
  });
  EXPECT_LE(harness.TakeRequests().size(), 12u);
  harness.PublishChart("1.1.0", four);
  harness.WaitReleased("demo", "1.1.0");
  EXPECT_LE(harness.TakeRequests().size(), 10u);
}

TEST(LifecycleTest, AsksNothingWhileNothingChanges) {
  Harness harness;
  harness.PublishChart("1.0.0", {{"cm.yaml", kConfigMap}});
  harness.Start();
  harness.ApplyRelease("demo",
                       "{interval: 100ms, driftDetection: {mode: enabled}}");
  harness.WaitReleased("demo", "1.0.0");
  harness.WaitFor(harness.ReleaseRef("demo"), [](const Value& object) {
    return object["status"].GetInt("observedGeneration") == 1;
  });
  // What our own writes woke has passed.
  (void)Context().SleepFor(absl::Milliseconds(300));
  harness.ExpectQuiet(absl::Milliseconds(500));
}

TEST(LifecycleTest, NoticesAtOnceWhatOthersDoToTheStorage) {
  Harness harness;
  harness.PublishChart("1.0.0", {{"cm.yaml", kConfigMap}});
  harness.Start();
  harness.ApplyRelease("demo");
  harness.WaitReleased("demo", "1.0.0");
  const kube::ObjectRef secret =
      harness.Ref("v1", "Secret", helm::ReleaseSecretName("demo", 1));
  const std::string uid(harness.Get(secret)["metadata"].GetString("uid"));
  harness.WaitFor(harness.ReleaseRef("demo"), [](const Value& object) {
    return object["status"].GetInt("observedGeneration") == 1;
  });
  harness.Delete(secret);
  harness.WaitFor(secret, [&](const Value& object) {
    return !object.is_null() && object["metadata"].GetString("uid") != uid;
  });
  harness.WaitReleased("demo", "1.0.0");
}

TEST(LifecycleTest, UpgradesWhenValuesChange) {
  Harness harness;
  harness.PublishChart("1.0.0", {{"cm.yaml", kConfigMap}});
  harness.Apply(R"({apiVersion: v1, kind: ConfigMap, metadata: {name: values,
      labels: {reconcile.fluxcd.io/watch: Enabled}},
      data: {values.yaml: 'color: red'}})");
  harness.Start();
  harness.ApplyRelease("demo",
                       "{valuesFrom: [{kind: ConfigMap, name: values}]}");
  harness.WaitReleased("demo", "1.0.0");
  EXPECT_EQ(harness.ConfigMap("demo-cm")["data"].GetString("color"), "red");
  harness.Patch(harness.Ref("v1", "ConfigMap", "values"),
                "{data: {values.yaml: 'color: green'}}");
  harness.WaitFor(harness.Ref("v1", "ConfigMap", "demo-cm"),
                  [](const Value& object) {
                    return object["data"].GetString("color") == "green";
                  });
}

TEST(LifecycleTest, RemovesWhatTheChartNoLongerHas) {
  Harness harness;
  const std::string extra =
      "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: extra}\n";
  const std::string kept =
      "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: kept, annotations: "
      "{helm.sh/resource-policy: keep}}\n";
  harness.PublishChart(
      "1.0.0",
      {{"cm.yaml", kConfigMap}, {"extra.yaml", extra}, {"kept.yaml", kept}});
  harness.Start();
  harness.ApplyRelease("demo");
  harness.WaitReleased("demo", "1.0.0");
  EXPECT_FALSE(harness.ConfigMap("extra").is_null());
  harness.PublishChart("1.1.0", {{"cm.yaml", kConfigMap}});
  harness.WaitReleased("demo", "1.1.0");
  EXPECT_TRUE(harness.ConfigMap("extra").is_null());
  EXPECT_FALSE(harness.ConfigMap("kept").is_null());
}

// As after two ends of the process in the midst of upgrades: what it goes back
// to must be what was good, not the last that it knows.
TEST(LifecycleTest, TakesUpSeveralRevisionsThatItsStatusDoesNotKnow) {
  Harness harness;
  harness.PublishChart("1.0.0", {{"cm.yaml", kConfigMap}});
  harness.Start();
  const std::string spec =
      "{upgrade: {remediation: {retries: 0, remediateLastFailure: true}}}";
  harness.ApplyRelease("demo", spec);
  harness.WaitReleased("demo", "1.0.0");
  harness.Stop();
  for (const int version : {2, 3}) {
    helm::StoredRelease lost = harness.Revision("demo", 1);
    lost.mutable_json().Set("version", version);
    lost.SetStatus(helm::kFailed, "Release unlocked");
    const Value secret =
        helm::MakeReleaseSecret(lost, "app", absl::Now(), /*is_new=*/true);
    ASSERT_TRUE(harness.client().Create(Context(), secret, {}).ok());
  }
  harness.PublishChart("1.1.0", {{"cm.yaml", kConfigMap}, {"bad.yaml", kBad}});
  harness.Start();
  harness.WaitReady("demo", "False", "RollbackSucceeded");
  EXPECT_THAT(harness.Stored("demo"),
              ElementsAre("1 superseded", "2 failed", "3 failed", "4 failed",
                          "5 deployed"));
  EXPECT_EQ(harness.ConfigMap("demo-cm")["data"].GetString("version"), "1.0.0");
}

TEST(LifecycleTest, RollsAFailedUpgradeBack) {
  Harness harness;
  harness.PublishChart("1.0.0", {{"cm.yaml", kConfigMap}});
  harness.Start();
  harness.ApplyRelease("demo",
                       "{upgrade: {remediation: {retries: 1, "
                       "remediateLastFailure: true}}}");
  harness.WaitReleased("demo", "1.0.0");
  harness.PublishChart("1.1.0", {{"cm.yaml", kConfigMap}, {"bad.yaml", kBad}});
  const Value release =
      harness.WaitFor(harness.ReleaseRef("demo"), [](const Value& object) {
        return ReasonOf(object, "Stalled") == "RetriesExceeded";
      });
  EXPECT_EQ(ConditionOf(release, "Stalled").GetString("message"),
            "Failed to upgrade after 2 attempt(s)");
  EXPECT_EQ(ReadyReason(release), "RollbackSucceeded");
  EXPECT_EQ(release["status"].GetInt("upgradeFailures"), 2);
  EXPECT_THAT(harness.Stored("demo"),
              ElementsAre("1 superseded", "2 failed", "3 superseded",
                          "4 failed", "5 deployed"));
  EXPECT_EQ(harness.ConfigMap("demo-cm")["data"].GetString("version"), "1.0.0");
  harness.WaitForEvent(
      AllOf(Field(&EventText::reason, "UpgradeFailed"),
            Field(&EventText::message,
                  HasSubstr("failed to create resource: server-side apply "
                            "failed for object app/Bad_Name /v1, "
                            "Kind=ConfigMap: "))));
  harness.WaitForEvent(
      "Helm rollback to previous release app/demo.v1 with chart demo@1.0.0 "
      "succeeded");
  // A good chart starts anew.
  harness.PublishChart("1.2.0", {{"cm.yaml", kConfigMap}});
  const Value mended = harness.WaitReleased("demo", "1.2.0");
  EXPECT_FALSE(mended["status"].Has("upgradeFailures"));
  EXPECT_TRUE(ConditionOf(mended, "Stalled").is_null());
}

TEST(LifecycleTest, UninstallsAFailedInstallation) {
  Harness harness;
  harness.PublishChart("1.0.0", {{"cm.yaml", kConfigMap}, {"bad.yaml", kBad}});
  harness.Start();
  harness.ApplyRelease("demo", "{install: {remediation: {retries: 1}}}");
  const Value release =
      harness.WaitFor(harness.ReleaseRef("demo"), [](const Value& object) {
        return ReasonOf(object, "Stalled") == "RetriesExceeded";
      });
  EXPECT_EQ(ConditionOf(release, "Stalled").GetString("message"),
            "Failed to install after 2 attempt(s)");
  EXPECT_EQ(ReadyReason(release), "InstallFailed");
  harness.WaitForEvent(Field(&EventText::reason, "UninstallSucceeded"));
}

TEST(LifecycleTest, CorrectsDriftAtOnce) {
  Harness harness;
  harness.PublishChart("1.0.0", {{"cm.yaml", kConfigMap}});
  harness.Start();
  harness.ApplyRelease("demo", "{driftDetection: {mode: enabled}}");
  harness.WaitReleased("demo", "1.0.0");
  const kube::ObjectRef cm = harness.Ref("v1", "ConfigMap", "demo-cm");
  harness.Patch(cm, "{data: {color: red}}");
  harness.WaitFor(cm, [](const Value& object) {
    return object["data"].GetString("color") == "blue";
  });
  harness.WaitForEvent(
      "Cluster state of release app/demo.v1 has drifted from the desired "
      "state:\nConfigMap/app/demo-cm changed (0 additions, 1 changes, 0 "
      "removals)");
  harness.WaitForEvent(
      "Cluster state of release app/demo.v1 has been corrected:\n"
      "ConfigMap/app/demo-cm configured");
  harness.Delete(cm);
  harness.WaitFor(cm, [](const Value& object) {
    return object["data"].GetString("color") == "blue";
  });
  EXPECT_THAT(harness.Stored("demo"), ElementsAre("1 deployed"));
}

TEST(LifecycleTest, OnlyWarnsOfDrift) {
  Harness harness;
  harness.PublishChart("1.0.0", {{"cm.yaml", kConfigMap}});
  harness.Start();
  harness.ApplyRelease("demo", "{driftDetection: {mode: warn}}");
  harness.WaitReleased("demo", "1.0.0");
  harness.Patch(harness.Ref("v1", "ConfigMap", "demo-cm"),
                "{data: {color: red}}");
  const Value release =
      harness.WaitFor(harness.ReleaseRef("demo"), [](const Value& object) {
        return ReasonOf(object, "Drifted") == "DriftDetected";
      });
  EXPECT_EQ(ConditionOf(release, "Ready").GetString("status"), "True");
  EXPECT_EQ(harness.ConfigMap("demo-cm")["data"].GetString("color"), "red");
}

TEST(LifecycleTest, WaitsForObjectsWithoutAWorker) {
  Harness harness;
  harness.options().common.concurrent = 1;
  const std::string claim = R"(apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: claim}
spec:
  accessModes: [ReadWriteOnce]
  resources: {requests: {storage: 1Gi}}
)";
  harness.PublishChart("1.0.0", {{"claim.yaml", claim}});
  harness.Start();
  harness.ApplyRelease("slow");
  harness.WaitFor(harness.Ref("v1", "PersistentVolumeClaim", "claim"),
                  [](const Value& object) { return !object.is_null(); });
  // The only worker is free for another release.
  harness.ApplyRelease("other",
                       "{install: {disableWait: true}, releaseName: other}");
  harness.WaitFor(harness.ReleaseRef("other"), [](const Value& object) {
    return !ConditionOf(object, "Ready").is_null();
  });
  EXPECT_EQ(ReadyReason(harness.Release("slow")), "Progressing");
  harness.PatchStatus(harness.Ref("v1", "PersistentVolumeClaim", "claim"),
                      "{status: {phase: Bound}}");
  harness.WaitReady("slow", "True", "InstallSucceeded");
}

TEST(LifecycleTest, FailsWhenObjectsDoNotBecomeReady) {
  Harness harness;
  const std::string claim = R"(apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: claim}
spec:
  accessModes: [ReadWriteOnce]
  resources: {requests: {storage: 1Gi}}
)";
  harness.PublishChart("1.0.0", {{"claim.yaml", claim}});
  harness.Start();
  harness.ApplyRelease("demo", "{timeout: 300ms}");
  const Value release =
      harness.WaitFor(harness.ReleaseRef("demo"), [](const Value& object) {
        return ReasonOf(object, "Stalled") == "RetriesExceeded";
      });
  EXPECT_EQ(ReadyMessage(release),
            "Helm install failed for release app/demo with chart demo@1.0.0: "
            "timeout waiting for: [PersistentVolumeClaim/app/claim status: "
            "'InProgress']");
  EXPECT_THAT(harness.Stored("demo"), ElementsAre("1 failed"));
}

TEST(LifecycleTest, TakesOverAReleaseOfTheHelmProgram) {
  Harness harness;
  harness.PublishChart("1.0.0", {{"cm.yaml", kConfigMap}});
  helm::Chart chart;
  chart.metadata.name = "demo";
  chart.metadata.version = "0.9.0";
  chart.metadata.api_version = "v2";
  helm::NewRelease made;
  made.name = "demo";
  made.name_space = "app";
  made.status = helm::kDeployed;
  made.first_deployed = made.last_deployed = absl::FromUnixSeconds(1000);
  made.is_server_side_applied = false;
  made.manifest =
      "---\n# Source: demo/templates/old.yaml\napiVersion: v1\n"
      "kind: ConfigMap\nmetadata:\n  name: old\n";
  harness.Apply("{apiVersion: v1, kind: ConfigMap, metadata: {name: old}}");
  harness.Apply(FormatJson(helm::MakeReleaseSecret(
      helm::MakeRelease(made, chart, Value(), {}), "app", absl::Now(), true)));
  harness.Start();
  harness.ApplyRelease("demo");
  harness.WaitReleased("demo", "1.0.0");
  EXPECT_THAT(harness.Stored("demo"),
              ElementsAre("1 superseded", "2 deployed"));
  EXPECT_TRUE(harness.ConfigMap("old").is_null());
  EXPECT_EQ(harness.Revision("demo", 2).info().GetString("first_deployed"),
            "1970-01-01T00:16:40Z");
}

TEST(LifecycleTest, UnlocksWhatACrashLeftBehind) {
  Harness harness;
  const std::string claim = R"(apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: claim}
spec:
  accessModes: [ReadWriteOnce]
  resources: {requests: {storage: 1Gi}}
)";
  harness.PublishChart("1.0.0", {{"claim.yaml", claim}});
  harness.Start();
  harness.ApplyRelease("demo");
  harness.WaitFor(harness.Ref("v1", "PersistentVolumeClaim", "claim"),
                  [](const Value& object) { return !object.is_null(); });
  harness.Stop();
  EXPECT_THAT(harness.Stored("demo"), ElementsAre("1 pending-install"));
  harness.PatchStatus(harness.Ref("v1", "PersistentVolumeClaim", "claim"),
                      "{status: {phase: Bound}}");
  harness.Start();
  harness.WaitReleased("demo", "1.0.0");
  EXPECT_THAT(harness.Stored("demo"),
              ElementsAre("1 superseded", "2 deployed"));
  harness.WaitForEvent(
      "Unlocked Helm release app/demo.v1 with chart demo@1.0.0 in "
      "pending-install state");
}

TEST(LifecycleTest, RefusesWhatIsNotBuilt) {
  Harness harness;
  harness.PublishChart("1.0.0", {{"cm.yaml", kConfigMap}});
  harness.Start();
  harness.ApplyRelease("demo", "{kubeConfig: {configMapRef: {name: other}}}");
  const Value release = harness.WaitReady("demo", "False", "NotSupported");
  EXPECT_EQ(ReadyMessage(release),
            "field is not supported yet: spec.kubeConfig.configMapRef");
}

TEST(LifecycleTest, WaitsForDependencies) {
  Harness harness;
  harness.PublishChart("1.0.0", {{"cm.yaml", kConfigMap}});
  harness.Start();
  harness.ApplyRelease("top", "{dependsOn: [{name: base}]}");
  const Value waiting = harness.WaitReady("top", "False", "DependencyNotReady");
  EXPECT_EQ(ReadyMessage(waiting),
            "unable to get 'app/base' dependency: "
            "helmreleases.helm.toolkit.fluxcd.io \"base\" not found");
  harness.ApplyRelease("base");
  harness.WaitReady("top", "True", "InstallSucceeded");
}

TEST(LifecycleTest, UninstallsTheOldTarget) {
  Harness harness;
  harness.PublishChart("1.0.0", {{"cm.yaml", kConfigMap}});
  harness.Start();
  harness.ApplyRelease("demo");
  harness.WaitReleased("demo", "1.0.0");
  harness.ApplyRelease("demo", "{releaseName: renamed}");
  harness.WaitFor(harness.Ref("v1", "ConfigMap", "renamed-cm"),
                  [](const Value& object) { return !object.is_null(); });
  harness.WaitReady("demo", "True", "InstallSucceeded");
  EXPECT_TRUE(harness.ConfigMap("demo-cm").is_null());
  EXPECT_THAT(harness.Stored("demo"), ElementsAre());
  EXPECT_THAT(harness.Stored("renamed"), ElementsAre("1 deployed"));
}

TEST(LifecycleTest, TellsOfTemplatesThatFail) {
  Harness harness;
  harness.PublishChart("1.0.0",
                       {{"cm.yaml", "{{ required \"no\" .Values.x }}"}});
  harness.Start();
  harness.ApplyRelease("demo");
  const Value release = harness.WaitReady("demo", "False", "InstallFailed");
  EXPECT_EQ(ReadyMessage(release),
            "Helm install failed for release app/demo with chart demo@1.0.0: "
            "execution error at (demo/templates/cm.yaml:1:3): no");
  EXPECT_THAT(harness.Stored("demo"), ElementsAre());
  // Nothing was stored: it is tried again, and no failure counts.
  EXPECT_FALSE(release["status"].Has("installFailures"));
}

}  // namespace
}  // namespace weir::helm_controller
