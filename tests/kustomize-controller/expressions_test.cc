// CEL expressions of a Kustomization: readyExpr and healthCheckExprs.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/kustomize-controller/harness.h"

namespace weir::kustomize_controller {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

std::string ConfigMapYaml(const std::string& name) {
  return "{apiVersion: v1, kind: ConfigMap, metadata: {name: " + name +
         "}, data: {phase: Busy}}\n";
}

class ExpressionsTest : public testing::Test {
 protected:
  void Start(const std::string& base, const std::string& app) {
    harness_.Publish("app",
                     {{"a/a.yaml", ConfigMapYaml("a")},
                      {"b/b.yaml", ConfigMapYaml("b")},
                      {"bad/c.yaml", ConfigMapYaml("Bad_Name")}},
                     "main@sha1:1");
    harness_.ApplyKustomization("base", base);
    harness_.ApplyKustomization("app", app);
    harness_.Start();
  }
  // Until the health of app's objects is looked at.
  void WaitUntilChecked() {
    harness_.WaitFor(harness_.KustomizationRef("app"), [](const Value& object) {
      return ConditionOf(object, "Healthy").GetString("status") == "Unknown";
    });
  }
  Harness harness_;
};

constexpr char kSameStage[] =
    "{path: ./b, dependsOn: [{name: base, readyExpr: \"dep.metadata."
    "labels['stage'] == self.metadata.labels['stage']\"}]}";

TEST_F(ExpressionsTest, AReadyExprSeesBothObjects) {
  Start("{path: ./a}", kSameStage);
  Value object = harness_.WaitReady("app", "False", "DependencyNotReady");
  EXPECT_EQ(ReadyMessage(object),
            "failed to evaluate the CEL expression 'dep.metadata.labels["
            "'stage'] == self.metadata.labels['stage']': no such key: labels");
  harness_.Patch(harness_.KustomizationRef("app"),
                 "{metadata: {labels: {stage: two}}}");
  harness_.Patch(harness_.KustomizationRef("base"),
                 "{metadata: {labels: {stage: one}}}");
  object = harness_.Request("app", "r1");
  EXPECT_EQ(ReadyMessage(object),
            "dependency 'app/base' is not ready according to readyExpr eval");
  harness_.Patch(harness_.KustomizationRef("base"),
                 "{metadata: {labels: {stage: two}}}");
  harness_.Request("app", "r2");
  harness_.WaitApplied("app", "main@sha1:1");
}

TEST_F(ExpressionsTest, AReadyExprReplacesTheOtherChecks) {
  Start("{path: ./bad}",
        "{path: ./b, dependsOn: [{name: base, readyExpr: 'true'}]}");
  harness_.WaitApplied("app", "main@sha1:1");
  harness_.WaitReady("base", "False");
}

TEST_F(ExpressionsTest, ByAGateAReadyExprIsAnotherCheck) {
  harness_.options().common.feature_gates.Set("AdditiveCELDependencyCheck",
                                              true);
  Start("{path: ./bad}",
        "{path: ./b, dependsOn: [{name: base, readyExpr: 'true'}]}");
  const Value object = harness_.WaitReady("app", "False", "DependencyNotReady");
  EXPECT_EQ(ReadyMessage(object), "dependency 'app/base' is not ready");
}

TEST_F(ExpressionsTest, AReadyExprThatIsNoBoolStallsTheKustomization) {
  Start("{path: ./a}",
        "{path: ./b, dependsOn: [{name: base, readyExpr: dep.status.ready}]}");
  const Value object =
      harness_.WaitReady("app", "False", "InvalidCELExpression");
  EXPECT_EQ(ReadyMessage(object),
            "Reconciliation failed terminally due to configuration error: "
            "terminal error: failed to evaluate dependency base: CEL "
            "expression output type mismatch: expected bool, got dyn");
  EXPECT_EQ(ConditionOf(object, "Stalled").GetString("reason"),
            "InvalidCELExpression");
  EXPECT_EQ(object["status"].GetInt("observedGeneration"), 1);
}

constexpr char kPhase[] =
    "{path: ./b, wait: true, healthCheckExprs: [{apiVersion: v1, kind: "
    "ConfigMap, inProgress: \"data.phase == 'Busy'\", failed: \"data.phase == "
    "'Broken'\", current: \"data.phase == 'Done'\"}]}";

TEST_F(ExpressionsTest, AHealthCheckExprDecidesByAnyField) {
  Start("{path: ./a}", kPhase);
  WaitUntilChecked();
  // As another manager, which the controller leaves the field to.
  harness_.Patch(harness_.Ref("v1", "ConfigMap", "b"),
                 "{metadata: {annotations: {kustomize.toolkit.fluxcd.io/"
                 "reconcile: disabled}}, data: {phase: Done}}");
  harness_.WaitReady("app", "True");
  // Not the status: the annotation wakes another pass, which leaves b alone.
  harness_.WaitForEvent(
      testing::Field(&EventText::message, HasSubstr("Health check passed")));
}

TEST_F(ExpressionsTest, AFailedExprFailsTheCheckAtOnce) {
  Start("{path: ./a}", kPhase);
  WaitUntilChecked();
  harness_.Patch(harness_.Ref("v1", "ConfigMap", "b"),
                 "{metadata: {annotations: {kustomize.toolkit.fluxcd.io/"
                 "reconcile: disabled}}, data: {phase: Broken}}");
  // Not the status: the annotation wakes another pass, which leaves b alone.
  harness_.WaitForEvent(testing::AllOf(
      testing::Field(&EventText::reason, "HealthCheckFailed"),
      testing::Field(&EventText::message,
                     HasSubstr("failed early due to stalled resources: "
                               "[ConfigMap/app/b status: 'Failed']"))));
}

TEST_F(ExpressionsTest, AMalformedHealthCheckExprStallsTheKustomization) {
  Start("{path: ./a}",
        "{path: ./b, healthCheckExprs: [{apiVersion: v1, kind: ConfigMap, "
        "current: 'data.color =='}]}");
  const Value object =
      harness_.WaitReady("app", "False", "InvalidCELExpression");
  EXPECT_THAT(
      ReadyMessage(object),
      StartsWith("Reconciliation failed terminally due to configuration error: "
                 "failed to create custom status evaluator for healthchecks[0]:"
                 " failed to parse the expression Current: failed to parse the "
                 "CEL expression 'data.color ==': ERROR: <input>:1:14: Syntax "
                 "error: mismatched input '<EOF>' expecting {"));
  EXPECT_EQ(object["status"].GetInt("observedGeneration"), 1);
}

}  // namespace
}  // namespace weir::kustomize_controller
