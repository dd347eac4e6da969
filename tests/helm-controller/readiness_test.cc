// waitStrategy "legacy": Helm v4.2.4, pkg/kube/ready.go.
#include <gtest/gtest.h>

#include <deque>
#include <string>

#include "src/helm_readiness.h"
#include "weir/value/yaml.h"

namespace weir::helm_controller {
namespace {

struct Case {
  const char* name;
  const char* object;
  bool is_ready;
};

class ReadinessTest : public testing::TestWithParam<Case> {};

TEST_P(ReadinessTest, IsThatOfHelm3) {
  const auto object = ParseYaml(GetParam().object);
  ASSERT_TRUE(object.ok()) << object.status();
  const auto ready = IsReadyForHelm(*object);
  ASSERT_TRUE(ready.ok()) << ready.status();
  EXPECT_EQ(*ready, GetParam().is_ready);
}

constexpr char kRolling[] =
    "{apiVersion: apps/v1, kind: Deployment, metadata: {generation: 2}, spec: "
    "{replicas: 4, strategy: {type: RollingUpdate, rollingUpdate: {maxSurge: "
    "25%, maxUnavailable: 25%}}}, status: {observedGeneration: 2, ";

const std::string& Rolling(const char* status) {
  static auto& texts = *new std::deque<std::string>();
  return texts.emplace_back(std::string(kRolling) + status + "}}");
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, ReadinessTest,
    testing::Values(
        Case{"UnknownKind", "{apiVersion: x/v1, kind: Thing}", true},
        Case{"PodPending", "{apiVersion: v1, kind: Pod, status: {}}", false},
        Case{"PodReady",
             "{apiVersion: v1, kind: Pod, status: {conditions: [{type: Ready, "
             "status: 'True'}]}}",
             true},
        Case{"ClaimPending",
             "{apiVersion: v1, kind: PersistentVolumeClaim, status: {phase: "
             "Pending}}",
             false},
        Case{"ServiceWithoutAddress", "{apiVersion: v1, kind: Service}", false},
        Case{"ServiceOutside",
             "{apiVersion: v1, kind: Service, spec: {type: ExternalName}}",
             true},
        Case{"BalancerWithoutIngress",
             "{apiVersion: v1, kind: Service, spec: {type: LoadBalancer, "
             "clusterIP: 10.0.0.1}}",
             false},
        Case{"BalancerWithAddressOfItsOwn",
             "{apiVersion: v1, kind: Service, spec: {type: LoadBalancer, "
             "clusterIP: 10.0.0.1, externalIPs: [1.2.3.4]}}",
             true},
        Case{"DeploymentThatLacksOne",
             Rolling("replicas: 4, updatedReplicas: 4, readyReplicas: 3")
                 .c_str(),
             true},
        Case{"DeploymentThatLacksTwo",
             Rolling("replicas: 4, updatedReplicas: 4, readyReplicas: 2")
                 .c_str(),
             false},
        Case{"DeploymentOfOldPods",
             Rolling("replicas: 4, updatedReplicas: 1, readyReplicas: 3")
                 .c_str(),
             false},
        Case{"DeploymentNotSeen",
             "{apiVersion: apps/v1, kind: Deployment, metadata: {generation: "
             "2}, spec: {replicas: 0}, status: {observedGeneration: 1}}",
             false},
        Case{"DeploymentPaused",
             "{apiVersion: apps/v1, kind: Deployment, metadata: {generation: "
             "2}, spec: {paused: true}}",
             true},
        Case{"SetWithPartition",
             "{apiVersion: apps/v1, kind: StatefulSet, spec: {replicas: 3, "
             "updateStrategy: {type: RollingUpdate, rollingUpdate: {partition: "
             "2}}}, status: {updatedReplicas: 1, readyReplicas: 3, "
             "currentRevision: a, updateRevision: b}}",
             true},
        Case{"SetOfTwoRevisions",
             "{apiVersion: apps/v1, kind: StatefulSet, spec: {replicas: 1, "
             "updateStrategy: {type: RollingUpdate}}, status: "
             "{updatedReplicas: 1, readyReplicas: 1, currentRevision: a, "
             "updateRevision: b}}",
             false},
        Case{"DaemonsThatLackOne",
             "{apiVersion: apps/v1, kind: DaemonSet, spec: {updateStrategy: "
             "{type: RollingUpdate, rollingUpdate: {maxUnavailable: 1}}}, "
             "status: {desiredNumberScheduled: 3, updatedNumberScheduled: 3, "
             "numberReady: 2}}",
             true},
        Case{"JobRunning",
             "{apiVersion: batch/v1, kind: Job, spec: {completions: 1}, "
             "status: {}}",
             false},
        Case{"DefinitionWithNamesTaken",
             "{apiVersion: apiextensions.k8s.io/v1, kind: "
             "CustomResourceDefinition, status: {conditions: [{type: "
             "NamesAccepted, status: 'False'}]}}",
             true}),
    [](const auto& tested) { return tested.param.name; });

TEST(JobReadinessTest, AJobThatFailedIsAnError) {
  const auto object = ParseYaml(
      "{apiVersion: batch/v1, kind: Job, metadata: {name: job, namespace: "
      "app}, "
      "spec: {backoffLimit: 0}, status: {failed: 1}}");
  ASSERT_TRUE(object.ok());
  EXPECT_EQ(IsReadyForHelm(*object).status().message(),
            "job is failed: app/job");
}

}  // namespace
}  // namespace weir::helm_controller
