#include "weir/reconcile/event_grpc.h"

#include <atomic>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "tests/libcommon/reconcile/fixtures.h"
#include "tests/support/fake_cluster.h"
#include "tests/support/grpc_call.h"
#include "weir/base/mutex.h"
#include "weir/event/v1/event_service.pb.h"
#include "weir/kube/client.h"
#include "weir/reconcile/event_hub.h"
#include "weir/value/json.h"

namespace weir::reconcile {
namespace {

class EventGrpcTest : public testing::Test {
 protected:
  EventGrpcTest()
      : cluster_(std::make_shared<test::FakeCluster>(
            std::vector<kube::Resource>{ThingResource()})),
        client_(cluster_) {
    EventRecorderOptions options;
    options.instance = "host-1";
    options.write_kube = false;
    options.clock = &clock_;
    events_ = std::make_unique<EventRecorder>(client_, options);
  }

  void Serve(const EventGrpcOptions& options = {}) {
    rpc::ServerOptions server;
    server.address = "127.0.0.1:0";
    auto started =
        rpc::Server::Start(server, {MakeEventGrpcService(*events_, options)});
    ASSERT_TRUE(started.ok()) << started.status();
    server_ = *std::move(started);
  }

  void EmitHere(const std::string& name, Severity severity,
                const std::string& message) {
    Event event;
    event.object = Thing(name);
    event.object.Mutable("metadata").Set("uid", "u-" + name);
    event.severity = severity;
    event.reason = "Progressing";
    event.message = message;
    event.metadata = {{"example.dev/revision", "main"}};
    events_->Emit("thing-controller", std::move(event));
  }

  std::unique_ptr<test::GrpcCall> Watch(
      const event::v1::WatchRequest& request = {}) {
    return std::make_unique<test::GrpcCall>(
        absl::StrCat("127.0.0.1:", server_->port()),
        "/weir.event.v1.EventService/Watch", request.SerializeAsString());
  }
  absl::Status Emit(const event::v1::Event& event) {
    event::v1::EmitRequest request;
    *request.mutable_event() = event;
    test::GrpcCall call(absl::StrCat("127.0.0.1:", server_->port()),
                        "/weir.event.v1.EventService/Emit",
                        request.SerializeAsString());
    while (call.Read().has_value()) {
    }
    return call.Finish();
  }
  static event::v1::WatchResponse Read(test::GrpcCall& call) {
    event::v1::WatchResponse response;
    const auto bytes = call.Read();
    EXPECT_TRUE(bytes.has_value());
    EXPECT_TRUE(response.ParseFromString(bytes.value_or("")));
    return response;
  }
  static event::v1::WatchRequest FromTheStart() {
    event::v1::WatchRequest request;
    request.set_after_sequence(0);
    return request;
  }
  static event::v1::Event GoodEvent() {
    event::v1::Event event;
    event.mutable_involved_object()->set_kind("Thing");
    event.mutable_involved_object()->set_name("a");
    event.set_severity(event::v1::SEVERITY_INFO);
    event.set_reason("Done");
    event.set_reporting_controller("other-controller");
    return event;
  }

  FakeClock clock_;
  std::shared_ptr<test::FakeCluster> cluster_;
  kube::Client client_;
  std::unique_ptr<EventRecorder> events_;
  std::unique_ptr<rpc::Server> server_;
};

TEST_F(EventGrpcTest, WatchTellsEvents) {
  Serve();
  EmitHere("a", Severity::kError, "it broke");
  const auto call = Watch(FromTheStart());
  const event::v1::WatchResponse response = Read(*call);
  EXPECT_EQ(response.sequence(), 1u);
  EXPECT_EQ(response.missed(), 0u);
  const event::v1::Event& event = response.event();
  EXPECT_EQ(event.involved_object().api_version(), "example.dev/v1");
  EXPECT_EQ(event.involved_object().kind(), "Thing");
  EXPECT_EQ(event.involved_object().namespace_(), "ns");
  EXPECT_EQ(event.involved_object().name(), "a");
  EXPECT_EQ(event.involved_object().uid(), "u-a");
  EXPECT_EQ(event.severity(), event::v1::SEVERITY_ERROR);
  EXPECT_EQ(event.timestamp(), "2023-11-14T22:13:20Z");
  EXPECT_EQ(event.reason(), "Progressing");
  EXPECT_EQ(event.message(), "it broke");
  EXPECT_EQ(event.metadata().at("example.dev/revision"), "main");
  EXPECT_EQ(event.reporting_controller(), "thing-controller");
  EXPECT_EQ(event.reporting_instance(), "host-1");
  EmitHere("b", Severity::kInfo, "next");
  EXPECT_EQ(Read(*call).event().message(), "next");
}

TEST_F(EventGrpcTest, WatchFilters) {
  Serve();
  event::v1::WatchRequest request = FromTheStart();
  request.set_min_severity(event::v1::SEVERITY_INFO);
  request.set_kind("Thing");
  request.set_namespace_("ns");
  request.set_name("a");
  EmitHere("a", Severity::kTrace, "too low");
  EmitHere("b", Severity::kError, "another object");
  EmitHere("a", Severity::kInfo, "this one");
  const auto call = Watch(request);
  const event::v1::WatchResponse response = Read(*call);
  EXPECT_EQ(response.event().message(), "this one");
  EXPECT_EQ(response.sequence(), 3u);
  EXPECT_EQ(response.missed(), 0u);
}

TEST_F(EventGrpcTest, WatchResumes) {
  Serve();
  for (const char* text : {"1", "2", "3"}) {
    EmitHere("a", Severity::kInfo, text);
  }
  event::v1::WatchRequest request;
  request.set_after_sequence(2);
  EXPECT_EQ(Read(*Watch(request)).event().message(), "3");
  // A number of an earlier process.
  request.set_after_sequence(99);
  EXPECT_EQ(Read(*Watch(request)).event().message(), "1");
}

TEST_F(EventGrpcTest, NumbersCountWithinTheirEpochOnly) {
  Serve();
  for (const char* text : {"1", "2", "3"}) {
    EmitHere("a", Severity::kInfo, text);
  }
  event::v1::WatchRequest request = FromTheStart();
  request.set_epoch(Read(*Watch(request)).epoch());
  EXPECT_NE(request.epoch(), "");
  request.set_after_sequence(2);
  EXPECT_EQ(Read(*Watch(request)).event().message(), "3");
  request.set_epoch("before the restart");
  EXPECT_EQ(Read(*Watch(request)).event().message(), "1");
}

TEST_F(EventGrpcTest, ResumingTooLateTellsWhatIsGone) {
  EventRecorderOptions options;
  options.write_kube = false;
  options.history = 2;
  events_ = std::make_unique<EventRecorder>(client_, options);
  Serve();
  for (const char* text : {"1", "2", "3", "4"}) {
    EmitHere("a", Severity::kInfo, text);
  }
  event::v1::WatchRequest request;
  request.set_after_sequence(1);
  const event::v1::WatchResponse response = Read(*Watch(request));
  EXPECT_EQ(response.event().message(), "3");
  EXPECT_EQ(response.missed(), 1u);
}

TEST_F(EventGrpcTest, SlowWatchersAreToldWhatTheyMissed) {
  Serve({.max_queued = 1});
  const auto call = Watch(FromTheStart());
  const std::string large(100'000, 'x');
  for (int i = 0; i < 200; ++i) EmitHere("a", Severity::kInfo, large);
  events_->Flush(absl::Seconds(5));
  uint64_t seen = 0;
  uint64_t missed = 0;
  uint64_t last = 0;
  // The last one may be among the missed; the next tells.
  while (last < 150) {
    const event::v1::WatchResponse response = Read(*call);
    ++seen;
    missed += response.missed();
    last = response.sequence();
    EXPECT_EQ(seen + missed, last);
    if (last < 150) EmitHere("a", Severity::kInfo, large);
  }
  EXPECT_GT(missed, 0u);
}

TEST_F(EventGrpcTest, EmitHandsEventsOver) {
  Serve();
  const auto call = Watch(FromTheStart());
  event::v1::Event event = GoodEvent();
  event.set_message("all is well");
  (*event.mutable_metadata())["k"] = "v";
  const absl::Status status = Emit(event);
  ASSERT_TRUE(status.ok()) << status;
  const event::v1::Event got = Read(*call).event();
  EXPECT_EQ(got.message(), "all is well");
  EXPECT_EQ(got.reporting_controller(), "other-controller");
  EXPECT_EQ(got.metadata().at("k"), "v");
}

TEST_F(EventGrpcTest, EmitRefusesHalfAnEvent) {
  Serve();
  event::v1::Event event = GoodEvent();
  event.mutable_involved_object()->clear_kind();
  EXPECT_TRUE(absl::IsInvalidArgument(Emit(event)));
  event = GoodEvent();
  event.clear_severity();
  EXPECT_TRUE(absl::IsInvalidArgument(Emit(event)));
  event = GoodEvent();
  event.clear_reason();
  EXPECT_TRUE(absl::IsInvalidArgument(Emit(event)));
  event = GoodEvent();
  event.clear_reporting_controller();
  EXPECT_TRUE(absl::IsInvalidArgument(Emit(event)));
  event = GoodEvent();
  event.set_timestamp("yesterday");
  EXPECT_TRUE(absl::IsInvalidArgument(Emit(event)));
  EXPECT_EQ(events_->last_sequence(), 0u);
}

// A source of events of one's own, as notification-controller has.
class OwnSource : public EventSource {
 public:
  std::shared_ptr<void> Subscribe(
      uint64_t after,
      std::function<void(const RecordedEvent&)> callback) override {
    return hub_.Subscribe(after, std::move(callback));
  }
  uint64_t last_sequence() const override { return hub_.last_sequence(); }
  absl::Status Take(RecordedEvent event) override {
    MutexLock lock(mu_);
    ++taken_;
    if (!answers_.empty()) {
      const absl::Status answer = answers_.front();
      answers_.erase(answers_.begin());
      if (!answer.ok()) return answer;
    }
    hub_.Append(std::move(event));
    return absl::OkStatus();
  }
  // Of the next calls; then OK.
  void set_answers(std::vector<absl::Status> answers) {
    MutexLock lock(mu_);
    answers_ = std::move(answers);
  }
  int taken() {
    MutexLock lock(mu_);
    return taken_;
  }
  std::vector<std::shared_ptr<const RecordedEvent>> events() {
    std::vector<std::shared_ptr<const RecordedEvent>> events;
    while (true) {
      const EventHub::Next next = hub_.After(events.size());
      if (next.event == nullptr) return events;
      events.push_back(next.event);
    }
  }

 private:
  EventHub hub_{100, 1 << 20};
  Mutex mu_;
  int taken_ ABSL_GUARDED_BY(mu_) = 0;
  std::vector<absl::Status> answers_ ABSL_GUARDED_BY(mu_);
};

// Events that a recorder emits to a source of one's own, over gRPC.
class EventGrpcSinkTest : public EventGrpcTest {
 protected:
  EventGrpcSinkTest() { ServeSource(); }

  void ServeSource() {
    rpc::ServerOptions server;
    server.address = "127.0.0.1:0";
    auto started = rpc::Server::Start(server, {MakeEventGrpcService(source_)});
    ASSERT_TRUE(started.ok()) << started.status();
    server_ = *std::move(started);
    auto sink =
        OpenEventSink(absl::StrCat("grpc://127.0.0.1:", server_->port()));
    ASSERT_TRUE(sink.ok()) << sink.status();
    EventRecorderOptions options;
    options.sink = *sink;
    options.instance = "host-1";
    options.write_kube = false;
    options.clock = &clock_;
    options.min_post_backoff = absl::Milliseconds(1);
    options.on_dropped = [this](absl::string_view way) {
      EXPECT_EQ(way, "grpc");
      ++dropped_;
    };
    events_ = std::make_unique<EventRecorder>(client_, options);
  }

  std::atomic<int> dropped_ = 0;
  const std::shared_ptr<OwnSource> source_ = std::make_shared<OwnSource>();
};

TEST_F(EventGrpcSinkTest, SaysWhatHttpSays) {
  Event event;
  event.object = Thing("a");
  event.object.Mutable("metadata").Set("uid", "u-a");
  event.object.Mutable("metadata").Set("resourceVersion", "7");
  event.object.Mutable("metadata")
      .Set("annotations",
           Value::MakeObject({{"event.toolkit.fluxcd.io/team", "blue"}}));
  event.severity = Severity::kError;
  event.reason = "BuildFailed";
  event.message = "it broke";
  event.metadata = {{"example.dev/revision", "main"}};
  events_->Emit("thing-controller", std::move(event));
  events_->Flush(absl::Seconds(10));
  const auto got = source_->events();
  ASSERT_EQ(got.size(), 1u);
  EXPECT_EQ(
      FormatJson(MakePostedEvent(*got[0])),
      R"({"involvedObject":{"apiVersion":"example.dev/v1","kind":"Thing",)"
      R"("name":"a","namespace":"ns","resourceVersion":"7","uid":"u-a"},)"
      R"("message":"it broke","metadata":{)"
      R"("event.toolkit.fluxcd.io/team":"blue",)"
      R"("example.dev/revision":"main"},"reason":"BuildFailed",)"
      R"("reportingController":"thing-controller",)"
      R"("reportingInstance":"host-1","severity":"error",)"
      R"("timestamp":"2023-11-14T22:13:20Z"})");
}

TEST_F(EventGrpcSinkTest, KeepsTheOrderAndLeavesOutTraces) {
  EmitHere("a", Severity::kTrace, "not for others");
  for (int i = 0; i < 20; ++i) {
    EmitHere("a", Severity::kInfo, absl::StrCat(i));
  }
  events_->Flush(absl::Seconds(10));
  const auto got = source_->events();
  ASSERT_EQ(got.size(), 20u);
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(got[i]->event.message, absl::StrCat(i));
  }
  EXPECT_EQ(dropped_, 0);
}

TEST_F(EventGrpcSinkTest, TriesAgainOnlyWhenItMayHelp) {
  const absl::Status down = absl::UnavailableError("down");
  struct Case {
    std::vector<absl::Status> answers;
    int want_taken;
    int want_dropped;
  };
  for (const Case& c :
       std::vector<Case>{{{}, 1, 0},
                         {{absl::ResourceExhaustedError("again?")}, 1, 0},
                         {{absl::InvalidArgumentError("bad")}, 1, 0},
                         {{down, absl::InternalError("?"), down, down}, 5, 0},
                         {{down, down, down, down, down}, 5, 1}}) {
    const int taken = source_->taken();
    const int dropped = dropped_;
    source_->set_answers(c.answers);
    EmitHere("a", Severity::kInfo, "m");
    events_->Flush(absl::Seconds(10));
    EXPECT_EQ(source_->taken() - taken, c.want_taken);
    EXPECT_EQ(dropped_ - dropped, c.want_dropped);
  }
}

TEST_F(EventGrpcSinkTest, WatchersOfTheReceiverSeeWhatItReceived) {
  const auto call = Watch(FromTheStart());
  EmitHere("a", Severity::kInfo, "from afar");
  const event::v1::WatchResponse response = Read(*call);
  EXPECT_EQ(response.event().message(), "from afar");
  EXPECT_EQ(response.event().timestamp(), "2023-11-14T22:13:20Z");
  EXPECT_EQ(response.event().reporting_instance(), "host-1");
}

TEST_F(EventGrpcTest, DeadReceiverBlocksNobody) {
  EventRecorderOptions options;
  const auto sink = OpenEventSink("grpc://127.0.0.1:1");
  ASSERT_TRUE(sink.ok()) << sink.status();
  options.sink = *sink;
  options.write_kube = false;
  options.history = 10;
  events_ = std::make_unique<EventRecorder>(client_, options);
  for (int i = 0; i < 100; ++i) EmitHere("a", Severity::kInfo, "m");
  EXPECT_EQ(events_->last_sequence(), 100u);
}

TEST(OpenEventSinkTest, ReadsAddresses) {
  for (const char* ours : {"grpc://host:9000", "grpc://host:9000/",
                           "grpcs://host:9000", "grpc://[::1]:9000"}) {
    const auto sink = OpenEventSink(ours);
    EXPECT_TRUE(sink.ok() && *sink != nullptr) << ours;
  }
  for (const char* other : {"", "http://host/", "https://host:9000/"}) {
    const auto sink = OpenEventSink(other);
    EXPECT_TRUE(sink.ok() && *sink == nullptr) << other;
  }
  for (const char* bad :
       {"grpc://", "grpc://host", "grpc://:9000", "grpc://host:0",
        "grpc://host:99999", "grpc://host:9000/path", "grpc://u:p@host:9000",
        "grpcs://host:port"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(OpenEventSink(bad).status())) << bad;
  }
}

TEST_F(EventGrpcTest, EmitCanBeOff) {
  Serve({.accept_emit = false});
  EXPECT_TRUE(absl::IsUnimplemented(Emit(GoodEvent())));
}

TEST_F(EventGrpcTest, BoundsTheWatches) {
  Serve({.max_watches = 1});
  EmitHere("a", Severity::kInfo, "x");
  const auto first = Watch(FromTheStart());
  Read(*first);
  const auto second = Watch(FromTheStart());
  EXPECT_FALSE(second->Read().has_value());
  EXPECT_TRUE(absl::IsResourceExhausted(second->Finish()));
}

TEST_F(EventGrpcTest, StopEndsWatches) {
  Serve();
  EmitHere("a", Severity::kInfo, "x");
  const auto call = Watch(FromTheStart());
  Read(*call);
  server_->Stop(absl::Seconds(5));
  EXPECT_FALSE(call->Read().has_value());
  EXPECT_TRUE(absl::IsUnavailable(call->Finish()));
}

}  // namespace
}  // namespace weir::reconcile
