#include "weir/reconcile/manager.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "tests/libcommon/reconcile/fixtures.h"
#include "tests/support/fake_cluster.h"
#include "weir/base/mutex.h"
#include "weir/base/thread_group.h"
#include "weir/http/client.h"

namespace weir::reconcile {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Keeps all requests, and answers none by itself.
class SilentTransport : public kube::Transport {
 public:
  void Send(const Context&, kube::Request, Done done) override {
    MutexLock lock(mu_);
    requests_.push_back(std::move(done));
  }
  std::unique_ptr<kube::WatchStream> Watch(kube::Request,
                                           kube::WatchHandler) override {
    return nullptr;
  }
  std::vector<Done> Take() {
    MutexLock lock(mu_);
    return std::exchange(requests_, {});
  }

 private:
  Mutex mu_;
  std::vector<Done> requests_ ABSL_GUARDED_BY(mu_);
};

TEST(ManagerLifetimeTest, AnAnswerAfterItsEndIsHarmless) {
  const auto transport = std::make_shared<SilentTransport>();
  ManagerOptions options;
  options.transport = transport;
  auto manager = Manager::Create(std::move(options));
  ASSERT_TRUE(manager.ok()) << manager.status();
  const Context ctx = Context().WithCancel();
  ctx.Cancel();
  EXPECT_FALSE(
      (*manager)->client().FindResource(ctx, ThingResource().gvk).ok());
  manager->reset();
  const auto requests = transport->Take();
  ASSERT_FALSE(requests.empty()) << "nothing is under way";
  // Each is counted in what the Manager's metrics were.
  for (const kube::Transport::Done& done : requests) done(kube::Response());
}

class ManagerTest : public ::testing::Test {
 protected:
  std::unique_ptr<Manager> Make(ManagerOptions options = {}) {
    options.transport = cluster_;
    options.hostname = "host";
    options.logger =
        Logger({LogLevel::kInfo, "json", [this](absl::string_view line) {
                  MutexLock lock(mu_);
                  log_.append(line.data(), line.size());
                }});
    auto manager = Manager::Create(std::move(options));
    EXPECT_TRUE(manager.ok()) << manager.status();
    return *std::move(manager);
  }
  static ControllerOptions Options() {
    ControllerOptions options;
    options.component = "test-controller";
    options.gvk = ThingResource().gvk;
    options.min_retry_delay = absl::Milliseconds(1);
    return options;
  }
  static std::shared_ptr<Reconciler> Does(FunctionReconciler::Function does) {
    return std::make_shared<FunctionReconciler>(std::move(does));
  }
  // Runs until Stop, or until the answer goes, which is before what the
  // reconcilers of a test refer to.
  [[nodiscard]] std::shared_ptr<void> Start(Manager& manager) {
    threads_.Start("manager", [this, &manager](const Context&) {
      result_ = manager.Run(ctx_);
      return absl::OkStatus();
    });
    return {nullptr, [this](void*) { Stop().IgnoreError(); }};
  }
  absl::Status Stop() {
    ctx_.Cancel();
    EXPECT_TRUE(threads_.Join().ok());
    return result_;
  }
  std::string log() {
    MutexLock lock(mu_);
    return log_;
  }

  std::shared_ptr<test::FakeCluster> cluster_ =
      std::make_shared<test::FakeCluster>(
          std::vector<kube::Resource>{ThingResource()});
  Context ctx_ = Context().WithCancel();
  absl::Status result_;
  Mutex mu_;
  std::string log_ ABSL_GUARDED_BY(mu_);
  ThreadGroup threads_;
};

TEST_F(ManagerTest, ReconcilesWhatIsThereAndWhatChanges) {
  cluster_->Put(Thing("old"));
  auto manager = Make();
  Mutex mu;
  std::multiset<std::string> seen;
  manager->AddController(
      Options(), Does([&](auto&, const Request& request) {
        MutexLock lock(mu);
        seen.insert(request.key.name +
                    (request.object.is_null() ? " gone" : ""));
        return Outcome::Done();
      }));
  const auto count = [&](const char* what) {
    MutexLock lock(mu);
    return seen.count(what);
  };
  const auto running = Start(*manager);
  EXPECT_TRUE(Eventually([&] { return count("old") == 1; }));
  cluster_->Put(Thing("new"));
  EXPECT_TRUE(Eventually([&] { return count("new") == 1; }));
  cluster_->Put(Thing("new", Value::MakeObject({{"x", 1}})));
  EXPECT_TRUE(Eventually([&] { return count("new") == 2; }));
  // A status starts no pass; requestedAt does.
  cluster_->Patch(Ref("new"), Value::MakeObject(
                                  {{"status", Value::MakeObject({{"a", 1}})}}));
  cluster_->Patch(
      Ref("new"),
      Value::MakeObject(
          {{"metadata",
            Value::MakeObject(
                {{"annotations",
                  Value::MakeObject(
                      {{"reconcile.fluxcd.io/requestedAt", "now"}})}})}}));
  EXPECT_TRUE(Eventually([&] { return count("new") == 3; }));
  cluster_->Delete(Ref("new"));
  EXPECT_TRUE(Eventually([&] { return count("new gone") == 1; }));
  EXPECT_TRUE(Stop().ok());
  EXPECT_EQ(count("new"), 3u);
  EXPECT_EQ(count("old"), 1u);
}

TEST_F(ManagerTest, IntervalTickMakesNoRequest) {
  cluster_->Put(Thing("a"));
  auto manager = Make();
  std::atomic<int> passes = 0;
  manager->AddController(Options(), Does([&](auto&, auto&) {
                           ++passes;
                           return Outcome::RequeueAfter(absl::Milliseconds(1));
                         }));
  const auto running = Start(*manager);
  EXPECT_TRUE(Eventually([&] { return passes.load() > 20; }));
  EXPECT_TRUE(Stop().ok());
  EXPECT_THAT(cluster_->requests(), ElementsAre());
}

TEST_F(ManagerTest, PassSeesWhatTheLastOneWrote) {
  cluster_->Put(Thing("a"));
  auto manager = Make();
  std::atomic<int64_t> passes = 0;
  std::atomic<bool> is_stale = false;
  manager->AddController(
      Options(), Does([&](auto& ctx, const Request& request) {
        const int64_t count = request.object["status"].GetInt("count");
        if (count != passes.load()) is_stale = true;
        const auto written = request.writer->WriteStatusValue(
            ctx, request.object, Value::MakeObject({{"count", count + 1}}));
        if (!written.ok()) return Outcome::Retry(written.status());
        if (++passes == 100) return Outcome::Done();
        return Outcome::RequeueAfter(absl::ZeroDuration());
      }));
  const auto running = Start(*manager);
  EXPECT_TRUE(Eventually([&] { return passes.load() == 100; }));
  EXPECT_TRUE(Stop().ok());
  EXPECT_FALSE(is_stale);
  // Never stale means never a lost race: one request a pass.
  EXPECT_EQ(cluster_->requests().size(), 100u);
}

TEST_F(ManagerTest, AwaitFreesTheWorkerAndGoesOnWhenEnqueued) {
  cluster_->Put(Thing("waits"));
  cluster_->Put(Thing("works"));
  auto manager = Make();
  std::atomic<int> begun = 0, resumed = 0, worked = 0;
  ControllerOptions options = Options();
  options.concurrency = 1;
  Controller& controller = manager->AddController(
      std::move(options), Does([&](auto&, const Request& request) {
        if (request.key.name == "works") {
          ++worked;
          return Outcome::Done();
        }
        if (!request.is_resumed) {
          ++begun;
          return Outcome::Await(absl::Minutes(5));
        }
        ++resumed;
        return Outcome::Done();
      }));
  const auto running = Start(*manager);
  EXPECT_TRUE(Eventually([&] { return begun == 1 && worked == 1; }));
  EXPECT_EQ(resumed, 0);
  controller.Enqueue(Key("waits"));
  EXPECT_TRUE(Eventually([&] { return resumed == 1; }));
  EXPECT_TRUE(Stop().ok());
  EXPECT_EQ(begun, 1);
}

TEST_F(ManagerTest, AwaitEndsAtItsLimit) {
  cluster_->Put(Thing("a"));
  auto manager = Make();
  std::atomic<bool> is_resumed = false;
  manager->AddController(Options(), Does([&](auto&, const Request& request) {
                           if (!request.is_resumed)
                             return Outcome::Await(absl::Milliseconds(5));
                           is_resumed = true;
                           return Outcome::Done();
                         }));
  const auto running = Start(*manager);
  EXPECT_TRUE(Eventually([&] { return is_resumed.load(); }));
}

TEST_F(ManagerTest, FailureIsLoggedCountedAndRepeated) {
  cluster_->Put(Thing("a"));
  auto manager = Make();
  std::atomic<int> passes = 0;
  manager->AddController(
      Options(), Does([&](auto&, const Request& request) {
        if (++passes == 1)
          return Outcome::Retry(absl::UnavailableError("flaky"));
        if (passes == 2) throw std::runtime_error("boom");
        if (passes == 3) {
          EXPECT_EQ(request.failures, 2);
          return Outcome::Terminal(absl::InvalidArgumentError("hopeless"));
        }
        return Outcome::Done();
      }));
  const auto running = Start(*manager);
  EXPECT_TRUE(Eventually([&] { return passes.load() >= 3; }));
  EXPECT_TRUE(Stop().ok());
  EXPECT_EQ(passes, 3);
  const std::string text = log();
  EXPECT_THAT(
      text,
      HasSubstr("\"msg\":\"Reconciler error\",\"controller\":\"thing\","
                "\"controllerGroup\":\"example.dev\","
                "\"controllerKind\":\"Thing\",\"Thing\":{\"name\":\"a\","
                "\"namespace\":\"ns\"},\"namespace\":\"ns\",\"name\":\"a\","
                "\"reconcileID\":\""));
  EXPECT_THAT(text, HasSubstr("\"error\":\"flaky\""));
  EXPECT_THAT(text, HasSubstr("panic: boom [recovered]"));
  const std::string metrics = manager->metrics().Print();
  for (const char* line :
       {"controller_runtime_reconcile_total{controller=\"thing\",result="
        "\"error\"} 3",
        "controller_runtime_reconcile_panics_total{controller=\"thing\"} 1",
        "controller_runtime_terminal_reconcile_errors_total{controller="
        "\"thing\"} 1",
        "gotk_reconcile_duration_seconds_count{kind=\"Thing\",name=\"a\","
        "namespace=\"ns\"} 3"}) {
    EXPECT_THAT(metrics, HasSubstr(line));
  }
}

TEST_F(ManagerTest, SeriesGoWithTheObject) {
  cluster_->Put(Thing("a"));
  auto manager = Make();
  std::atomic<bool> is_gone = false;
  manager->AddController(Options(), Does([&](auto&, const Request& request) {
                           if (request.object.is_null()) is_gone = true;
                           return Outcome::Done();
                         }));
  const auto running = Start(*manager);
  EXPECT_TRUE(Eventually([&] {
    return absl::StrContains(manager->metrics().Print(), "name=\"a\"");
  }));
  cluster_->Delete(Ref("a"));
  EXPECT_TRUE(Eventually([&] {
    return is_gone &&
           !absl::StrContains(manager->metrics().Print(), "name=\"a\"");
  }));
}

TEST_F(ManagerTest, ShardSeesItsObjectsOnly) {
  Value mine = Thing("mine");
  mine.Mutable("metadata").Set("labels", Value::MakeObject({{"shard", "1"}}));
  cluster_->Put(mine);
  cluster_->Put(Thing("other"));
  ManagerOptions options;
  options.label_selector = "shard=1";
  auto manager = Make(std::move(options));
  Mutex mu;
  std::vector<std::string> seen;
  manager->AddController(Options(), Does([&](auto&, const Request& request) {
                           MutexLock lock(mu);
                           seen.push_back(request.key.name);
                           return Outcome::Done();
                         }));
  const auto running = Start(*manager);
  EXPECT_TRUE(Eventually([&] {
    MutexLock lock(mu);
    return !seen.empty();
  }));
  EXPECT_TRUE(Stop().ok());
  EXPECT_THAT(seen, ElementsAre("mine"));
}

TEST_F(ManagerTest, PassesMayFinishOnTheWayOut) {
  cluster_->Put(Thing("quick"));
  ManagerOptions options;
  options.drain = absl::Seconds(20);
  auto manager = Make(std::move(options));
  std::atomic<bool> is_in_pass = false, was_cancelled = false;
  manager->AddController(Options(), Does([&](auto& ctx, auto&) {
                           is_in_pass = true;
                           was_cancelled =
                               !ctx.SleepFor(absl::Milliseconds(20)).ok();
                           return Outcome::Done();
                         }));
  const auto running = Start(*manager);
  ASSERT_TRUE(Eventually([&] { return is_in_pass.load(); }));
  EXPECT_TRUE(Stop().ok());
  EXPECT_FALSE(was_cancelled);
}

TEST_F(ManagerTest, SlowPassesAreCutAfterTheDrain) {
  cluster_->Put(Thing("slow"));
  ManagerOptions options;
  options.drain = absl::Milliseconds(5);
  auto manager = Make(std::move(options));
  std::atomic<bool> is_in_pass = false, was_cancelled = false;
  std::vector<std::string> ended;
  manager->AddController(Options(), Does([&](auto& ctx, auto&) {
                           is_in_pass = true;
                           was_cancelled = !ctx.SleepFor(absl::Minutes(5)).ok();
                           ended.push_back("pass");
                           return Outcome::Retry(ctx.status());
                         }));
  manager->AddRunnable("server", [&](const Context& ctx) {
    ctx.SleepFor(absl::InfiniteDuration()).IgnoreError();
    ended.push_back("runnable");
    return absl::OkStatus();
  });
  const auto running = Start(*manager);
  ASSERT_TRUE(Eventually([&] { return is_in_pass.load(); }));
  EXPECT_TRUE(Stop().ok());
  EXPECT_TRUE(was_cancelled);
  EXPECT_THAT(ended, ElementsAre("pass", "runnable"));
  EXPECT_THAT(log(), Not(HasSubstr("Reconciler error")));
}

TEST_F(ManagerTest, FailingRunnableEndsTheManager) {
  auto manager = Make();
  manager->AddRunnable("server", [](const Context&) {
    return absl::UnavailableError("address taken");
  });
  EXPECT_EQ(manager->Run(ctx_), absl::UnavailableError("address taken"));
}

TEST_F(ManagerTest, AnswersProbesAndMetrics) {
  ManagerOptions options;
  options.metrics_address = "127.0.0.1:0";
  options.health_address = "localhost:0";
  auto manager = Make(std::move(options));
  bool is_ready = false;
  manager->AddReadyCheck("storage", [&] {
    return is_ready ? absl::OkStatus() : absl::UnavailableError("not yet");
  });
  http::Client http;
  const auto get = [&](const std::string& address, const char* path) {
    http::Request request;
    request.url = "http://" + address + path;
    const auto answer = http.SendAndWait(Context(), request);
    return answer.ok() ? absl::StrCat(answer->code, " ", answer->body)
                       : answer.status().ToString();
  };
  EXPECT_EQ(get(manager->health_address(), "/healthz"), "200 ok");
  EXPECT_EQ(get(manager->health_address(), "/readyz/ping"), "200 ok");
  EXPECT_EQ(get(manager->health_address(), "/readyz"),
            "500 [-]storage failed: not yet\nreadyz check failed\n");
  is_ready = true;
  EXPECT_EQ(get(manager->health_address(), "/readyz"), "200 ok");
  EXPECT_EQ(get(manager->health_address(), "/readyz/other"),
            "404 404 page not found\n");
  EXPECT_THAT(get(manager->metrics_address(), "/metrics"),
              HasSubstr("process_resident_memory_bytes"));
}

TEST_F(ManagerTest, OnlyTheLeaderWorksAndTheNextOneTakesOver) {
  cluster_->Put(Thing("a"));
  const auto options = [](const char* identity) {
    ManagerOptions manager;
    manager.use_leader_election = true;
    manager.lease.name_space = "ns";
    manager.lease.name = "test-leader-election";
    manager.lease.identity = identity;
    manager.lease.lease_duration = absl::Seconds(2);
    manager.lease.renew_deadline = absl::Seconds(1);
    manager.lease.retry_period = absl::Milliseconds(10);
    return manager;
  };
  auto first = Make(options("first")), second = Make(options("second"));
  std::atomic<int> by_first = 0, by_second = 0;
  first->AddController(Options(), Does([&](auto&, auto&) {
                         ++by_first;
                         return Outcome::Done();
                       }));
  second->AddController(Options(), Does([&](auto&, auto&) {
                          ++by_second;
                          return Outcome::Done();
                        }));
  const Context first_ctx = Context().WithCancel();
  ThreadGroup first_thread;
  first_thread.Start("first",
                     [&](const Context&) { return first->Run(first_ctx); });
  EXPECT_TRUE(Eventually([&] { return by_first == 1; }));
  EXPECT_THAT(first->metrics().Print(),
              HasSubstr("leader_election_master_status{name=\"test-leader-"
                        "election\"} 1"));
  const auto running = Start(*second);
  ctx_.SleepFor(absl::Milliseconds(20)).IgnoreError();
  EXPECT_EQ(by_second, 0);
  first_ctx.Cancel();
  EXPECT_TRUE(first_thread.Join().ok());
  // Released, so the second need not wait for the lease to end.
  EXPECT_TRUE(Eventually([&] { return by_second == 1; }));
  EXPECT_TRUE(Stop().ok());
  std::vector<std::string> messages;
  for (const Value& event : cluster_->FindAll({"", "v1", "Event"})) {
    messages.push_back(std::string(event.GetString("message")));
  }
  EXPECT_THAT(messages, Contains("first became leader"));
  EXPECT_THAT(messages, Contains("first stopped leading"));
}

TEST_F(ManagerTest, NeedsATransport) {
  EXPECT_TRUE(absl::IsInvalidArgument(Manager::Create({}).status()));
}

TEST_F(ManagerTest, EventsOverGrpcNeedASink) {
  ManagerOptions options;
  options.transport = cluster_;
  options.events_address = "grpc://127.0.0.1:9000";
  EXPECT_TRUE(
      absl::IsInvalidArgument(Manager::Create(std::move(options)).status()));
}

TEST_F(ManagerTest, CountsRequests) {
  ManagerOptions options;
  options.api_host = "10.0.0.1:443";
  auto manager = Make(std::move(options));
  EXPECT_FALSE(manager->client().Get(Context(), Ref("none")).ok());
  EXPECT_THAT(manager->metrics().Print(),
              HasSubstr("rest_client_requests_total{code=\"404\",host=\"10.0.0."
                        "1:443\",method=\"GET\"} 1"));
}

// Whoever holds one may be gone before the other.
TEST_F(ManagerTest, ItsEndStillsInformersThatOthersHold) {
  auto manager = Make();
  auto other = Make();
  std::atomic<int> told = 0, others = 0;
  const auto informer = manager->SharedInformer(ThingResource().gvk, "", "");
  informer->AddHandler([&](const kube::Change&) { ++told; });
  const auto watching = other->SharedInformer(ThingResource().gvk, "", "");
  watching->AddHandler([&](const kube::Change&) { ++others; });
  ASSERT_TRUE(informer->WaitForSync(Context()).ok());
  ASSERT_TRUE(watching->WaitForSync(Context()).ok());
  manager.reset();
  cluster_->Put(Thing("a"));
  while (others == 0) absl::SleepFor(absl::Milliseconds(1));
  EXPECT_EQ(told, 0);
}

}  // namespace
}  // namespace weir::reconcile
