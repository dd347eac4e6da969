// What a spec can ask for, beyond applying a folder.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "tests/kustomize-controller/harness.h"

namespace weir::kustomize_controller {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

std::string ConfigMapYaml(const std::string& name, const std::string& color) {
  return "{apiVersion: v1, kind: ConfigMap, metadata: {name: " + name +
         "}, data: {color: \"" + color + "\"}}\n";
}

constexpr char kDeployment[] = R"(
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: main, image: example.com/web:1.0}]}
)";

class FeaturesTest : public testing::Test {
 protected:
  void Start(const Files& files, const std::string& spec) {
    harness_.Publish("app", files, "main@sha1:1");
    harness_.ApplyKustomization("app", spec);
    harness_.Start();
  }
  kube::ObjectRef Deployment() {
    return harness_.Ref("apps/v1", "Deployment", "web");
  }
  // What the Deployment's controller would say.
  void SetDeploymentStatus(const std::string& conditions, int ready) {
    const Value live = harness_.WaitFor(
        Deployment(), [](const Value& object) { return !object.is_null(); });
    harness_.PatchStatus(
        Deployment(),
        absl::StrCat("{status: {observedGeneration: ",
                     live["metadata"].GetInt("generation"),
                     ", replicas: ", ready, ", updatedReplicas: ", ready,
                     ", readyReplicas: ", ready, ", availableReplicas: ", ready,
                     ", conditions: ", conditions, "}}"));
  }
  void MakeDeploymentReady() {
    SetDeploymentStatus(
        "[{type: Available, status: 'True'}, {type: Progressing, status: "
        "'True', reason: NewReplicaSetAvailable}]",
        1);
  }
  Harness harness_;
};

TEST_F(FeaturesTest, ADependencyIsWaitedForByWatch) {
  harness_.Publish("app",
                   {{"a/a.yaml", ConfigMapYaml("a", "x")},
                    {"b/b.yaml", ConfigMapYaml("b", "x")},
                    {"c/c.yaml", ConfigMapYaml("c", "x")}},
                   "main@sha1:1");
  harness_.ApplyKustomization("c", "{path: ./c, dependsOn: [{name: b}]}");
  harness_.ApplyKustomization("b", "{path: ./b, dependsOn: [{name: a}]}");
  harness_.Start();
  Value object = harness_.WaitReady("b", "False", "DependencyNotReady");
  EXPECT_THAT(ReadyMessage(object),
              "dependency 'app/a' not found: "
              "kustomizations.kustomize.toolkit.fluxcd.io \"a\" not found");
  object = harness_.WaitReady("c", "False", "DependencyNotReady");
  EXPECT_EQ(ReadyMessage(object), "dependency 'app/b' is not ready");
  harness_.ApplyKustomization("a", "{path: ./a}");
  harness_.WaitApplied("c", "main@sha1:1");
}

TEST_F(FeaturesTest, ADependencyOfTheSameSourceHasTheSameRevision) {
  const Files files = {{"a/a.yaml", ConfigMapYaml("a", "x")},
                       {"b/b.yaml", ConfigMapYaml("b", "x")}};
  harness_.Publish("app", files, "main@sha1:1");
  harness_.ApplyKustomization("a", "{path: ./a}");
  harness_.ApplyKustomization("b", "{path: ./b, dependsOn: [{name: a}]}");
  harness_.Start();
  harness_.WaitApplied("b", "main@sha1:1");
  harness_.Patch(harness_.KustomizationRef("a"), "{spec: {suspend: true}}");
  harness_.WaitFor(harness_.KustomizationRef("a"), [](const Value& object) {
    return object["status"].GetInt("observedGeneration") == 2;
  });
  harness_.Publish("app", files, "main@sha1:2");
  const Value object = harness_.WaitReady("b", "False", "DependencyNotReady");
  EXPECT_EQ(ReadyMessage(object),
            "dependency 'app/a' revision is not up to date");
  harness_.Patch(harness_.KustomizationRef("a"), "{spec: {suspend: false}}");
  harness_.WaitApplied("b", "main@sha1:2");
}

TEST_F(FeaturesTest, WaitsForHealthByWatch) {
  Start({{"web.yaml", kDeployment}}, "{wait: true}");
  Value object = harness_.WaitReady("app", "Unknown", "Progressing");
  EXPECT_EQ(ConditionOf(object, "Healthy").GetString("status"), "Unknown");
  EXPECT_EQ(ConditionOf(object, "Reconciling").GetString("message"),
            "Running health checks for revision main@sha1:1 with a timeout of "
            "30s");
  EXPECT_EQ(object["status"]["inventory"]["entries"].size(), 1u);
  MakeDeploymentReady();
  object = harness_.WaitApplied("app", "main@sha1:1");
  EXPECT_EQ(ConditionOf(object, "Healthy").GetString("status"), "True");
  EXPECT_THAT(std::string(ConditionOf(object, "Healthy").GetString("message")),
              StartsWith("Health check passed in "));
  EXPECT_THAT(harness_.TakeRequests(), testing::SizeIs(5))
      << "finalizer, dry run, apply, two writes of the status";
}

TEST_F(FeaturesTest, AStalledObjectFailsTheCheckAtOnce) {
  Start({{"web.yaml", kDeployment}}, "{wait: true}");
  SetDeploymentStatus(
      "[{type: Progressing, status: 'False', reason: "
      "ProgressDeadlineExceeded}]",
      0);
  const Value object = harness_.WaitReady("app", "False", "HealthCheckFailed");
  EXPECT_THAT(ReadyMessage(object), StartsWith("health check failed after "));
  EXPECT_EQ(ConditionOf(object, "Healthy").GetString("message"),
            "failed early due to stalled resources: [Deployment/app/web "
            "status: 'Failed']");
  EXPECT_EQ(ConditionOf(object, "Reconciling").GetString("reason"),
            "ProgressingWithRetry");
  EXPECT_EQ(
      object["status"]["history"].array()[0].GetString("lastReconciledStatus"),
      "HealthCheckFailed");
  EXPECT_EQ(object["status"].GetInt("observedGeneration", -1), -1);
}

TEST_F(FeaturesTest, ChecksTheHealthOfNamedObjectsOfOthers) {
  harness_.Apply(kDeployment);
  Start({{"a.yaml", ConfigMapYaml("a", "x")}},
        "{healthChecks: [{kind: Deployment, name: web, namespace: app}, "
        "{apiVersion: kustomize.toolkit.fluxcd.io/v1, kind: Kustomization, "
        "name: app, namespace: app}]}");
  harness_.WaitReady("app", "Unknown", "Progressing");
  MakeDeploymentReady();
  harness_.WaitApplied("app", "main@sha1:1");
}

TEST_F(FeaturesTest, DeletionDoesNotWaitForAHealthCheck) {
  Start({{"web.yaml", kDeployment}}, "{wait: true}");
  harness_.WaitReady("app", "Unknown", "Progressing");
  harness_.Delete(harness_.KustomizationRef("app"));
  harness_.WaitFor(harness_.KustomizationRef("app"),
                   [](const Value& object) { return object.is_null(); });
  EXPECT_TRUE(harness_.Get(Deployment()).is_null());
}

TEST_F(FeaturesTest, ANewRevisionIsAppliedAfterTheHealthCheckOfTheOld) {
  Start({{"web.yaml", kDeployment}}, "{wait: true}");
  harness_.WaitReady("app", "Unknown", "Progressing");
  harness_.Publish(
      "app", {{"web.yaml", kDeployment}, {"a.yaml", ConfigMapYaml("a", "x")}},
      "main@sha1:2");
  MakeDeploymentReady();
  harness_.WaitApplied("app", "main@sha1:2");
  EXPECT_FALSE(harness_.ConfigMap("a").is_null());
}

TEST_F(FeaturesTest, ANewRevisionMayCancelTheHealthCheck) {
  harness_.options().common.feature_gates.Set("CancelHealthCheckOnNewRevision",
                                              true);
  Start({{"web.yaml", kDeployment}}, "{wait: true, timeout: 5m}");
  harness_.WaitReady("app", "Unknown", "Progressing");
  harness_.Publish("app", {{"a.yaml", ConfigMapYaml("a", "x")}}, "main@sha1:2");
  harness_.WaitApplied("app", "main@sha1:2");
  const EventText event = harness_.WaitForEvent(
      "Health checks canceled due to new reconciliation triggered by "
      "GitRepository/app/app");
  EXPECT_EQ(event.severity, "info");
  EXPECT_EQ(event.reason, "HealthCheckCanceled");
}

TEST_F(FeaturesTest, ACustomResourceFollowsItsDefinition) {
  Start({{"all.yaml", R"(
apiVersion: gadgets.example.com/v1
kind: Gadget
metadata: {name: g}
spec: {size: 1}
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: gadgets.gadgets.example.com}
spec:
  group: gadgets.example.com
  names: {kind: Gadget, plural: gadgets, singular: gadget, listKind: GadgetList}
  scope: Namespaced
  versions:
    - name: v1
      served: true
      storage: true
      schema:
        openAPIV3Schema:
          type: object
          x-kubernetes-preserve-unknown-fields: true
)"}},
        "{}");
  harness_.WaitApplied("app", "main@sha1:1");
  EXPECT_FALSE(
      harness_.Get(harness_.Ref("gadgets.example.com/v1", "Gadget", "g"))
          .is_null());
}

TEST_F(FeaturesTest, AFailedDryRunLeavesItsStageUnwritten) {
  Start({{"a.yaml", ConfigMapYaml("a, namespace: app", "x")},
         {"bad.yaml", ConfigMapYaml("Bad_Name, namespace: app", "x")},
         {"ns.yaml",
          "{apiVersion: v1, kind: Namespace, metadata: {name: "
          "made}}\n"}},
        "{targetNamespace: null}");
  // A second pass may follow, which makes nothing anew.
  const EventText first =
      harness_.WaitForEvent(testing::Field(&EventText::severity, "error"));
  EXPECT_THAT(first.message,
              testing::AllOf(StartsWith("ConfigMap/app/Bad_Name dry-run failed "
                                        "(Invalid): ConfigMap \"Bad_Name\" is "
                                        "invalid: metadata.name"),
                             HasSubstr("\nNamespace/made created\n")));
  const Value object =
      harness_.WaitReady("app", "False", "ReconciliationFailed");
  EXPECT_THAT(ReadyMessage(object),
              StartsWith("ConfigMap/app/Bad_Name dry-run failed (Invalid)"));
  EXPECT_TRUE(harness_.ConfigMap("a").is_null());
  EXPECT_FALSE(object["status"].Has("inventory"));
  EXPECT_EQ(
      object["status"]["history"].array()[0].GetString("lastReconciledStatus"),
      "ReconciliationFailed");
}

TEST_F(FeaturesTest, ForceMakesImmutableObjectsAnew) {
  const auto immutable = [](const std::string& color) {
    return "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, immutable: "
           "true, data: {color: " +
           color + "}}\n";
  };
  Start({{"a.yaml", immutable("blue")}}, "{}");
  harness_.WaitApplied("app", "main@sha1:1");
  const std::string uid(harness_.ConfigMap("a")["metadata"].GetString("uid"));
  harness_.Publish("app", {{"a.yaml", immutable("red")}}, "main@sha1:2");
  harness_.WaitReady("app", "False", "ReconciliationFailed");
  harness_.WaitForEvent("ConfigMap/app/a created");
  harness_.Patch(harness_.KustomizationRef("app"), "{spec: {force: true}}");
  harness_.WaitApplied("app", "main@sha1:2");
  EXPECT_EQ(harness_.ConfigMap("a")["data"].GetString("color"), "red");
  EXPECT_NE(harness_.ConfigMap("a")["metadata"].GetString("uid"), uid);
  harness_.WaitForEvent("ConfigMap/app/a created");
}

TEST_F(FeaturesTest, ForceDoesNotDeleteForAnInvalidChange) {
  const auto service = [](int port) {
    return absl::StrCat(
        "{apiVersion: v1, kind: Service, metadata: {name: s}, spec: {ports: "
        "[{port: ",
        port, "}]}}\n");
  };
  Start({{"s.yaml", service(80)}}, "{force: true}");
  harness_.WaitApplied("app", "main@sha1:1");
  harness_.Publish("app", {{"s.yaml", service(99999)}}, "main@sha1:2");
  harness_.WaitReady("app", "False", "ReconciliationFailed");
  EXPECT_FALSE(harness_.Get(harness_.Ref("v1", "Service", "s")).is_null());
}

TEST_F(FeaturesTest, TakesOverWhatKubectlApplied) {
  ASSERT_TRUE(
      harness_.client()
          .Create(Context(),
                  Value::MakeObject(
                      {{"apiVersion", "v1"},
                       {"kind", "ConfigMap"},
                       {"metadata", Value::MakeObject(
                                        {{"name", "a"}, {"namespace", "app"}})},
                       {"data", Value::MakeObject({{"color", "old"},
                                                   {"extra", "not in Git"}})}}),
                  {.field_manager = "kubectl-client-side-apply"})
          .ok());
  Start({{"a.yaml", ConfigMapYaml("a", "new")}}, "{}");
  harness_.WaitApplied("app", "main@sha1:1");
  const Value live = harness_.ConfigMap("a");
  EXPECT_EQ(live["data"].GetString("color"), "new");
  EXPECT_FALSE(live["data"].Has("extra"));
  EXPECT_EQ(live["metadata"]["managedFields"].size(), 1u);
  harness_.WaitForEvent("ConfigMap/app/a configured");
}

TEST_F(FeaturesTest, SubstitutesVariables) {
  harness_.Apply(
      "{apiVersion: v1, kind: ConfigMap, metadata: {name: vars}, data: {a: "
      "cm, b: cm, c: \"x\\ny\"}}");
  harness_.Apply(
      "{apiVersion: v1, kind: Secret, metadata: {name: vars, labels: "
      "{reconcile.fluxcd.io/watch: Enabled}}, stringData: {b: secret}}");
  Start({{"a.yaml", ConfigMapYaml("a", "${a}-${b}-${c}-${d:=d}-$${e}")}},
        "{postBuild: {substituteFrom: [{kind: ConfigMap, name: vars}, {kind: "
        "Secret, name: vars}, {kind: Secret, name: none, optional: true}]}}");
  harness_.WaitApplied("app", "main@sha1:1");
  EXPECT_EQ(harness_.ConfigMap("a")["data"].GetString("color"),
            "cm-secret-xy-d-${e}");
  // A labelled one is watched.
  harness_.Patch(harness_.Ref("v1", "Secret", "vars"), "{data: {b: bmV3}}");
  harness_.WaitFor(harness_.Ref("v1", "ConfigMap", "a"), [](const Value& map) {
    return map["data"].GetString("color") == "cm-new-xy-d-${e}";
  });
}

TEST_F(FeaturesTest, SubstitutionMakesNumbersDoubles) {
  std::string deployment = kDeployment;
  absl::StrAppend(&deployment,
                  "      securityContext: {runAsUser: 9007199254740993}\n");
  deployment = absl::StrReplaceAll(
      deployment, {{"spec: {containers: [{name: main, image: "
                    "example.com/web:1.0}]}",
                    "spec:\n      containers: [{name: main, image: "
                    "example.com/web:1.0}]"}});
  Start({{"web.yaml", deployment}}, "{postBuild: {substitute: {a: b}}}");
  harness_.WaitApplied("app", "main@sha1:1");
  EXPECT_EQ(
      harness_.Get(Deployment())["spec"]["template"]["spec"]["securityContext"]
          .GetInt("runAsUser"),
      9007199254740992);
}

TEST_F(FeaturesTest, AWaitedTerminationHoldsTheKustomization) {
  Start({{"a.yaml",
          "{apiVersion: v1, kind: ConfigMap, metadata: {name: a, finalizers: "
          "[example.com/hold]}}\n"}},
        "{deletionPolicy: WaitForTermination}");
  harness_.WaitApplied("app", "main@sha1:1");
  harness_.Delete(harness_.KustomizationRef("app"));
  harness_.WaitFor(harness_.Ref("v1", "ConfigMap", "a"), [](const Value& map) {
    return map["metadata"].Has("deletionTimestamp");
  });
  EXPECT_FALSE(harness_.Kustomization("app").is_null());
  harness_.Patch(harness_.Ref("v1", "ConfigMap", "a"),
                 "{metadata: {finalizers: null}}");
  harness_.WaitFor(harness_.KustomizationRef("app"),
                   [](const Value& object) { return object.is_null(); });
}

TEST_F(FeaturesTest, IgnoredFieldsAreLeftToOthers) {
  Start({{"web.yaml", kDeployment}},
        "{ignore: [{paths: [/spec/replicas], target: {kind: Deployment}}]}");
  harness_.WaitApplied("app", "main@sha1:1");
  harness_.Patch(Deployment(), "{spec: {replicas: 3}}", "scaler");
  harness_.Request("app", "now");
  EXPECT_EQ(harness_.Get(Deployment())["spec"].GetInt("replicas"), 3);
  std::string image = kDeployment;
  image.replace(image.find(":1.0"), 4, ":2.0");
  harness_.Publish("app", {{"web.yaml", image}}, "main@sha1:2");
  harness_.WaitApplied("app", "main@sha1:2");
  const Value live = harness_.Get(Deployment());
  EXPECT_EQ(live["spec"].GetInt("replicas"), 3);
  EXPECT_EQ(live["spec"]["template"]["spec"]["containers"].array()[0].GetString(
                "image"),
            "example.com/web:2.0");
}

TEST_F(FeaturesTest, ObjectsCanOptOut) {
  const std::string prefix = "kustomize.toolkit.fluxcd.io/";
  const auto yaml = [&](const std::string& name, const std::string& control,
                        const std::string& color) {
    return "{apiVersion: v1, kind: ConfigMap, metadata: {name: " + name +
           ", annotations: {" + prefix + control +
           "}}, data: {color: " + color + "}}\n";
  };
  harness_.Apply(ConfigMapYaml("present", "theirs"));
  Start({{"a.yaml", yaml("skipped", "reconcile: disabled", "ours")},
         {"b.yaml", yaml("present", "ssa: IfNotPresent", "ours")},
         {"c.yaml", yaml("absent", "ssa: IfNotPresent", "ours")},
         {"d.yaml", yaml("kept", "prune: Disabled", "ours")}},
        "{}");
  const Value object = harness_.WaitApplied("app", "main@sha1:1");
  EXPECT_TRUE(harness_.ConfigMap("skipped").is_null());
  EXPECT_EQ(harness_.ConfigMap("present")["data"].GetString("color"), "theirs");
  EXPECT_EQ(harness_.ConfigMap("absent")["data"].GetString("color"), "ours");
  EXPECT_EQ(object["status"]["inventory"]["entries"].size(), 4u);
  harness_.Publish("app", {{"README.md", ""}}, "main@sha1:2");
  harness_.WaitApplied("app", "main@sha1:2");
  EXPECT_TRUE(harness_.ConfigMap("absent").is_null());
  EXPECT_FALSE(harness_.ConfigMap("kept").is_null());
}

struct FailureCase {
  const char* name;
  Files files;
  const char* spec;
  const char* reason;
  const char* message;
};

class FailureTest : public testing::TestWithParam<FailureCase> {};

TEST_P(FailureTest, IsTold) {
  Harness harness;
  harness.options().no_cross_namespace_refs = true;
  harness.Publish("app", GetParam().files, "main@sha1:1");
  harness.ApplyKustomization("app", GetParam().spec);
  harness.Start();
  const Value object = harness.WaitReady("app", "False", GetParam().reason);
  EXPECT_THAT(ReadyMessage(object), HasSubstr(GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(
    Table, FailureTest,
    testing::Values(
        FailureCase{"NoSource",
                    {},
                    "{sourceRef: {name: none}}",
                    "ArtifactFailed",
                    "GitRepository.source.toolkit.fluxcd.io \"none\" not "
                    "found"},
        FailureCase{"OtherNamespace",
                    {},
                    "{sourceRef: {namespace: other}}",
                    "AccessDenied",
                    "can't access 'GitRepository/other/app', cross-namespace "
                    "references have been blocked"},
        FailureCase{"GatedKind",
                    {},
                    "{sourceRef: {kind: ExternalArtifact}}",
                    "AccessDenied",
                    "can't access 'ExternalArtifact/app/app', ExternalArtifact "
                    "feature gate is disabled"},
        FailureCase{"NoSuchPath",
                    {{"a.yaml", ConfigMapYaml("a", "x")}},
                    "{path: ./none}",
                    "ArtifactFailed",
                    "kustomization path not found: stat "},
        FailureCase{"BadKustomization",
                    {{"kustomization.yaml", "resources: [none.yaml]\n"}},
                    "{}",
                    "BuildFailed",
                    "kustomize build failed: accumulating resources"},
        FailureCase{"UnsetVariable",
                    {{"a.yaml", ConfigMapYaml("a", "${b}")}},
                    "{postBuild: {substitute: {a: x}}}",
                    "BuildFailed",
                    "post build failed for 'ConfigMap.v1.[noGrp]/a': envsubst "
                    "error: variable substitution failed: variable not set "
                    "(strict mode): \"b\""},
        FailureCase{"BadVariableName",
                    {{"a.yaml", ConfigMapYaml("a", "x")}},
                    "{postBuild: {substitute: {bad-name: x}}}",
                    "BuildFailed",
                    "'bad-name' var name is invalid, must match "
                    "'^[_[:alpha:]][_[:alpha:][:digit:]]*$'"},
        FailureCase{"NoYaml",
                    {{"a.yaml",
                      "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, "
                      "data: {color: '${b}'}}\n"}},
                    "{postBuild: {substitute: {b: 'x: y'}}}",
                    "BuildFailed",
                    "post build failed for 'ConfigMap.v1.[noGrp]/a': envsubst "
                    "error: YAMLToJSON: yaml: line 3: mapping values are not "
                    "allowed in this context"},
        FailureCase{"OneNameForTwo",
                    {{"a.yaml", ConfigMapYaml("a", "x")},
                     {"b.yaml", ConfigMapYaml("'${b}'", "x")}},
                    "{postBuild: {substitute: {b: a}}}",
                    "BuildFailed",
                    "in Replace: id matched 2 resources"},
        FailureCase{"NoVariables",
                    {{"a.yaml", ConfigMapYaml("a", "x")}},
                    "{postBuild: {substituteFrom: [{kind: Secret, name: "
                    "none}]}}",
                    "BuildFailed",
                    "substitute from 'Secret/none' error: secrets \"none\" not "
                    "found"},
        FailureCase{"NotBuiltYet",
                    {{"a.yaml", ConfigMapYaml("a", "x")}},
                    "{kubeConfig: {configMapRef: {name: other}}}",
                    "NotSupported",
                    "spec.kubeConfig.configMapRef"},
        FailureCase{"NoNamespace",
                    {{"a.yaml", ConfigMapYaml("a", "x")}},
                    "{targetNamespace: null}",
                    "ReconciliationFailed",
                    "ConfigMap/a namespace not specified: the server could "
                    "not find the requested resource"},
        FailureCase{"NoSuchNamespace",
                    {{"a.yaml", ConfigMapYaml("a", "x")}},
                    "{targetNamespace: none}",
                    "ReconciliationFailed",
                    "ConfigMap/none/a not found: namespaces \"none\" not "
                    "found"},
        FailureCase{"UnknownKind",
                    {{"a.yaml",
                      "{apiVersion: x.example.com/v1, kind: X, metadata: "
                      "{name: x}}\n"}},
                    "{}",
                    "ReconciliationFailed",
                    "X/app/x dry-run failed: no matches for kind \"X\" in "
                    "version \"x.example.com/v1\""}),
    [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace weir::kustomize_controller
