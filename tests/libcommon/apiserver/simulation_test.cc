// Workloads, as they are simulated.
#include "api_fixture.h"
#include "gmock/gmock.h"

namespace weir::apiserver {
namespace {

constexpr char kDeployments[] = "/apis/apps/v1/namespaces/default/deployments";
constexpr char kDeployment[] =
    "/apis/apps/v1/namespaces/default/deployments/web";

std::string Condition(const Value& object, const std::string& type) {
  for (const Value& one : object["status"]["conditions"].array()) {
    if (one.GetString("type") == type) {
      return std::string(one.GetString("status")) + " " +
             std::string(one.GetString("reason"));
    }
  }
  return "";
}

class SimulationTest : public ApiTest {
 protected:
  ServerOptions MakeOptions() override {
    ServerOptions options;
    options.simulation = Simulation::kPods;
    return options;
  }
  // A Deployment, its Pods as `outcome` says.
  static std::string Web(int replicas, const std::string& image = "nginx:1",
                         const std::string& outcome = "", int deadline = 600) {
    std::string annotations;
    if (!outcome.empty()) {
      annotations = ", annotations: {weir.dev/simulate: " + outcome + "}";
    }
    return "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web" +
           annotations + "}, spec: {replicas: " + std::to_string(replicas) +
           ", progressDeadlineSeconds: " + std::to_string(deadline) +
           ", selector: {matchLabels: {app: web}}, template: {metadata: "
           "{labels: {app: web}}, spec: {containers: [{name: c, image: \"" +
           image + "\"}]}}}}";
  }
  bool BecomesCurrent(int64_t replicas) {
    return Eventually(kDeployment, [&](const kube::Response& r) {
      const Value& status = r.body["status"];
      return status.GetInt("availableReplicas") == replicas &&
             status.GetInt("replicas") == replicas &&
             status.GetInt("updatedReplicas") == replicas &&
             status["observedGeneration"] == r.body["metadata"]["generation"];
    });
  }
  size_t CountOf(const std::string& path, const std::string& labels = "") {
    return Get(path, {{"labelSelector", labels}}).body["items"].size();
  }
};

TEST_F(SimulationTest, DeploymentBecomesAvailable) {
  ASSERT_EQ(Post(kDeployments, Web(3)).code, 201);
  ASSERT_TRUE(BecomesCurrent(3)) << Text(Get(kDeployment).body);
  const Value object = Get(kDeployment).body;
  EXPECT_EQ(Condition(object, "Available"), "True MinimumReplicasAvailable");
  EXPECT_EQ(Condition(object, "Progressing"), "True NewReplicaSetAvailable");
  EXPECT_EQ(object["metadata"].GetInt("generation"), 1);
  EXPECT_EQ(object["metadata"]["annotations"].GetString(
                "deployment.kubernetes.io/revision"),
            "1");
  EXPECT_EQ(CountOf("/api/v1/namespaces/default/pods", "app=web"), 3u);
}

TEST_F(SimulationTest, NewTemplateReplacesTheOldSet) {
  Post(kDeployments, Web(2));
  ASSERT_TRUE(BecomesCurrent(2));
  Apply(kDeployment, Web(2, "nginx:2"), "tester", {{"force", "true"}});
  ASSERT_TRUE(BecomesCurrent(2)) << Text(Get(kDeployment).body);
  EXPECT_EQ(CountOf("/apis/apps/v1/namespaces/default/replicasets"), 2u);
  EXPECT_EQ(Get(kDeployment)
                .body["metadata"]["annotations"]
                .GetString("deployment.kubernetes.io/revision"),
            "2");
  ASSERT_TRUE(Eventually(
      "/api/v1/namespaces/default/pods",
      [](const kube::Response& r) { return r.body["items"].size() == 2; }));
  const Value pods = Get("/api/v1/namespaces/default/pods").body["items"];
  for (const Value& pod : pods.array()) {
    EXPECT_EQ(pod["spec"]["containers"][size_t{0}].GetString("image"),
              "nginx:2");
  }
}

TEST_F(SimulationTest, ScaledDownDeploymentLosesPods) {
  Post(kDeployments, Web(3));
  ASSERT_TRUE(BecomesCurrent(3));
  Merge(std::string(kDeployment) + "/scale", "{spec: {replicas: 1}}");
  EXPECT_TRUE(BecomesCurrent(1));
}

TEST_F(SimulationTest, FailingDeploymentMissesItsDeadline) {
  Post(kDeployments, Web(1, "nginx:1", "fail", 1));
  ASSERT_TRUE(Eventually(kDeployment, [](const kube::Response& r) {
    return Condition(r.body, "Progressing") == "False ProgressDeadlineExceeded";
  })) << Text(Get(kDeployment).body);
  EXPECT_EQ(Condition(Get(kDeployment).body, "Available"),
            "False MinimumReplicasUnavailable");
}

TEST_F(SimulationTest, DeletedDeploymentTakesItsPodsAlong) {
  Post(kDeployments, Web(2));
  ASSERT_TRUE(BecomesCurrent(2));
  Delete(kDeployment, "{propagationPolicy: Background}");
  EXPECT_TRUE(Eventually(
      "/api/v1/namespaces/default/pods",
      [](const kube::Response& r) { return r.body["items"].size() == 0; }));
  EXPECT_EQ(CountOf("/apis/apps/v1/namespaces/default/replicasets"), 0u);
}

TEST_F(SimulationTest, StatefulSetMakesPodsAndClaims) {
  const kube::Response made = Post(
      "/apis/apps/v1/namespaces/default/statefulsets",
      "{metadata: {name: db}, spec: {replicas: 2, serviceName: db, selector: "
      "{matchLabels: {app: db}}, template: {metadata: {labels: {app: db}}, "
      "spec: {containers: [{name: c, image: i}]}}, volumeClaimTemplates: "
      "[{metadata: {name: data}, spec: {accessModes: [ReadWriteOnce], "
      "resources: {requests: {storage: 1Gi}}}}]}}");
  ASSERT_EQ(made.code, 201) << Text(made.body);
  EXPECT_TRUE(Eventually("/apis/apps/v1/namespaces/default/statefulsets/db",
                         [](const kube::Response& r) {
                           const Value& status = r.body["status"];
                           return status.GetInt("readyReplicas") == 2 &&
                                  status.GetInt("updatedReplicas") == 2 &&
                                  status["currentRevision"] ==
                                      status["updateRevision"];
                         }));
  EXPECT_TRUE(
      Eventually("/api/v1/namespaces/default/persistentvolumeclaims/data-db-1",
                 [](const kube::Response& r) {
                   return r.body["status"].GetString("phase") == "Bound";
                 }));
  EXPECT_EQ(Get("/api/v1/namespaces/default/pods/db-1").code, 200);
}

TEST_F(SimulationTest, DaemonSetRunsOnEachNode) {
  Post("/apis/apps/v1/namespaces/default/daemonsets",
       "{metadata: {name: agent}, spec: {selector: {matchLabels: {app: a}}, "
       "template: {metadata: {labels: {app: a}}, spec: {containers: [{name: c, "
       "image: i}]}}}}");
  EXPECT_TRUE(Eventually("/apis/apps/v1/namespaces/default/daemonsets/agent",
                         [](const kube::Response& r) {
                           const Value& status = r.body["status"];
                           return status.GetInt("numberReady") == 1 &&
                                  status.GetInt("updatedNumberScheduled") ==
                                      1 &&
                                  status.GetInt("numberAvailable") == 1;
                         }))
      << Text(Get("/apis/apps/v1/namespaces/default/daemonsets/agent").body);
}

std::string JobBody(const std::string& outcome) {
  return "{metadata: {name: once, annotations: {weir.dev/simulate: " + outcome +
         "}}, spec: {backoffLimit: 2, template: {spec: {restartPolicy: Never, "
         "containers: [{name: c, image: i}]}}}}";
}

TEST_F(SimulationTest, JobCompletes) {
  const kube::Response made =
      Post("/apis/batch/v1/namespaces/default/jobs", JobBody("ready"));
  ASSERT_EQ(made.code, 201) << Text(made.body);
  EXPECT_TRUE(Eventually("/apis/batch/v1/namespaces/default/jobs/once",
                         [](const kube::Response& r) {
                           return Condition(r.body, "Complete") ==
                                      "True CompletionsReached" &&
                                  r.body["status"].GetInt("succeeded") == 1;
                         }))
      << Text(Get("/apis/batch/v1/namespaces/default/jobs/once").body)
      << Text(Get("/api/v1/namespaces/default/pods").body);
}

TEST_F(SimulationTest, JobFailsWhenAskedTo) {
  Post("/apis/batch/v1/namespaces/default/jobs", JobBody("fail"));
  EXPECT_TRUE(Eventually("/apis/batch/v1/namespaces/default/jobs/once",
                         [](const kube::Response& r) {
                           return Condition(r.body, "Failed") ==
                                      "True BackoffLimitExceeded" &&
                                  r.body["status"].GetInt("failed") == 3;
                         }));
}

TEST_F(SimulationTest, ServiceGetsAddresses) {
  Post("/api/v1/namespaces/default/services",
       "{metadata: {name: s}, spec: {type: LoadBalancer, ports: [{port: "
       "80}]}}");
  ASSERT_TRUE(Eventually(
      "/api/v1/namespaces/default/services/s", [](const kube::Response& r) {
        return !r.body["status"]["loadBalancer"]["ingress"].empty();
      }));
  const Value spec = Get("/api/v1/namespaces/default/services/s").body["spec"];
  EXPECT_FALSE(spec.GetString("clusterIP").empty());
  EXPECT_GE(spec["ports"][size_t{0}].GetInt("nodePort"), 30000);
}

TEST_F(SimulationTest, BarePodRuns) {
  Post("/api/v1/namespaces/default/pods",
       "{metadata: {name: p}, spec: {containers: [{name: c, image: i}]}}");
  EXPECT_TRUE(Eventually("/api/v1/namespaces/default/pods/p",
                         [](const kube::Response& r) {
                           return r.body["status"].GetString("phase") ==
                                      "Running" &&
                                  !r.body["spec"].GetString("nodeName").empty();
                         }))
      << Text(Get("/api/v1/namespaces/default/pods/p").body);
}

TEST_F(SimulationTest, HangingPodStaysPending) {
  Post("/api/v1/namespaces/default/pods",
       "{metadata: {name: p, annotations: {weir.dev/simulate: hang}}, spec: "
       "{containers: [{name: c, image: i}]}}");
  EXPECT_TRUE(Eventually(
      "/api/v1/namespaces/default/pods/p", [](const kube::Response& r) {
        return Condition(r.body, "Ready") == "False ContainersNotReady";
      }));
  EXPECT_EQ(Get("/api/v1/namespaces/default/pods/p")
                .body["status"]
                .GetString("phase"),
            "Pending");
}

class LevelsTest : public SimulationTest {
 protected:
  void SetUp() override {}
};

TEST_F(LevelsTest, ReadyMakesSetsButNoPods) {
  ServerOptions options;
  options.simulation = Simulation::kReady;
  Open(std::move(options));
  Post(kDeployments, Web(2));
  EXPECT_TRUE(BecomesCurrent(2)) << Text(Get(kDeployment).body);
  EXPECT_EQ(CountOf("/apis/apps/v1/namespaces/default/replicasets"), 1u);
  EXPECT_EQ(CountOf("/api/v1/namespaces/default/pods"), 0u);
}

TEST_F(LevelsTest, PodsMayNeedALabel) {
  ServerOptions options;
  options.simulation = Simulation::kPods;
  options.pods_need_label = true;
  Open(std::move(options));
  const auto body = [](const std::string& name, const std::string& label) {
    return "{metadata: {name: " + name + ", labels: {" + label +
           "}}, spec: {containers: [{name: c, image: i}]}}";
  };
  Post("/api/v1/namespaces/default/pods", body("plain", ""));
  Post("/api/v1/namespaces/default/pods", body("lost", "fake: fail"));
  Post("/api/v1/namespaces/default/pods", body("good", "fake: ready"));
  const auto has_phase = [](const std::string& phase) {
    return [phase](const kube::Response& r) {
      return r.body["status"].GetString("phase") == phase;
    };
  };
  EXPECT_TRUE(
      Eventually("/api/v1/namespaces/default/pods/good", has_phase("Running")));
  EXPECT_TRUE(
      Eventually("/api/v1/namespaces/default/pods/lost", has_phase("Failed")));
  EXPECT_TRUE(
      has_phase("Pending")(Get("/api/v1/namespaces/default/pods/plain")));
}

}  // namespace
}  // namespace weir::apiserver
