// What every Transport promises, held against the fake and against the real
// client in front of the fake.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/libcommon/kube/kube_fixture.h"
#include "tests/support/certificates.h"
#include "tests/support/fake_transport.h"
#include "tests/support/transport_server.h"
#include "weir/base/mutex.h"
#include "weir/kube/config.h"
#include "weir/kube/transport.h"

namespace weir::kube {
namespace {

using testing::ElementsAre;
using enum absl::StatusCode;

constexpr char kThings[] = "/apis/example.com/v1/namespaces/default/things";

// A fake, and the transport under test, which reaches it.
struct World {
  test::FakeTransport fake{Resources()};
  std::unique_ptr<test::TransportServer> server;
  std::shared_ptr<Transport> transport;
};

using Build = std::unique_ptr<World> (*)();

std::unique_ptr<World> Direct() {
  auto world = std::make_unique<World>();
  world->transport =
      std::shared_ptr<Transport>(&world->fake, [](Transport*) {});
  return world;
}

std::unique_ptr<World> OverHttp() {
  auto world = std::make_unique<World>();
  world->server = std::make_unique<test::TransportServer>(world->fake);
  Config config;
  config.server = world->server->url();
  world->transport = *MakeHttpTransport(config, {});
  return world;
}

std::unique_ptr<World> OverTls() {
  static const auto* authority = new test::Authority();
  auto world = std::make_unique<World>();
  http::ServerOptions options;
  const test::KeyPair pair = authority->SignServer();
  options.tls.emplace();
  options.tls->certificate_pem = pair.certificate_pem;
  options.tls->key_pem = Secret(pair.key_pem);
  world->server = std::make_unique<test::TransportServer>(world->fake, options);
  Config config;
  config.server = world->server->url();
  config.ca_pem = authority->pem();
  world->transport = *MakeHttpTransport(config, {});
  return world;
}

// Collects what a watch brings.
class WatchLog {
 public:
  WatchHandler Handler() {
    WatchHandler handler;
    handler.on_event = [this](const Value& event) {
      MutexLock lock(mu_);
      events_.push_back(absl::StrCat(event.GetString("type"), " ",
                                     KeyOf(event["object"]).name, " ",
                                     event["object"]["spec"].GetInt("size")));
      changed_.NotifyAll();
    };
    handler.on_end = [this](absl::Status status) {
      MutexLock lock(mu_);
      end_ = std::move(status);
      changed_.NotifyAll();
    };
    return handler;
  }
  std::vector<std::string> Wait(size_t count) {
    MutexLock lock(mu_);
    while (events_.size() < count && !end_.has_value()) changed_.Wait(mu_);
    return events_;
  }
  absl::Status WaitForEnd() {
    MutexLock lock(mu_);
    while (!end_.has_value()) changed_.Wait(mu_);
    return *end_;
  }
  bool has_ended() {
    MutexLock lock(mu_);
    return end_.has_value();
  }

 private:
  Mutex mu_;
  CondVar changed_;
  std::vector<std::string> events_ ABSL_GUARDED_BY(mu_);
  std::optional<absl::Status> end_ ABSL_GUARDED_BY(mu_);
};

class TransportContractTest : public testing::TestWithParam<Build> {
 protected:
  absl::StatusOr<Response> Send(Method method, const std::string& path,
                                std::optional<Value> body = std::nullopt) {
    Request request;
    request.method = method;
    request.path = path;
    request.body = std::move(body);
    return SendAndWait(*world_->transport, Soon(), std::move(request));
  }
  std::unique_ptr<WatchStream> Watch(WatchLog& log,
                                     const std::string& version) {
    Request request;
    request.path = kThings;
    request.query = {{"watch", "true"}, {"resourceVersion", version}};
    return world_->transport->Watch(std::move(request), log.Handler());
  }

  const std::unique_ptr<World> world_ = GetParam()();
};

TEST_P(TransportContractTest, CarriesObjectsBothWays) {
  auto created = Send(Method::kPost, kThings, Thing("a"));
  ASSERT_TRUE(created.ok()) << created.status();
  EXPECT_EQ(created->code, 201);
  EXPECT_EQ(KeyOf(created->body).name, "a");

  Value changed = created->body;
  changed.Mutable("spec").Set("size", 2);
  const std::string item = absl::StrCat(kThings, "/a");
  EXPECT_EQ(Send(Method::kPut, item, changed)->code, 200);
  EXPECT_EQ(Send(Method::kPut, item, changed)->code, 409);

  const auto got = Send(Method::kGet, item);
  ASSERT_TRUE(got.ok()) << got.status();
  EXPECT_EQ(got->body["spec"], changed["spec"]);
  EXPECT_EQ(Send(Method::kDelete, item)->code, 200);
  EXPECT_EQ(Send(Method::kGet, item)->code, 404);
}

TEST_P(TransportContractTest, AnyCodeIsAnAnswer) {
  for (int code : {400, 401, 403, 409, 410, 422, 429, 500, 503, 504}) {
    world_->fake.set_hook([code](const Request&) {
      Response response = test::Failure(code, "Reason", "message");
      response.retry_after = absl::Seconds(7);
      response.warnings = {"careful"};
      response.etag = "\"e\"";
      response.has_flow_control = true;
      return response;
    });
    const auto answer = Send(Method::kGet, kThings);
    ASSERT_TRUE(answer.ok()) << answer.status();
    EXPECT_EQ(answer->code, code);
    EXPECT_EQ(answer->body.GetString("message"), "message");
    EXPECT_EQ(answer->retry_after, absl::Seconds(7));
    EXPECT_THAT(answer->warnings, ElementsAre("careful"));
    EXPECT_EQ(answer->etag, "\"e\"");
    EXPECT_TRUE(answer->has_flow_control);
  }
}

TEST_P(TransportContractTest, QueriesArriveAsTheyWereMeant) {
  std::vector<std::pair<std::string, std::string>> seen;
  world_->fake.set_hook([&](const Request& request) {
    seen = request.query;
    return std::nullopt;
  });
  Request request;
  request.path = kThings;
  request.query = {{"labelSelector", "a in (b,c),d!=e&f"},
                   {"continue", "x+y/z=="},
                   {"empty", ""}};
  const auto query = request.query;
  ASSERT_TRUE(SendAndWait(*world_->transport, Soon(), request).ok());
  EXPECT_EQ(seen, query);
}

TEST_P(TransportContractTest, NamesWithColonsArrive) {
  Value thing = Thing("system:node:a");
  world_->fake.Put(thing);
  const auto got = Send(Method::kGet, absl::StrCat(kThings, "/system:node:a"));
  ASSERT_TRUE(got.ok()) << got.status();
  EXPECT_EQ(got->code, 200);
}

TEST_P(TransportContractTest, TellsALostConnection) {
  world_->fake.set_hook(
      [](const Request&) { return MakeConnectionLost("reset"); });
  const auto answer = Send(Method::kGet, kThings);
  EXPECT_EQ(answer.status().code(), kUnavailable);
  EXPECT_TRUE(IsConnectionLost(answer.status()));
}

TEST_P(TransportContractTest, ADoneContextSendsNothing) {
  const Context ctx = Context().WithCancel();
  ctx.Cancel();
  Request request;
  request.path = kThings;
  EXPECT_EQ(SendAndWait(*world_->transport, ctx, request).status().code(),
            kCancelled);
  EXPECT_EQ(world_->fake.requests().size(), 0);
}

TEST_P(TransportContractTest, WatchesFromAVersion) {
  world_->fake.Put(Thing("old"));
  const std::string version = world_->fake.version();
  world_->fake.Put(Thing("a"));
  WatchLog log;
  const auto stream = Watch(log, version);
  EXPECT_THAT(log.Wait(1), ElementsAre("ADDED a 1"));
  world_->fake.Put(Thing("a", 2));
  world_->fake.Delete(RefOfThing("a"));
  EXPECT_THAT(log.Wait(3),
              ElementsAre("ADDED a 1", "MODIFIED a 2", "DELETED a 2"));
  world_->fake.EndWatches(absl::OkStatus());
  EXPECT_TRUE(log.WaitForEnd().ok());
}

TEST_P(TransportContractTest, AWatchEndsWithTheServersError) {
  const std::string version = world_->fake.version();
  world_->fake.Compact();
  WatchLog log;
  const auto stream = Watch(log, version);
  const absl::Status end = log.WaitForEnd();
  EXPECT_EQ(ApiCodeOf(end), 410) << end;
  EXPECT_EQ(ApiReasonOf(end), "Expired");
}

TEST_P(TransportContractTest, ABrokenWatchIsUnavailable) {
  const std::string version = world_->fake.version();
  world_->fake.Put(Thing("a"));
  WatchLog log;
  const auto stream = Watch(log, version);
  EXPECT_THAT(log.Wait(1), ElementsAre("ADDED a 1"));
  world_->fake.EndWatches(MakeConnectionLost("reset"));
  const absl::Status end = log.WaitForEnd();
  EXPECT_EQ(end.code(), kUnavailable) << end;
  EXPECT_EQ(ApiCodeOf(end), 0);
}

TEST_P(TransportContractTest, NothingComesAfterTheStreamIsGone) {
  const std::string version = world_->fake.version();
  world_->fake.Put(Thing("a"));
  WatchLog log;
  auto stream = Watch(log, version);
  EXPECT_THAT(log.Wait(1), ElementsAre("ADDED a 1"));
  stream = nullptr;
  world_->fake.Put(Thing("b"));
  world_->fake.EndWatches(absl::OkStatus());
  EXPECT_THAT(log.Wait(1), ElementsAre("ADDED a 1"));
  EXPECT_FALSE(log.has_ended());
}

TEST_P(TransportContractTest, AStreamMayBeDestroyedInItsEnd) {
  world_->fake.Compact();
  Mutex mu;
  CondVar changed;
  bool has_ended = false;
  std::unique_ptr<WatchStream> stream;
  Request request;
  request.path = kThings;
  request.query = {{"watch", "true"}, {"resourceVersion", "1"}};
  WatchHandler handler;
  handler.on_event = [](const Value&) {};
  handler.on_end = [&](const absl::Status&) {
    MutexLock lock(mu);
    stream = nullptr;
    has_ended = true;
    changed.NotifyAll();
  };
  MutexLock lock(mu);
  stream = world_->transport->Watch(std::move(request), std::move(handler));
  while (!has_ended) changed.Wait(mu);
}

std::string TransportName(const testing::TestParamInfo<Build>& info) {
  static constexpr const char* kNames[] = {"Fake", "Http", "Tls"};
  return kNames[info.index];
}

INSTANTIATE_TEST_SUITE_P(Transports, TransportContractTest,
                         testing::Values(&Direct, &OverHttp, &OverTls),
                         TransportName);

}  // namespace
}  // namespace weir::kube
