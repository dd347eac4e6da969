#include "weir/kube/informer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/libcommon/kube/kube_fixture.h"
#include "tests/support/fake_transport.h"
#include "tests/support/transport_server.h"
#include "weir/base/mutex.h"
#include "weir/kube/client.h"
#include "weir/kube/config.h"

namespace weir::kube {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;
using testing::UnorderedElementsAre;

std::string Describe(const Change& change) {
  constexpr const char* kNames[] = {"added", "modified", "deleted"};
  return absl::StrCat(kNames[static_cast<int>(change.type)], " ",
                      KeyOf(change.after).name, " ",
                      change.after["spec"].GetInt("size"));
}

// Collects changes.
class Changes {
 public:
  Informer::Handler Handler() {
    return [this](const Change& change) {
      MutexLock lock(mu_);
      seen_.push_back(Describe(change));
      changed_.NotifyAll();
    };
  }
  std::vector<std::string> Wait(size_t count) {
    MutexLock lock(mu_);
    const absl::Time deadline = absl::Now() + absl::Seconds(20);
    while (seen_.size() < count) {
      if (!changed_.WaitUntil(mu_, deadline)) break;
    }
    return seen_;
  }

 private:
  Mutex mu_;
  CondVar changed_;
  std::vector<std::string> seen_ ABSL_GUARDED_BY(mu_);
};

class InformerTest : public testing::Test {
 protected:
  std::unique_ptr<Informer> Start(InformerOptions options = {}) {
    if (options.gvk.kind.empty()) options.gvk = kThing;
    options.min_backoff = absl::Milliseconds(1);
    options.max_backoff = absl::Milliseconds(5);
    auto informer =
        std::make_unique<Informer>(*client_, tasks_, std::move(options));
    informer->AddHandler(changes_.Handler());
    return informer;
  }
  std::unique_ptr<Informer> StartAndSync(InformerOptions options = {}) {
    auto informer = Start(std::move(options));
    EXPECT_TRUE(informer->WaitForSync(Soon()).ok());
    return informer;
  }
  std::string LastRequest() const { return fake_->requests().back(); }
  size_t CountLists() const {
    size_t count = 0;
    for (const std::string& request : fake_->requests()) {
      if (absl::StartsWith(request, "GET /apis/example.com/v1/things") &&
          (!absl::StrContains(request, "watch=true") ||
           absl::StrContains(request, "sendInitialEvents"))) {
        ++count;
      }
    }
    return count;
  }

  const std::shared_ptr<test::FakeTransport> fake_ =
      std::make_shared<test::FakeTransport>(Resources());
  const std::unique_ptr<Client> client_ = std::make_unique<Client>(fake_);
  Changes changes_;
  TaskQueue tasks_{"informers"};
};

// --- The ordinary case, with streamed lists and without
// ------------------------------

class InformerListTest : public InformerTest,
                         public testing::WithParamInterface<bool> {
 protected:
  InformerListTest() { fake_->set_streams_lists(GetParam()); }
};

TEST_P(InformerListTest, ListsThenFollows) {
  fake_->Put(Thing("a"));
  fake_->Put(Thing("b"));
  const auto informer = StartAndSync();
  EXPECT_EQ(informer->List().size(), 2);
  EXPECT_EQ(GroupVersionKindOf(informer->List()[0]), kThing);
  fake_->Put(Thing("a", 2));
  fake_->Put(Thing("c"));
  fake_->Delete(RefOfThing("b"));
  EXPECT_THAT(changes_.Wait(5),
              ElementsAre("added a 1", "added b 1", "modified a 2", "added c 1",
                          "deleted b 1"));
  EXPECT_FALSE(informer->Get({"default", "b"}).has_value());
  EXPECT_EQ((*informer->Get({"default", "a"}))["spec"].GetInt("size"), 2);
}

TEST_P(InformerListTest, TakesLargeSetsWhole) {
  for (int i = 0; i < 1001; ++i) fake_->Put(Thing(absl::StrCat("thing-", i)));
  EXPECT_EQ(StartAndSync()->List().size(), 1001);
}

TEST_P(InformerListTest, AnEndedStreamResumesWhereItWas) {
  fake_->Put(Thing("a"));
  const auto informer = StartAndSync();
  fake_->Put(Thing("b"));
  changes_.Wait(2);
  const std::string version = fake_->version();
  fake_->EndWatches(absl::OkStatus());
  fake_->Put(Thing("c"));
  EXPECT_THAT(changes_.Wait(3),
              ElementsAre("added a 1", "added b 1", "added c 1"));
  EXPECT_THAT(LastRequest(), HasSubstr("resourceVersion=" + version));
  EXPECT_EQ(CountLists(), GetParam() ? 1 : 2);  // The first was refused.
}

TEST_P(InformerListTest, AnExpiredVersionListsAnew) {
  fake_->Put(Thing("a"));
  fake_->Put(Thing("b"));
  const auto informer = StartAndSync();
  changes_.Wait(2);
  // While nobody looks: one goes, one changes, one comes.
  fake_->set_hook(
      [](const Request& request) -> std::optional<absl::StatusOr<Response>> {
        if (test::QueryOf(request, "watch").empty()) return std::nullopt;
        return absl::UnavailableError("refused");
      });
  fake_->EndWatches(MakeConnectionLost("reset"));
  fake_->Delete(RefOfThing("a"));
  fake_->Put(Thing("b", 2));
  fake_->Put(Thing("c"));
  fake_->Compact();
  fake_->set_hook(nullptr);
  const auto seen = changes_.Wait(5);
  EXPECT_THAT(std::vector<std::string>(seen.begin() + 2, seen.end()),
              UnorderedElementsAre("deleted a 1", "modified b 2", "added c 1"));
}

INSTANTIATE_TEST_SUITE_P(Lists, InformerListTest, testing::Bool(),
                         [](const auto& param) {
                           return param.param ? std::string("Streamed")
                                              : std::string("Paged");
                         });

// --- What heals
// ------------------------------------------------------------------------

TEST_F(InformerTest, AnErrorEventOf410ListsAnew) {
  const auto informer = StartAndSync();
  fake_->SendToAll(Value::MakeObject(
      {{"type", "ERROR"},
       {"object", test::Failure(410, "Expired", "too old").body}}));
  ASSERT_TRUE(Eventually([&] { return CountLists() == 2; }));
  ASSERT_TRUE(Eventually([&] { return fake_->watch_count() == 1; }));
  fake_->Put(Thing("a"));
  EXPECT_THAT(changes_.Wait(1), ElementsAre("added a 1"));
}

TEST_F(InformerTest, BookmarksMoveTheVersion) {
  const auto informer = StartAndSync();
  fake_->Put(Value::MakeObject(
      {{"apiVersion", "v1"},
       {"kind", "ConfigMap"},
       {"metadata",
        Value::MakeObject({{"name", "x"}, {"namespace", "default"}})}}));
  const std::string version = fake_->version();
  fake_->SendBookmarks();
  fake_->EndWatches(absl::OkStatus());
  ASSERT_TRUE(Eventually([&] {
    return absl::StrContains(LastRequest(), "resourceVersion=" + version);
  }));
}

TEST_F(InformerTest, AServerThatIsAwayIsAwaited) {
  fake_->set_hook(
      [](const Request&) -> std::optional<absl::StatusOr<Response>> {
        return absl::UnavailableError("connection refused");
      });
  const auto informer = Start();
  ASSERT_TRUE(Eventually([&] {
    return absl::StrContains(informer->health().message(), "refused");
  }));
  EXPECT_FALSE(informer->HasSynced());
  fake_->Put(Thing("a"));
  fake_->set_hook(nullptr);
  EXPECT_TRUE(informer->WaitForSync(Soon()).ok());
  EXPECT_THAT(changes_.Wait(1), ElementsAre("added a 1"));
  EXPECT_TRUE(informer->health().ok()) << informer->health();
}

TEST_F(InformerTest, ABusyServerIsAwaited) {
  int refusals = 0;
  fake_->set_hook(
      [&](const Request& request) -> std::optional<absl::StatusOr<Response>> {
        if (test::QueryOf(request, "watch").empty() || ++refusals > 3) {
          return std::nullopt;
        }
        return test::Failure(429, "TooManyRequests", "busy");
      });
  fake_->Put(Thing("a"));
  EXPECT_EQ(StartAndSync()->List().size(), 1);
  EXPECT_EQ(refusals, 4);
}

TEST_F(InformerTest, AKindMayAppearLater) {
  fake_->set_resources({{kConfigMap, "configmaps", true}});
  const auto informer = Start();
  ASSERT_TRUE(Eventually([&] { return absl::IsNotFound(informer->health()); }));
  fake_->set_resources(Resources());
  fake_->Put(Thing("a"));
  client_->InvalidateDiscovery();
  EXPECT_TRUE(informer->WaitForSync(Soon()).ok());
  EXPECT_EQ(informer->List().size(), 1);
}

TEST_F(InformerTest, StrangeEventsAreDropped) {
  const auto informer = StartAndSync();
  fake_->SendToAll(Value::MakeObject(
      {{"type", "ADDED"},
       {"object", Value::MakeObject({{"apiVersion", "meta.k8s.io/v1"},
                                     {"kind", "Table"}})}}));
  fake_->SendToAll(
      Value::MakeObject({{"type", "NEW"}, {"object", Thing("x")}}));
  fake_->SendToAll(Value("nonsense"));
  fake_->Put(Thing("a"));
  EXPECT_THAT(changes_.Wait(1), ElementsAre("added a 1"));
}

TEST_F(InformerTest, ItHealsOverHttpWhenTheServerRestarts) {
  auto server = std::make_unique<test::TransportServer>(*fake_);
  http::ServerOptions same_port;
  same_port.address = server->address();
  Config config;
  config.server = server->url();
  const Client client(*MakeHttpTransport(config, {}));
  InformerOptions options;
  options.gvk = kThing;
  options.min_backoff = absl::Milliseconds(1);
  options.max_backoff = absl::Milliseconds(5);
  Informer informer(client, tasks_, options);
  informer.AddHandler(changes_.Handler());
  fake_->Put(Thing("a"));
  ASSERT_TRUE(informer.WaitForSync(Soon()).ok());
  EXPECT_THAT(changes_.Wait(1), ElementsAre("added a 1"));

  server = nullptr;
  fake_->Put(Thing("b"));
  fake_->Delete(RefOfThing("a"));
  server = std::make_unique<test::TransportServer>(*fake_, same_port);
  EXPECT_THAT(changes_.Wait(3),
              ElementsAre("added a 1", "added b 1", "deleted a 1"));
}

// --- Options and life
// --------------------------------------------------------------------

TEST_F(InformerTest, KeepsWhatTheTransformLeaves) {
  Value thing = Thing("a");
  thing.Mutable("metadata").Set("managedFields", Value::Array{Value("x")});
  fake_->Put(thing);
  EXPECT_FALSE(StartAndSync()->List()[0]["metadata"].Has("managedFields"));

  InformerOptions options;
  options.transform = [](Value object) {
    object.Erase("spec");
    return object;
  };
  EXPECT_FALSE(StartAndSync(std::move(options))->List()[0].Has("spec"));

  InformerOptions metadata;
  metadata.metadata_only = true;
  const auto informer = StartAndSync(std::move(metadata));
  EXPECT_FALSE(informer->List()[0].Has("spec"));
  EXPECT_EQ(GroupVersionKindOf(informer->List()[0]), kThing);
}

TEST_F(InformerTest, ALateHandlerGetsThePresentFirst) {
  fake_->Put(Thing("a"));
  const auto informer = StartAndSync();
  Changes late;
  informer->AddHandler(late.Handler());
  EXPECT_THAT(late.Wait(1), ElementsAre("added a 1"));
  fake_->Put(Thing("b"));
  EXPECT_THAT(late.Wait(2), ElementsAre("added a 1", "added b 1"));
}

TEST_F(InformerTest, AHandlerMayDestroyIt) {
  auto informer = Start();
  ASSERT_TRUE(informer->WaitForSync(Soon()).ok());
  Mutex mu;
  CondVar changed;
  bool is_gone = false;
  informer->AddHandler([&](const Change&) {
    MutexLock lock(mu);
    informer = nullptr;
    is_gone = true;
    changed.NotifyAll();
  });
  fake_->Put(Thing("a"));
  MutexLock lock(mu);
  while (!is_gone) changed.Wait(mu);
  EXPECT_EQ(fake_->watch_count(), 0);
}

TEST_F(InformerTest, OnceStoppedItTellsNothingMore) {
  fake_->Put(Thing("a"));
  const auto informer = StartAndSync();
  const auto other = StartAndSync();
  Changes told, others;
  informer->AddHandler(told.Handler());
  other->AddHandler(others.Handler());
  EXPECT_THAT(told.Wait(1), ElementsAre("added a 1"));
  informer->Stop();
  informer->Stop();
  fake_->Put(Thing("b"));
  EXPECT_THAT(others.Wait(2), ElementsAre("added a 1", "added b 1"));
  EXPECT_THAT(told.Wait(0), ElementsAre("added a 1"));
  EXPECT_EQ(informer->List().size(), 1u);
  EXPECT_EQ(fake_->watch_count(), 1);
}

TEST_F(InformerTest, ItsEndEndsItsWatch) {
  auto informer = StartAndSync();
  ASSERT_TRUE(Eventually([&] { return fake_->watch_count() == 1; }));
  informer = nullptr;
  EXPECT_EQ(fake_->watch_count(), 0);
}

}  // namespace
}  // namespace weir::kube
