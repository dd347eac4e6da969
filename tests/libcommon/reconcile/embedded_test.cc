// The runtime on the embedded API server: what FakeCluster only pretends.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <string>

#include "tests/libcommon/reconcile/fixtures.h"
#include "weir/apiserver/server.h"
#include "weir/base/thread_group.h"
#include "weir/codec/codec.h"
#include "weir/codec/crd.h"
#include "weir/kustomize/v1/kustomization.pb.h"
#include "weir/reconcile/conditions.h"
#include "weir/reconcile/manager.h"
#include "weir/value/json.h"

namespace weir::reconcile {
namespace {

const kube::GroupVersionKind kKind{"kustomize.toolkit.fluxcd.io", "v1",
                                   "Kustomization"};

class EmbeddedTest : public ::testing::Test {
 protected:
  EmbeddedTest() {
    apiserver::ServerOptions options;
    options.simulation = apiserver::Simulation::kOff;
    auto server = apiserver::Server::Create(std::move(options));
    EXPECT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    client_ = std::make_unique<kube::Client>(server_->transport());
    for (const Value& crd : codec::AllCrds()) Apply(crd);
    // A definition is served a moment after it was accepted.
    EXPECT_TRUE(Eventually([this] {
      client_->InvalidateDiscovery();
      return client_->FindResource(Context(), kKind).ok();
    }));
    Apply(*ParseJson(R"({"apiVersion": "v1", "kind": "Namespace",
                         "metadata": {"name": "ns"}})"));
    ManagerOptions manager;
    manager.transport = server_->transport();
    manager_ = *Manager::Create(std::move(manager));
  }

  Value Apply(const Value& object) {
    kube::WriteOptions write;
    write.field_manager = "user";
    write.force = true;
    const auto applied = client_->Apply(Context(), object, write);
    EXPECT_TRUE(applied.ok()) << applied.status();
    return applied.value_or(Value());
  }
  Value Get(const std::string& name) {
    return client_->Get(Context(), {kKind, {"ns", name}}).value_or(Value());
  }
  static Value Kustomization(const std::string& name) {
    return *ParseJson(R"({"apiVersion": "kustomize.toolkit.fluxcd.io/v1",
      "kind": "Kustomization",
      "metadata": {"namespace": "ns", "name": ")" +
                      name + R"("},
      "spec": {"interval": "10m", "prune": true,
               "sourceRef": {"kind": "GitRepository", "name": "app"}}})");
  }

  std::unique_ptr<apiserver::Server> server_;
  std::unique_ptr<kube::Client> client_;
  std::unique_ptr<Manager> manager_;
};

TEST_F(EmbeddedTest, LifeOfAnObject) {
  std::atomic<int> passes = 0, stale = 0, gone = 0;
  const auto reconcile = [&](const Context& ctx, const Request& request) {
    if (request.object.is_null()) {
      ++gone;
      return Outcome::Done();
    }
    Value object = request.object;
    if (IsBeingDeleted(object)) {
      if (!HasFinalizer(object)) ++stale;
      return OutcomeFor(request.writer->RemoveFinalizer(ctx, object).status(),
                        {});
    }
    const auto with_finalizer = request.writer->AddFinalizer(ctx, object);
    if (!with_finalizer.ok()) return Outcome::Retry(with_finalizer.status());
    object = *with_finalizer;
    kustomize::v1::KustomizationStatus status;
    const absl::Status read = codec::FromValue(object["status"], &status);
    if (!read.ok()) return Outcome::Terminal(read);
    Conditions conditions(status.mutable_conditions(), GenerationOf(object));
    conditions.MarkReconciling(kProgressing, "at work");
    auto written = request.writer->WriteStatus(ctx, object, status);
    if (!written.ok()) return Outcome::Retry(written.status());
    conditions.Delete(kReconciling);
    conditions.MarkTrue(kReady, "Succeeded", "done");
    status.set_observed_generation(GenerationOf(object));
    written = request.writer->WriteStatus(ctx, *written, status);
    if (!written.ok()) return Outcome::Retry(written.status());
    ++passes;
    return Outcome::RequeueAfter(absl::Minutes(10));
  };
  ControllerOptions options;
  options.component = "test-controller";
  options.gvk = kKind;
  manager_->AddController(std::move(options),
                          std::make_shared<FunctionReconciler>(reconcile));
  ThreadGroup threads;
  threads.Start("manager",
                [this](const Context& ctx) { return manager_->Run(ctx); });

  Apply(Kustomization("app"));
  EXPECT_TRUE(Eventually([&] {
    return Get("app")["status"].GetInt("observedGeneration", -1) == 1;
  }));
  const Value object = Get("app");
  EXPECT_TRUE(HasFinalizer(object));
  ASSERT_EQ(object["status"]["conditions"].size(), 1u);
  const Value ready = object["status"]["conditions"][size_t{0}];
  EXPECT_EQ(std::string(ready.GetString("reason")), "Succeeded");
  EXPECT_EQ(ready.GetInt("observedGeneration"), 1);
  // Applying what is there changes nothing, and starts no pass.
  Apply(Kustomization("app"));
  EXPECT_EQ(passes, 1);

  const auto deleted = client_->Delete(Context(), {kKind, {"ns", "app"}}, {});
  EXPECT_TRUE(deleted.ok()) << deleted;
  EXPECT_TRUE(Eventually([&] { return gone == 1 && Get("app").is_null(); }));
  threads.Stop();
  EXPECT_TRUE(threads.Join().ok());
  EXPECT_EQ(stale, 0);
}

TEST_F(EmbeddedTest, EventsAreStoredAndCounted) {
  for (int i = 0; i < 3; ++i) {
    Event event;
    event.object = Kustomization("app");
    event.reason = "Progressing";
    event.message = "ConfigMap/ns/demo created";
    event.metadata["kustomize.toolkit.fluxcd.io/revision"] = "main@sha1:1";
    manager_->events().Emit("kustomize-controller", std::move(event));
  }
  manager_->events().Flush(absl::Seconds(10));
  const auto events = client_->List(Context(), {"", "v1", "Event"}, "ns");
  ASSERT_TRUE(events.ok()) << events.status();
  ASSERT_EQ((*events)["items"].size(), 1u);
  const Value event = (*events)["items"][size_t{0}];
  EXPECT_EQ(event.GetInt("count"), 3);
  EXPECT_EQ(std::string(event["source"].GetString("component")),
            "kustomize-controller");
  EXPECT_EQ(std::string(event["metadata"]["annotations"].GetString(
                "kustomize.toolkit.fluxcd.io/revision")),
            "main@sha1:1");
}

}  // namespace
}  // namespace weir::reconcile
