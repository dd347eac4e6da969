#include "weir/reconcile/events.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <vector>

#include "tests/libcommon/reconcile/fixtures.h"
#include "tests/support/fake_cluster.h"
#include "weir/base/mutex.h"
#include "weir/http/server.h"
#include "weir/kube/client.h"
#include "weir/value/json.h"

namespace weir::reconcile {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

Event MakeEvent(const std::string& message, Severity severity = Severity::kInfo,
                const std::string& reason = "Progressing") {
  Event event;
  event.object = Thing("a");
  event.object.Mutable("metadata").Set("uid", "u1");
  event.severity = severity;
  event.reason = reason;
  event.message = message;
  return event;
}

// Stands for notification-controller.
class Sink {
 public:
  Sink() {
    auto server = http::Server::Start(
        {}, [this](const http::ServerRequest& request,
                   std::unique_ptr<http::Responder> responder) {
          http::ServerResponse response;
          {
            MutexLock lock(mu_);
            ++posts_;
            if (!codes_.empty()) {
              response.code = codes_.front();
              codes_.erase(codes_.begin());
            }
            if (response.code < 300) bodies_.push_back(request.body);
          }
          responder->Send(std::move(response));
        });
    EXPECT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }
  std::string url() const { return server_->url() + "/"; }
  // Of the next answers; then 200.
  void set_codes(std::vector<int> codes) {
    MutexLock lock(mu_);
    codes_ = std::move(codes);
  }
  int posts() {
    MutexLock lock(mu_);
    return posts_;
  }
  std::vector<std::string> bodies() {
    MutexLock lock(mu_);
    return bodies_;
  }

 private:
  Mutex mu_;
  int posts_ ABSL_GUARDED_BY(mu_) = 0;
  std::vector<int> codes_ ABSL_GUARDED_BY(mu_);
  std::vector<std::string> bodies_ ABSL_GUARDED_BY(mu_);
  std::unique_ptr<http::Server> server_;
};

class EventRecorderTest : public ::testing::Test {
 protected:
  EventRecorder& Make(EventRecorderOptions options = {}) {
    options.instance = "host-1";
    options.clock = &clock_;
    options.min_post_backoff = absl::Milliseconds(1);
    options.on_dropped = [this](absl::string_view) { ++dropped_; };
    recorder_ = std::make_unique<EventRecorder>(client_, std::move(options));
    return *recorder_;
  }
  // What was recorded in the cluster, once all is sent.
  std::vector<Value> Stored() {
    recorder_->Flush(absl::Seconds(10));
    return cluster_->FindAll({"", "v1", "Event"});
  }

  FakeClock clock_;
  std::atomic<int> dropped_ = 0;
  std::shared_ptr<test::FakeCluster> cluster_ =
      std::make_shared<test::FakeCluster>(
          std::vector<kube::Resource>{ThingResource()});
  kube::Client client_{cluster_};
  std::unique_ptr<EventRecorder> recorder_;
};

TEST_F(EventRecorderTest, WritesAKubernetesEvent) {
  Event event = MakeEvent("ConfigMap/ns/demo created");
  event.metadata["kustomize.toolkit.fluxcd.io/revision"] = "main@sha1:1";
  event.object.Mutable("metadata")
      .Set("annotations",
           Value::MakeObject(
               {{"event.toolkit.fluxcd.io/team", "blue"}, {"other", "no"}}));
  Make().Emit("kustomize-controller", std::move(event));
  const std::vector<Value> stored = Stored();
  ASSERT_THAT(stored, SizeIs(1));
  const Value& got = stored[0];
  EXPECT_EQ(std::string(got["metadata"].GetString("name")),
            "a.17979cfe362a0000");
  EXPECT_EQ(got["metadata"].GetString("namespace"), "ns");
  EXPECT_EQ(FormatJson(got["metadata"]["annotations"]),
            "{\"event.toolkit.fluxcd.io/team\":\"blue\","
            "\"kustomize.toolkit.fluxcd.io/revision\":\"main@sha1:1\"}");
  EXPECT_EQ(FormatJson(got["involvedObject"]),
            "{\"apiVersion\":\"example.dev/v1\",\"kind\":\"Thing\","
            "\"name\":\"a\",\"namespace\":\"ns\",\"uid\":\"u1\"}");
  EXPECT_EQ(got.GetString("type"), "Normal");
  EXPECT_EQ(got.GetString("reason"), "Progressing");
  EXPECT_EQ(got.GetString("message"), "ConfigMap/ns/demo created");
  EXPECT_EQ(got["source"].GetString("component"), "kustomize-controller");
  EXPECT_EQ(got.GetString("reportingComponent"), "kustomize-controller");
  EXPECT_EQ(got.GetString("firstTimestamp"), "2023-11-14T22:13:20Z");
  EXPECT_EQ(got.GetString("lastTimestamp"), "2023-11-14T22:13:20Z");
  EXPECT_EQ(got.GetInt("count"), 1);
}

TEST_F(EventRecorderTest, CountsRepeats) {
  EventRecorder& recorder = Make();
  for (int i = 0; i < 3; ++i) {
    recorder.Emit("c", MakeEvent("same"));
    clock_.Advance(absl::Seconds(10));
  }
  recorder.Emit("c", MakeEvent("other"));
  const std::vector<Value> stored = Stored();
  ASSERT_THAT(stored, SizeIs(2));
  const bool first = stored[0].GetString("message") == "same";
  const Value& same = stored[first ? 0 : 1];
  EXPECT_EQ(same.GetInt("count"), 3);
  EXPECT_EQ(same.GetString("firstTimestamp"), "2023-11-14T22:13:20Z");
  EXPECT_EQ(same.GetString("lastTimestamp"), "2023-11-14T22:13:40Z");
}

TEST_F(EventRecorderTest, ExpiredEventIsMadeAnew) {
  EventRecorder& recorder = Make();
  recorder.Emit("c", MakeEvent("same"));
  ASSERT_THAT(Stored(), SizeIs(1));
  cluster_->Delete(kube::RefOf(Stored()[0]));
  clock_.Advance(absl::Seconds(10));
  recorder.Emit("c", MakeEvent("same"));
  const std::vector<Value> stored = Stored();
  ASSERT_THAT(stored, SizeIs(1));
  EXPECT_EQ(stored[0].GetInt("count"), 2);
}

TEST_F(EventRecorderTest, CombinesSimilarEvents) {
  EventRecorder& recorder = Make();
  for (int i = 0; i < 12; ++i) {
    recorder.Emit("c", MakeEvent(absl::StrCat("message ", i)));
    clock_.Advance(absl::Seconds(1));
  }
  int combined = 0;
  int64_t count = 0;
  for (const Value& event : Stored()) {
    if (event.GetString("message") ==
        "(combined from similar events): message 11") {
      ++combined;
      count = event.GetInt("count");
    }
  }
  EXPECT_EQ(combined, 1);
  EXPECT_EQ(count, 3);
  EXPECT_THAT(Stored(), SizeIs(10));
}

TEST_F(EventRecorderTest, OneObjectCannotFlood) {
  EventRecorder& recorder = Make();
  for (int i = 0; i < 40; ++i) {
    recorder.Emit("c", MakeEvent("m", Severity::kInfo, absl::StrCat("R", i)));
  }
  EXPECT_THAT(Stored(), SizeIs(25));
  clock_.Advance(absl::Seconds(301));
  recorder.Emit("c", MakeEvent("later", Severity::kInfo, "Late"));
  recorder.Emit("c", MakeEvent("later", Severity::kInfo, "Later"));
  EXPECT_THAT(Stored(), SizeIs(26));
}

TEST_F(EventRecorderTest, RefusedEventIsDropped) {
  cluster_->set_intercept(
      [](const kube::Request& request) -> std::optional<kube::Response> {
        if (request.method != kube::Method::kPost) return std::nullopt;
        return kube::Response{403, Value()};
      });
  Make().Emit("c", MakeEvent("m"));
  EXPECT_THAT(Stored(), SizeIs(0));
}

TEST_F(EventRecorderTest, PostsWhatIsNoTrace) {
  Sink sink;
  EventRecorderOptions options;
  options.address = sink.url();
  EventRecorder& recorder = Make(std::move(options));
  recorder.Emit("c", MakeEvent("trace", Severity::kTrace));
  Event event = MakeEvent("it broke", Severity::kError, "BuildFailed");
  event.object.Mutable("metadata").Set("resourceVersion", "7");
  event.metadata["g/revision"] = "r";
  recorder.Emit("kustomize-controller", std::move(event));
  EXPECT_THAT(Stored(), SizeIs(2));
  EXPECT_THAT(
      sink.bodies(),
      ElementsAre(
          "{\"involvedObject\":{\"apiVersion\":\"example.dev/v1\",\"kind\":"
          "\"Thing\",\"name\":\"a\",\"namespace\":\"ns\",\"resourceVersion\":"
          "\"7\",\"uid\":\"u1\"},\"message\":\"it broke\",\"metadata\":{"
          "\"g/revision\":\"r\"},\"reason\":\"BuildFailed\","
          "\"reportingController\":\"kustomize-controller\","
          "\"reportingInstance\":\"host-1\",\"severity\":\"error\","
          "\"timestamp\":\"2023-11-14T22:13:20Z\"}"));
  for (const Value& stored : Stored()) {
    EXPECT_EQ(stored.GetString("type"),
              stored.GetString("message") == "trace" ? "Normal" : "Warning");
  }
}

struct PostCase {
  const char* name;
  std::vector<int> codes;
  int want_posts;
  int want_dropped;
};
class PostTest : public EventRecorderTest,
                 public ::testing::WithParamInterface<PostCase> {};

TEST_P(PostTest, RetriesServerErrorsOnly) {
  Sink sink;
  sink.set_codes(GetParam().codes);
  EventRecorderOptions options;
  options.address = sink.url();
  options.write_kube = false;
  EventRecorder& recorder = Make(std::move(options));
  recorder.Emit("c", MakeEvent("m"));
  recorder.Flush(absl::Seconds(10));
  EXPECT_EQ(sink.posts(), GetParam().want_posts);
  EXPECT_EQ(dropped_, GetParam().want_dropped);
}

INSTANTIATE_TEST_SUITE_P(
    Table, PostTest,
    ::testing::Values(PostCase{"Accepted", {202}, 1, 0},
                      PostCase{"DuplicateIsFine", {429}, 1, 0},
                      PostCase{"BadRequestIsFinal", {400}, 1, 0},
                      PostCase{"RecoversAtLast", {500, 502, 503, 500}, 5, 0},
                      PostCase{"GivesUp", {500, 500, 500, 500, 500}, 5, 1}),
    [](const auto& info) { return std::string(info.param.name); });

TEST_F(EventRecorderTest, DeadAddressBlocksNobody) {
  EventRecorderOptions options;
  options.address = "http://127.0.0.1:1/";
  options.history = 10;
  options.min_post_backoff = absl::Minutes(5);
  EventRecorder recorder(client_, std::move(options));
  for (int i = 0; i < 100; ++i) recorder.Emit("c", MakeEvent("m"));
  EXPECT_EQ(recorder.last_sequence(), 100u);
}

TEST_F(EventRecorderTest, SubscribersGetHistoryThenNews) {
  EventRecorderOptions options;
  options.history = 3;
  EventRecorder& recorder = Make(std::move(options));
  for (int i = 1; i <= 5; ++i) {
    recorder.Emit("c", MakeEvent(absl::StrCat("m", i)));
  }
  Mutex mu;
  std::vector<std::string> seen;
  auto subscription = recorder.Subscribe(0, [&](const RecordedEvent& event) {
    MutexLock lock(mu);
    seen.push_back(absl::StrCat(event.sequence, event.event.message));
  });
  const auto count = [&] {
    MutexLock lock(mu);
    return seen.size();
  };
  EXPECT_TRUE(Eventually([&] { return count() == 3; }));
  recorder.Emit("c", MakeEvent("m6"));
  EXPECT_TRUE(Eventually([&] { return count() == 4; }));
  subscription.reset();
  recorder.Emit("c", MakeEvent("m7"));
  recorder.Flush(absl::Seconds(10));
  MutexLock lock(mu);
  EXPECT_THAT(seen, ElementsAre("3m3", "4m4", "5m5", "6m6"));
}

}  // namespace
}  // namespace weir::reconcile
