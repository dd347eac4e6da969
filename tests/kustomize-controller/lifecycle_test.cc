// From a source to objects in the cluster and back: apply, update, prune,
// drift, deletion, suspension.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/kustomize-controller/harness.h"

namespace weir::kustomize_controller {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

std::string ConfigMapYaml(const std::string& name, const std::string& color) {
  return "{apiVersion: v1, kind: ConfigMap, metadata: {name: " + name +
         "}, data: {color: " + color + "}}\n";
}

class LifecycleTest : public testing::Test {
 protected:
  void Install(const Files& files, const std::string& spec = "{}") {
    harness_.Publish("app", files, "main@sha1:1");
    harness_.ApplyKustomization("app", spec);
    harness_.Start();
    harness_.WaitApplied("app", "main@sha1:1");
  }
  std::vector<std::string> InventoryIds() {
    std::vector<std::string> ids;
    const Value object = harness_.Kustomization("app");
    for (const Value& entry :
         object["status"]["inventory"]["entries"].array()) {
      ids.emplace_back(entry.GetString("id"));
    }
    return ids;
  }
  Harness harness_;
};

TEST_F(LifecycleTest, AppliesWithFewRequests) {
  Install({{"a.yaml", ConfigMapYaml("a", "blue")},
           {"b.yaml", ConfigMapYaml("b", "blue")},
           {"c.yaml", ConfigMapYaml("c", "blue")},
           {"d.yaml", ConfigMapYaml("d", "blue")}});
  const Value object = harness_.Kustomization("app");
  EXPECT_EQ(ReadyReason(object), "ReconciliationSucceeded");
  EXPECT_EQ(ReadyMessage(object), "Applied revision: main@sha1:1");
  EXPECT_TRUE(ConditionOf(object, "Reconciling").is_null());
  EXPECT_EQ(object["status"].GetInt("observedGeneration"), 1);
  EXPECT_EQ(object["status"].GetString("lastAttemptedRevision"), "main@sha1:1");
  EXPECT_EQ(object["status"]["history"].size(), 1u);
  EXPECT_EQ(
      object["status"]["history"].array()[0].GetString("lastReconciledStatus"),
      "ReconciliationSucceeded");
  EXPECT_THAT(InventoryIds(),
              ElementsAre("app_a__ConfigMap", "app_b__ConfigMap",
                          "app_c__ConfigMap", "app_d__ConfigMap"));
  const Value map = harness_.ConfigMap("a");
  EXPECT_EQ(map["data"].GetString("color"), "blue");
  EXPECT_EQ(
      map["metadata"]["labels"].GetString("kustomize.toolkit.fluxcd.io/name"),
      "app");
  EXPECT_THAT(harness_.TakeRequests(),
              UnorderedElementsAre(
                  "PATCH kustomizations/app", "PATCH configmaps/a dryRun",
                  "PATCH configmaps/b dryRun", "PATCH configmaps/c dryRun",
                  "PATCH configmaps/d dryRun", "PATCH configmaps/a",
                  "PATCH configmaps/b", "PATCH configmaps/c",
                  "PATCH configmaps/d", "PATCH kustomizations/app/status"));
  harness_.WaitForEvent(
      "ConfigMap/app/a created\nConfigMap/app/b created\n"
      "ConfigMap/app/c created\nConfigMap/app/d created");
  harness_.WaitForEvent(
      testing::Field(&EventText::reason, "ReconciliationSucceeded"));
}

TEST_F(LifecycleTest, TouchesOnlyWhatANewRevisionChanges) {
  Install({{"a.yaml", ConfigMapYaml("a", "blue")},
           {"b.yaml", ConfigMapYaml("b", "blue")}});
  harness_.TakeRequests();
  harness_.Publish("app",
                   {{"a.yaml", ConfigMapYaml("a", "red")},
                    {"b.yaml", ConfigMapYaml("b", "blue")}},
                   "main@sha1:2");
  harness_.WaitApplied("app", "main@sha1:2");
  EXPECT_EQ(harness_.ConfigMap("a")["data"].GetString("color"), "red");
  EXPECT_THAT(harness_.TakeRequests(),
              ElementsAre("PATCH configmaps/a dryRun", "PATCH configmaps/a",
                          "PATCH kustomizations/app/status"));
  harness_.WaitForEvent("ConfigMap/app/a configured");
}

TEST_F(LifecycleTest, PrunesWhatLeftTheSource) {
  Install({{"a.yaml", ConfigMapYaml("a", "blue")},
           {"b.yaml", ConfigMapYaml("b", "blue")}});
  harness_.Publish("app", {{"a.yaml", ConfigMapYaml("a", "blue")}},
                   "main@sha1:2");
  harness_.WaitApplied("app", "main@sha1:2");
  EXPECT_TRUE(harness_.ConfigMap("b").is_null());
  EXPECT_THAT(InventoryIds(), ElementsAre("app_a__ConfigMap"));
}

TEST_F(LifecycleTest, AnEmptyBuildPrunesEverything) {
  Install({{"app/a.yaml", ConfigMapYaml("a", "blue")}}, "{path: ./app}");
  harness_.Publish("app", {{"app/README.md", "empty\n"}}, "main@sha1:2");
  const Value object = harness_.WaitApplied("app", "main@sha1:2");
  EXPECT_TRUE(harness_.ConfigMap("a").is_null());
  EXPECT_THAT(InventoryIds(), IsEmpty());
  EXPECT_EQ(
      object["status"]["history"].array()[0].GetString("digest").substr(0, 14),
      "sha256:e3b0c44");
}

TEST_F(LifecycleTest, CorrectsDriftAtOnce) {
  Install({{"a.yaml", ConfigMapYaml("a", "blue")},
           {"b.yaml", ConfigMapYaml("b", "blue")}});
  harness_.Patch(harness_.Ref("v1", "ConfigMap", "a"),
                 "{data: {color: green, extra: kept}}");
  harness_.WaitFor(harness_.Ref("v1", "ConfigMap", "a"), [](const Value& map) {
    return map["data"].GetString("color") == "blue" &&
           map["data"].GetString("extra") == "kept";
  });
  harness_.Delete(harness_.Ref("v1", "ConfigMap", "b"));
  harness_.WaitFor(harness_.Ref("v1", "ConfigMap", "b"), [](const Value& map) {
    return map["data"].GetString("color") == "blue";
  });
}

TEST_F(LifecycleTest, ARequestedPassWithNothingToDoWritesStatusOnly) {
  Install({{"a.yaml", ConfigMapYaml("a", "blue")}});
  harness_.TakeRequests();
  const Value object = harness_.Request("app", "now");
  EXPECT_EQ(
      object["status"]["history"].array()[0].GetInt("totalReconciliations"), 2);
  EXPECT_THAT(harness_.TakeRequests(),
              ElementsAre("PATCH kustomizations/app/status"));
}

TEST_F(LifecycleTest, AnIntervalWithoutAChangeAsksNothing) {
  Install({{"a.yaml", ConfigMapYaml("a", "blue")}}, "{interval: 100ms}");
  harness_.ExpectQuiet(absl::Milliseconds(400));
}

TEST_F(LifecycleTest, DeletionTakesTheObjects) {
  Install({{"a.yaml", ConfigMapYaml("a", "blue")},
           {"b.yaml", ConfigMapYaml("b", "blue")}});
  harness_.Delete(harness_.KustomizationRef("app"));
  harness_.WaitFor(harness_.KustomizationRef("app"),
                   [](const Value& object) { return object.is_null(); });
  EXPECT_TRUE(harness_.ConfigMap("a").is_null());
  EXPECT_TRUE(harness_.ConfigMap("b").is_null());
  harness_.WaitForEvent("ConfigMap/app/b deleted\nConfigMap/app/a deleted");
}

TEST_F(LifecycleTest, ASuspendedOneKeepsItsObjects) {
  Install({{"a.yaml", ConfigMapYaml("a", "blue")}});
  harness_.Patch(harness_.KustomizationRef("app"), "{spec: {suspend: true}}");
  harness_.WaitFor(harness_.KustomizationRef("app"), [](const Value& object) {
    return object["status"].GetInt("observedGeneration") == 2;
  });
  harness_.Delete(harness_.KustomizationRef("app"));
  harness_.WaitFor(harness_.KustomizationRef("app"),
                   [](const Value& object) { return object.is_null(); });
  EXPECT_FALSE(harness_.ConfigMap("a").is_null());
}

TEST_F(LifecycleTest, GoesOnAfterARestart) {
  Install({{"a.yaml", ConfigMapYaml("a", "blue")}});
  const Value before = harness_.Kustomization("app");
  harness_.Stop();
  harness_.Publish("app", {{"b.yaml", ConfigMapYaml("b", "blue")}},
                   "main@sha1:2");
  harness_.Start();
  harness_.WaitApplied("app", "main@sha1:2");
  EXPECT_TRUE(harness_.ConfigMap("a").is_null());
  EXPECT_FALSE(harness_.ConfigMap("b").is_null());
}

}  // namespace
}  // namespace weir::kustomize_controller
