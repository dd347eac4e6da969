#include "weir/apply/health.h"

#include <gtest/gtest.h>

#include <string>

#include "weir/base/duration.h"
#include "weir/value/yaml.h"

namespace weir::apply {
namespace {

using enum HealthStatus;

struct HealthCase {
  const char* name;
  const char* object;  // YAML.
  HealthStatus want;
};

constexpr char kNow[] = "2026-01-01T00:01:00Z";

class HealthTest : public testing::TestWithParam<HealthCase> {};

TEST_P(HealthTest, FollowsTheRuleOfTheKind) {
  const absl::StatusOr<Value> object = ParseYaml(GetParam().object);
  ASSERT_TRUE(object.ok()) << object.status();
  const Health health = ComputeHealth(*object, *ParseKubeTime(kNow));
  EXPECT_STREQ(HealthStatusName(health.status),
               HealthStatusName(GetParam().want))
      << health.message;
}

std::string CaseName(const testing::TestParamInfo<HealthCase>& info) {
  return info.param.name;
}

INSTANTIATE_TEST_SUITE_P(
    Generic, HealthTest,
    testing::Values(
        HealthCase{"Absent", "null", kNotFound},
        HealthCase{"Deleted",
                   "{apiVersion: v1, kind: ConfigMap, metadata: "
                   "{deletionTimestamp: '2026-01-01T00:00:00Z'}}",
                   kTerminating},
        HealthCase{"NotYetObserved",
                   "{apiVersion: x/v1, kind: X, metadata: {generation: 2}, "
                   "status: {observedGeneration: 1}}",
                   kInProgress},
        HealthCase{"Reconciling",
                   "{apiVersion: x/v1, kind: X, status: {conditions: [{type: "
                   "Reconciling, status: 'True'}]}}",
                   kInProgress},
        HealthCase{"Stalled",
                   "{apiVersion: x/v1, kind: X, status: {conditions: [{type: "
                   "Stalled, status: 'True'}]}}",
                   kFailed},
        HealthCase{"FirstOfThemDecides",
                   "{apiVersion: x/v1, kind: X, status: {conditions: [{type: "
                   "Stalled, status: 'True'}, {type: Reconciling, status: "
                   "'True'}]}}",
                   kFailed},
        HealthCase{"ReadyTrue",
                   "{apiVersion: x/v1, kind: X, status: {conditions: [{type: "
                   "Ready, status: 'True'}]}}",
                   kCurrent},
        HealthCase{"ReadyFalse",
                   "{apiVersion: x/v1, kind: X, status: {conditions: [{type: "
                   "Ready, status: 'False'}]}}",
                   kInProgress},
        HealthCase{"NoReady", "{apiVersion: x/v1, kind: X}", kCurrent},
        HealthCase{"ConfigMap", "{apiVersion: v1, kind: ConfigMap}", kCurrent},
        HealthCase{"Secret", "{apiVersion: v1, kind: Secret}", kCurrent},
        HealthCase{"CronJob", "{apiVersion: batch/v1, kind: CronJob}",
                   kCurrent},
        HealthCase{"Budget",
                   "{apiVersion: policy/v1, kind: PodDisruptionBudget}",
                   kCurrent}),
    CaseName);

#define DEPLOYMENT "apiVersion: apps/v1\nkind: Deployment\n"
#define COUNTS(replicas, updated, ready, available)                      \
  "status: {replicas: " #replicas ", updatedReplicas: " #updated         \
  ", readyReplicas: " #ready ", availableReplicas: " #available          \
  ", "                                                                   \
  "conditions: [{type: Available, status: 'True'}, {type: Progressing, " \
  "status: 'True', reason: NewReplicaSetAvailable}]}\n"

INSTANTIATE_TEST_SUITE_P(
    Deployment, HealthTest,
    testing::Values(
        HealthCase{"AllThere",
                   DEPLOYMENT "spec: {replicas: 2}\n" COUNTS(2, 2, 2, 2),
                   kCurrent},
        HealthCase{"OneByDefault", DEPLOYMENT COUNTS(1, 1, 1, 1), kCurrent},
        HealthCase{"None",
                   DEPLOYMENT "spec: {replicas: 0}\n" COUNTS(0, 0, 0, 0),
                   kCurrent},
        HealthCase{"TooFew",
                   DEPLOYMENT "spec: {replicas: 2}\n" COUNTS(1, 1, 1, 1),
                   kInProgress},
        HealthCase{"TooMany",
                   DEPLOYMENT "spec: {replicas: 1}\n" COUNTS(2, 1, 1, 1),
                   kInProgress},
        HealthCase{"NotUpdated",
                   DEPLOYMENT "spec: {replicas: 2}\n" COUNTS(2, 1, 2, 2),
                   kInProgress},
        HealthCase{"NotAvailable",
                   DEPLOYMENT "spec: {replicas: 2}\n" COUNTS(2, 2, 2, 1),
                   kInProgress},
        HealthCase{"NotReady",
                   DEPLOYMENT "spec: {replicas: 2}\n" COUNTS(2, 2, 1, 2),
                   kInProgress},
        HealthCase{"DeadlineExceeded",
                   DEPLOYMENT
                   "status: {conditions: [{type: Progressing, status: "
                   "'False', reason: ProgressDeadlineExceeded}]}\n",
                   kFailed},
        HealthCase{"ProgressingIsNeededWithADeadline",
                   DEPLOYMENT
                   "spec: {progressDeadlineSeconds: 600}\n"
                   "status: {replicas: 1, updatedReplicas: 1, readyReplicas: "
                   "1, availableReplicas: 1, conditions: [{type: Available, "
                   "status: 'True'}]}\n",
                   kInProgress},
        HealthCase{"ProgressingIsNotNeededWithoutOne",
                   DEPLOYMENT
                   "status: {replicas: 1, updatedReplicas: 1, readyReplicas: "
                   "1, availableReplicas: 1, conditions: [{type: Available, "
                   "status: 'True'}]}\n",
                   kCurrent}),
    CaseName);

#define STATEFUL_SET "apiVersion: apps/v1\nkind: StatefulSet\n"

INSTANTIATE_TEST_SUITE_P(
    StatefulSet, HealthTest,
    testing::Values(
        HealthCase{"OnDelete",
                   STATEFUL_SET "spec: {updateStrategy: {type: OnDelete}}",
                   kCurrent},
        HealthCase{"Ready",
                   STATEFUL_SET
                   "status: {replicas: 1, readyReplicas: 1, currentReplicas: "
                   "1, currentRevision: a, updateRevision: a}",
                   kCurrent},
        HealthCase{"OldRevision",
                   STATEFUL_SET
                   "status: {replicas: 1, readyReplicas: 1, currentReplicas: "
                   "1, currentRevision: a, updateRevision: b}",
                   kInProgress},
        HealthCase{"PartitionReached",
                   STATEFUL_SET
                   "spec: {replicas: 3, updateStrategy: {rollingUpdate: "
                   "{partition: 2}}}\n"
                   "status: {replicas: 3, readyReplicas: 3, updatedReplicas: "
                   "1}",
                   kCurrent},
        HealthCase{"PartitionNotReached",
                   STATEFUL_SET
                   "spec: {replicas: 3, updateStrategy: {rollingUpdate: "
                   "{partition: 1}}}\n"
                   "status: {replicas: 3, readyReplicas: 3, updatedReplicas: "
                   "1}",
                   kInProgress}),
    CaseName);

#define DAEMON_SET                         \
  "apiVersion: apps/v1\nkind: DaemonSet\n" \
  "metadata: {generation: 1}\n"
#define REPLICA_SET "apiVersion: apps/v1\nkind: ReplicaSet\n"

INSTANTIATE_TEST_SUITE_P(
    Sets, HealthTest,
    testing::Values(
        HealthCase{"DaemonSetReady",
                   DAEMON_SET
                   "status: {observedGeneration: 1, desiredNumberScheduled: 1, "
                   "currentNumberScheduled: 1, updatedNumberScheduled: 1, "
                   "numberAvailable: 1, numberReady: 1}",
                   kCurrent},
        HealthCase{"DaemonSetNotUpdated",
                   DAEMON_SET
                   "status: {observedGeneration: 1, desiredNumberScheduled: 2, "
                   "currentNumberScheduled: 2, updatedNumberScheduled: 1, "
                   "numberAvailable: 2, numberReady: 2}",
                   kInProgress},
        HealthCase{"DaemonSetWithoutStatus", DAEMON_SET, kInProgress},
        HealthCase{"ReplicaSetReady",
                   REPLICA_SET "status: {replicas: 1, fullyLabeledReplicas: 1, "
                               "availableReplicas: 1, readyReplicas: 1}",
                   kCurrent},
        HealthCase{"ReplicaSetFailure",
                   REPLICA_SET
                   "status: {conditions: [{type: ReplicaFailure, status: "
                   "'True'}]}",
                   kInProgress}),
    CaseName);

#define POD "apiVersion: v1\nkind: Pod\n"
#define UNSCHEDULABLE                                                   \
  "status: {phase: Pending, conditions: [{type: PodScheduled, status: " \
  "'False', reason: Unschedulable}]}"

INSTANTIATE_TEST_SUITE_P(
    Pod, HealthTest,
    testing::Values(
        HealthCase{"NoPhase", POD, kInProgress},
        HealthCase{"Succeeded", POD "status: {phase: Succeeded}", kCurrent},
        HealthCase{"Failed", POD "status: {phase: Failed}", kCurrent},
        HealthCase{"Ready",
                   POD "status: {phase: Running, conditions: [{type: Ready, "
                       "status: 'True'}]}",
                   kCurrent},
        HealthCase{"Running", POD "status: {phase: Running}", kInProgress},
        HealthCase{"CrashLoop",
                   POD "status: {phase: Running, containerStatuses: [{state: "
                       "{waiting: {reason: CrashLoopBackOff}}}]}",
                   kFailed},
        HealthCase{"UnschedulableSinceASecond",
                   POD "metadata: {creationTimestamp: "
                       "'2026-01-01T00:00:59Z'}\n" UNSCHEDULABLE,
                   kInProgress},
        HealthCase{"UnschedulableForLong",
                   POD "metadata: {creationTimestamp: "
                       "'2026-01-01T00:00:30Z'}\n" UNSCHEDULABLE,
                   kFailed}),
    CaseName);

#define JOB "apiVersion: batch/v1\nkind: Job\n"
#define CRD                               \
  "apiVersion: apiextensions.k8s.io/v1\n" \
  "kind: CustomResourceDefinition\n"

INSTANTIATE_TEST_SUITE_P(
    Other, HealthTest,
    testing::Values(
        HealthCase{"JobRunning", JOB, kInProgress},
        HealthCase{"JobSuspended", JOB "spec: {suspend: true}", kCurrent},
        HealthCase{"JobComplete",
                   JOB "status: {conditions: [{type: Complete, status: "
                       "'True'}]}",
                   kCurrent},
        HealthCase{"JobFailed",
                   JOB "status: {conditions: [{type: Failed, status: 'True'}]}",
                   kFailed},
        HealthCase{"ClaimBound",
                   "{apiVersion: v1, kind: PersistentVolumeClaim, status: "
                   "{phase: Bound}}",
                   kCurrent},
        HealthCase{"ClaimPending",
                   "{apiVersion: v1, kind: PersistentVolumeClaim, status: "
                   "{phase: Pending}}",
                   kInProgress},
        HealthCase{"ServiceOfNoBalancer", "{apiVersion: v1, kind: Service}",
                   kCurrent},
        HealthCase{"BalancerWithoutIp",
                   "{apiVersion: v1, kind: Service, spec: {type: "
                   "LoadBalancer}}",
                   kInProgress},
        HealthCase{"BalancerWithIp",
                   "{apiVersion: v1, kind: Service, spec: {type: "
                   "LoadBalancer, clusterIP: 10.0.0.1}}",
                   kCurrent},
        HealthCase{"DefinitionEstablished",
                   CRD "status: {conditions: [{type: NamesAccepted, status: "
                       "'True'}, {type: Established, status: 'True'}]}",
                   kCurrent},
        HealthCase{"DefinitionInstalling",
                   CRD "status: {conditions: [{type: Established, status: "
                       "'False', reason: Installing}]}",
                   kInProgress},
        HealthCase{"DefinitionWithoutStatus", CRD, kInProgress},
        HealthCase{"DefinitionRefused",
                   CRD "status: {conditions: [{type: NamesAccepted, status: "
                       "'False'}, {type: Established, status: 'True'}]}",
                   kFailed}),
    CaseName);

}  // namespace
}  // namespace weir::apply
