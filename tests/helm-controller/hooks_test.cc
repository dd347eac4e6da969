// Hooks and tests of charts.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "tests/helm-controller/harness.h"

namespace weir::helm_controller {
namespace {

using testing::ElementsAre;

std::string Hook(const std::string& name, const std::string& event,
                 const std::string& policy = "", int weight = 0) {
  return absl::StrCat(
      "apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: ", name,
      "\n  annotations:\n    helm.sh/hook: ", event,
      "\n    helm.sh/hook-weight: '", weight, "'\n",
      policy.empty() ? "" : "    helm.sh/hook-delete-policy: " + policy + "\n",
      "spec:\n  template:\n    spec:\n      restartPolicy: Never\n"
      "      containers: [{name: a, image: a}]\n");
}

void Finish(Harness& harness, const std::string& job, bool succeeds) {
  const kube::ObjectRef ref = harness.Ref("batch/v1", "Job", job);
  harness.WaitFor(ref, [](const Value& object) { return !object.is_null(); });
  harness.PatchStatus(
      ref,
      succeeds
          ? "{status: {startTime: '2026-01-01T00:00:00Z', completionTime: "
            "'2026-01-01T00:00:01Z', succeeded: 1, conditions: [{type: "
            "SuccessCriteriaMet, status: 'True'}, {type: Complete, status: "
            "'True'}]}}"
          : "{status: {startTime: '2026-01-01T00:00:00Z', failed: 1, "
            "conditions: [{type: FailureTarget, status: 'True'}, {type: "
            "Failed, status: 'True'}]}}");
}

TEST(HooksTest, RunInOrderAroundTheObjects) {
  Harness harness;
  harness.PublishChart("1.0.0",
                       {{"cm.yaml", kConfigMap},
                        {"a.yaml", Hook("second", "pre-install", "", 5)},
                        {"b.yaml", Hook("first", "pre-install", "", -5)},
                        {"c.yaml", Hook("last", "post-install")}});
  harness.Start();
  harness.ApplyRelease("demo");
  harness.WaitFor(harness.Ref("batch/v1", "Job", "first"),
                  [](const Value& object) { return !object.is_null(); });
  EXPECT_TRUE(harness.Get(harness.Ref("batch/v1", "Job", "second")).is_null());
  Finish(harness, "first", true);
  harness.WaitFor(harness.Ref("batch/v1", "Job", "second"),
                  [](const Value& object) { return !object.is_null(); });
  EXPECT_TRUE(harness.ConfigMap("demo-cm").is_null());
  Finish(harness, "second", true);
  Finish(harness, "last", true);
  harness.WaitReleased("demo", "1.0.0");
  EXPECT_FALSE(harness.ConfigMap("demo-cm").is_null());
  const helm::StoredRelease stored = harness.Revision("demo", 1);
  ASSERT_EQ(stored.hooks().size(), 3u);
  for (const Value& hook : stored.hooks()) {
    EXPECT_EQ(hook["last_run"].GetString("phase"), "Succeeded");
  }
}

TEST(HooksTest, AFailureEndsTheInstallation) {
  Harness harness;
  harness.PublishChart(
      "1.0.0", {{"cm.yaml", kConfigMap},
                {"pre.yaml", Hook("pre", "pre-install", "hook-failed")}});
  harness.Start();
  harness.ApplyRelease("demo");
  Finish(harness, "pre", false);
  const Value release = harness.WaitReady("demo", "False", "InstallFailed");
  EXPECT_EQ(ReadyMessage(release),
            "Helm install failed for release app/demo with chart demo@1.0.0: "
            "failed pre-install: failed early due to stalled resources: "
            "[Job/app/pre status: 'Failed']");
  EXPECT_TRUE(harness.ConfigMap("demo-cm").is_null());
  EXPECT_THAT(harness.Stored("demo"), ElementsAre("1 failed"));
  harness.WaitFor(harness.Ref("batch/v1", "Job", "pre"),
                  [](const Value& object) { return object.is_null(); });
}

TEST(HooksTest, OldOnesMakeRoom) {
  Harness harness;
  harness.PublishChart("1.0.0", {{"pre.yaml", Hook("pre", "pre-install")}});
  harness.Apply(
      "{apiVersion: batch/v1, kind: Job, metadata: {name: pre, labels: {old: "
      "'1'}}, spec: {template: {spec: {restartPolicy: Never, containers: "
      "[{name: a, image: a}]}}}}");
  harness.Start();
  harness.ApplyRelease("demo");
  harness.WaitFor(
      harness.Ref("batch/v1", "Job", "pre"), [](const Value& object) {
        return !object.is_null() && !object["metadata"]["labels"].Has("old");
      });
  Finish(harness, "pre", true);
  harness.WaitReleased("demo", "1.0.0");
}

constexpr char kTest[] = R"(apiVersion: v1
kind: Pod
metadata:
  name: check
  annotations:
    helm.sh/hook: test
spec:
  restartPolicy: Never
  containers: [{name: a, image: a}]
)";

TEST(TestsTest, SucceedAndFail) {
  Harness harness;
  harness.PublishChart("1.0.0", {{"cm.yaml", kConfigMap}, {"t.yaml", kTest}});
  harness.Start();
  harness.ApplyRelease("demo", "{test: {enable: true}}");
  const kube::ObjectRef pod = harness.Ref("v1", "Pod", "check");
  harness.WaitFor(pod, [](const Value& object) { return !object.is_null(); });
  harness.PatchStatus(pod, "{status: {phase: Succeeded}}");
  Value release = harness.WaitReady("demo", "True", "TestSucceeded");
  EXPECT_EQ(ReadyMessage(release),
            "Helm test succeeded for release app/demo.v1 with chart "
            "demo@1.0.0: 1 test hook completed successfully");
  EXPECT_EQ(
      release["status"]["history"][size_t{0}]["testHooks"]["check"].GetString(
          "phase"),
      "Succeeded");
  harness.PublishChart("1.1.0", {{"cm.yaml", kConfigMap}, {"t.yaml", kTest}});
  harness.WaitFor(pod, [](const Value& object) {
    return object["status"].GetString("phase") == "Pending" ||
           (!object.is_null() &&
            object["status"].GetString("phase") != "Succeeded");
  });
  harness.PatchStatus(pod, "{status: {phase: Failed}}");
  release =
      harness.WaitFor(harness.ReleaseRef("demo"), [](const Value& object) {
        return ConditionOf(object, "Stalled").GetString("reason") ==
               "RetriesExceeded";
      });
  EXPECT_EQ(ReadyReason(release), "TestFailed");
  EXPECT_EQ(ReadyMessage(release),
            "Helm test failed for release app/demo.v2 with chart demo@1.1.0: "
            "failed early due to stalled resources: [Pod/app/check status: "
            "'Failed']");
}

TEST(TestsTest, WithoutHooksAreDone) {
  Harness harness;
  harness.PublishChart("1.0.0", {{"cm.yaml", kConfigMap}});
  harness.Start();
  harness.ApplyRelease("demo", "{test: {enable: true}}");
  const Value release = harness.WaitReady("demo", "True", "TestSucceeded");
  EXPECT_TRUE(release["status"]["history"][size_t{0}]["testHooks"].is_object());
}

}  // namespace
}  // namespace weir::helm_controller
