#include "weir/kube/client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/libcommon/kube/kube_fixture.h"
#include "tests/support/fake_transport.h"
#include "weir/value/json.h"

namespace weir::kube {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using enum absl::StatusCode;

class ClientTest : public testing::Test {
 protected:
  size_t CountRequests(const std::string& start) const {
    size_t count = 0;
    for (const std::string& request : fake_->requests()) {
      if (absl::StartsWith(request, start)) ++count;
    }
    return count;
  }

  const std::shared_ptr<test::FakeTransport> fake_ =
      std::make_shared<test::FakeTransport>(Resources());
  const Client client_{fake_};
};

// --- Discovery
// -------------------------------------------------------------------

TEST_F(ClientTest, FindsKindsInEitherFormOfDiscovery) {
  for (bool is_legacy : {false, true}) {
    fake_->set_legacy_discovery(is_legacy);
    const Client client(fake_);
    const auto thing = client.FindResource(Soon(), kThing);
    ASSERT_TRUE(thing.ok()) << thing.status();
    EXPECT_EQ(thing->plural, "things");
    EXPECT_TRUE(thing->is_namespaced);
    const auto any = client.FindResource(Soon(), {"example.com", "", "Thing"});
    ASSERT_TRUE(any.ok()) << any.status();
    EXPECT_EQ(any->gvk, kThing);
    const auto cluster = client.FindResource(Soon(), {"", "v1", "Namespace"});
    ASSERT_TRUE(cluster.ok()) << cluster.status();
    EXPECT_FALSE(cluster->is_namespaced);
    EXPECT_EQ(client.ListResources(Soon())->size(), Resources().size());
  }
}

TEST_F(ClientTest, ThePreferredVersionComesFirst) {
  fake_->set_resources({{{"example.com", "v2", "Thing"}, "things", true},
                        {{"example.com", "v1", "Thing"}, "things", true}});
  for (bool is_legacy : {false, true}) {
    fake_->set_legacy_discovery(is_legacy);
    const Client client(fake_);
    const auto all = client.FindResources(Soon(), {"example.com", "Thing"});
    ASSERT_TRUE(all.ok()) << all.status();
    ASSERT_EQ(all->size(), 2);
    EXPECT_EQ((*all)[0].gvk.version, "v2");
    EXPECT_EQ((*all)[1].gvk.version, "v1");
  }
}

TEST_F(ClientTest, ReloadsOnceForAMissAndThenWaits) {
  const GroupVersionKind late{"late.example", "v1", "Late"};
  ASSERT_TRUE(client_.FindResource(Soon(), kThing).ok());
  EXPECT_EQ(CountRequests("GET /apis"), 1);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(client_.FindResource(Soon(), late).status(),
              absl::NotFoundError("no matches for kind \"Late\" in version "
                                  "\"late.example/v1\""));
  }
  EXPECT_EQ(CountRequests("GET /apis"), 2);
  fake_->set_resources({{late, "lates", true}});
  client_.InvalidateDiscovery();
  EXPECT_TRUE(client_.FindResource(Soon(), late).ok());
}

TEST_F(ClientTest, ABrokenGroupHidesNoOther) {
  fake_->set_legacy_discovery(true);
  fake_->set_hook(
      [](const Request& request) -> std::optional<absl::StatusOr<Response>> {
        if (request.path != "/apis/coordination.k8s.io/v1") return std::nullopt;
        return test::Failure(503, "ServiceUnavailable", "down");
      });
  EXPECT_TRUE(client_.FindResource(Soon(), kThing).ok());
  const auto lease =
      client_.FindResource(Soon(), {"coordination.k8s.io", "v1", "Lease"});
  EXPECT_EQ(lease.status().code(), kUnavailable);
}

TEST_F(ClientTest, AnUnchangedDocumentIsNotSentAgain) {
  int not_modified = 0;
  fake_->set_hook(
      [&](const Request& request) -> std::optional<absl::StatusOr<Response>> {
        if (request.path != "/apis") return std::nullopt;
        for (const auto& [name, value] : request.headers) {
          if (name != "If-None-Match") continue;
          EXPECT_EQ(value, "\"1\"");
          ++not_modified;
          Response response;
          response.code = 304;
          return response;
        }
        Response response;
        response.code = 200;
        response.etag = "\"1\"";
        response.body =
            *ParseJson(R"({"kind": "APIGroupDiscoveryList", "items": [
        {"metadata": {"name": "example.com"}, "versions": [{"version": "v1",
         "resources": [{"resource": "things", "scope": "Namespaced",
                        "responseKind": {"kind": "Thing"}}]}]}]})");
        return response;
      });
  EXPECT_TRUE(client_.FindResource(Soon(), kThing).ok());
  client_.InvalidateDiscovery();
  EXPECT_TRUE(client_.FindResource(Soon(), kThing).ok());
  EXPECT_EQ(not_modified, 1);
}

// --- Objects
// -----------------------------------------------------------------------

TEST_F(ClientTest, WritesSayWhoAndHow) {
  ASSERT_TRUE(client_
                  .Apply(Soon(), Thing("a"),
                         {.field_manager = "me",
                          .force = true,
                          .dry_run = true,
                          .field_validation = "Strict"})
                  .ok());
  EXPECT_THAT(
      fake_->requests(),
      Contains("PATCH /apis/example.com/v1/namespaces/default/things/a?"
               "dryRun=All&fieldManager=me&fieldValidation=Strict&force=true"));
  ASSERT_TRUE(client_
                  .Patch(Soon(), RefOfThing("a"), PatchType::kMerge,
                         Value::MakeObject({}), {}, "status")
                  .ok());
  EXPECT_THAT(fake_->requests(),
              Contains("PATCH /apis/example.com/v1/namespaces/default/things/a/"
                       "status"));
}

TEST_F(ClientTest, CreatesUpdatesAndDeletes) {
  const auto created = client_.Create(Soon(), Thing("a"), {});
  ASSERT_TRUE(created.ok()) << created.status();
  EXPECT_EQ(client_.Create(Soon(), Thing("a"), {}).status().code(),
            kAlreadyExists);
  Value changed = *created;
  changed.Mutable("spec").Set("size", 2);
  ASSERT_TRUE(client_.Update(Soon(), changed, {}).ok());
  EXPECT_EQ(client_.Update(Soon(), changed, {}).status().code(), kAborted);
  EXPECT_TRUE(client_.Delete(Soon(), RefOfThing("a")).ok());
  EXPECT_EQ(client_.Delete(Soon(), RefOfThing("a")).code(), kNotFound);
  EXPECT_EQ(client_.Get(Soon(), RefOfThing("a")).status().code(), kNotFound);
}

TEST_F(ClientTest, NamespacedObjectsNeedANamespace) {
  EXPECT_EQ(client_.Get(Soon(), {kThing, {"", "a"}}).status().code(),
            kInvalidArgument);
  EXPECT_EQ(client_.Get(Soon(), {kThing, {"a", ""}}).status().code(),
            kInvalidArgument);
}

TEST_F(ClientTest, ListsInPages) {
  for (int i = 0; i < 501; ++i) fake_->Put(Thing(absl::StrCat("thing-", i)));
  const auto list = client_.List(Soon(), kThing, "");
  ASSERT_TRUE(list.ok()) << list.status();
  EXPECT_EQ((*list)["items"].size(), 501);
  EXPECT_EQ(GroupVersionKindOf((*list)["items"][size_t{0}]), kThing);
  EXPECT_FALSE((*list)["metadata"].Has("continue"));
  EXPECT_THAT(
      fake_->requests(),
      Contains("GET /apis/example.com/v1/things?limit=500&continue=500"));
}

TEST_F(ClientTest, AListWhoseTokenDiedStartsOverInOnePiece) {
  for (int i = 0; i < 501; ++i) fake_->Put(Thing(absl::StrCat("thing-", i)));
  fake_->set_hook(
      [](const Request& request) -> std::optional<absl::StatusOr<Response>> {
        if (test::QueryOf(request, "continue").empty()) return std::nullopt;
        return test::Failure(410, "Expired", "the token is too old");
      });
  const auto list = client_.List(Soon(), kThing, "");
  ASSERT_TRUE(list.ok()) << list.status();
  EXPECT_EQ((*list)["items"].size(), 501);
  EXPECT_EQ(fake_->requests().back(), "GET /apis/example.com/v1/things");
}

TEST_F(ClientTest, ImpersonatesButDiscoversAsItself) {
  std::vector<std::string> as;
  fake_->set_hook(
      [&](const Request& request) -> std::optional<absl::StatusOr<Response>> {
        for (const auto& [name, value] : request.headers) {
          if (name == "Impersonate-User") {
            as.push_back(absl::StrCat(value, " ", request.path));
          }
        }
        return std::nullopt;
      });
  fake_->Put(Thing("a"));
  const auto other =
      client_.Impersonate("system:serviceaccount:default:deployer");
  ASSERT_TRUE(other->Get(Soon(), RefOfThing("a")).ok());
  EXPECT_THAT(as,
              ElementsAre("system:serviceaccount:default:deployer "
                          "/apis/example.com/v1/namespaces/default/things/a"));
}

// --- Retries
// -----------------------------------------------------------------------

struct RetryCase {
  const char* name;
  int code;
  bool has_retry_after;
  size_t want_requests;
};
class RetryTest : public ClientTest,
                  public testing::WithParamInterface<RetryCase> {};

TEST_P(RetryTest, OnlyWhenTheServerAsksForIt) {
  fake_->set_hook(
      [](const Request& request) -> std::optional<absl::StatusOr<Response>> {
        if (request.method != Method::kPost) return std::nullopt;
        Response response = test::Failure(GetParam().code, "Reason", "later");
        if (GetParam().has_retry_after)
          response.retry_after = absl::ZeroDuration();
        return response;
      });
  const auto answer = client_.Create(Soon(), Thing("a"), {});
  EXPECT_EQ(ApiCodeOf(answer.status()), GetParam().code);
  EXPECT_EQ(CountRequests("POST"), GetParam().want_requests);
}

INSTANTIATE_TEST_SUITE_P(
    Table, RetryTest,
    testing::Values(RetryCase{"Busy", 429, true, 11},
                    RetryCase{"BusyWithoutTime", 429, false, 1},
                    RetryCase{"Broken", 500, true, 11},
                    RetryCase{"BrokenWithoutTime", 500, false, 1},
                    RetryCase{"Unavailable", 503, true, 11},
                    RetryCase{"Conflict", 409, true, 1},
                    RetryCase{"Invalid", 422, true, 1}),
    [](const auto& param) { return std::string(param.param.name); });

TEST_F(ClientTest, AWriteIsNotRepeatedAfterALostConnection) {
  fake_->set_hook(
      [](const Request& request) -> std::optional<absl::StatusOr<Response>> {
        if (request.method != Method::kPost) return std::nullopt;
        return MakeConnectionLost("reset");
      });
  EXPECT_EQ(client_.Create(Soon(), Thing("a"), {}).status().code(),
            kUnavailable);
  EXPECT_EQ(CountRequests("POST"), 1);
}

TEST_F(ClientTest, ManyAnswersComeInTheirOrder) {
  std::vector<Request> requests;
  for (int i = 0; i < 50; ++i) {
    if (i % 2 == 0) fake_->Put(Thing(absl::StrCat("thing-", i)));
    requests.push_back(
        *client_.GetRequest(Soon(), RefOfThing(absl::StrCat("thing-", i))));
  }
  const auto answers = client_.DoAll(Soon(), std::move(requests), 7);
  ASSERT_EQ(answers.size(), 50);
  for (int i = 0; i < 50; ++i) {
    ASSERT_EQ(answers[i].ok(), i % 2 == 0) << answers[i].status();
    if (answers[i].ok()) {
      EXPECT_EQ(KeyOf(answers[i]->body).name, absl::StrCat("thing-", i));
    }
  }
}

// --- Lifetime

// Keeps all requests, and answers none by itself.
class SilentTransport : public Transport {
 public:
  explicit SilentTransport(std::vector<Done>* requests) : requests_(requests) {}
  void Send(const Context&, Request, Done done) override {
    requests_->push_back(std::move(done));
  }
  std::unique_ptr<WatchStream> Watch(Request, WatchHandler) override {
    return nullptr;
  }

 private:
  std::vector<Done>* const requests_;
};

TEST(ClientLifetimeTest, LettingGoOfTheLastClientLetsGoOfTheTransport) {
  std::vector<Transport::Done> requests;
  auto transport = std::make_shared<SilentTransport>(&requests);
  const std::weak_ptr<Transport> weak = transport;
  {
    const Client client(std::move(transport));
    const Context ctx = Context().WithCancel();
    ctx.Cancel();
    EXPECT_FALSE(client.FindResource(ctx, kThing).ok());
  }
  ASSERT_FALSE(requests.empty()) << "nothing is under way";
  EXPECT_TRUE(weak.expired());
  // Answers that come after all are harmless, in either form.
  for (size_t i = 0; i < requests.size(); ++i) {
    Response answer;
    answer.code = 200;
    answer.body = Value::MakeObject(
        {{"kind", i == 0 ? "APIVersions" : "APIGroupDiscoveryList"},
         {"versions", Value::Array{"v1"}},
         {"items", Value::MakeArray()}});
    requests[i](answer);
  }
}

// --- Errors
// ------------------------------------------------------------------------

struct ErrorCase {
  int code;
  const char* reason;
  absl::StatusCode want;
};
class ApiErrorTest : public testing::TestWithParam<ErrorCase> {};

TEST_P(ApiErrorTest, BecomesACode) {
  const absl::Status error = MakeApiError(
      GetParam().code,
      test::Failure(GetParam().code, GetParam().reason, "message").body);
  EXPECT_EQ(error.code(), GetParam().want);
  EXPECT_EQ(error.message(), "message");
  EXPECT_EQ(ApiReasonOf(error), GetParam().reason);
  EXPECT_EQ(ApiCodeOf(error), GetParam().code);
  // A page of a proxy has no reason of its own.
  const absl::Status page = MakeApiError(GetParam().code, Value("<html>"));
  EXPECT_EQ(ApiCodeOf(page), GetParam().code);
  EXPECT_THAT(page.message(), HasSubstr("<html>"));
}

INSTANTIATE_TEST_SUITE_P(
    Table, ApiErrorTest,
    testing::Values(ErrorCase{400, "BadRequest", kFailedPrecondition},
                    ErrorCase{401, "Unauthorized", kUnauthenticated},
                    ErrorCase{403, "Forbidden", kPermissionDenied},
                    ErrorCase{404, "NotFound", kNotFound},
                    ErrorCase{405, "MethodNotAllowed", kFailedPrecondition},
                    ErrorCase{409, "AlreadyExists", kAlreadyExists},
                    ErrorCase{409, "Conflict", kAborted},
                    ErrorCase{410, "Expired", kOutOfRange},
                    ErrorCase{413, "RequestEntityTooLarge",
                              kFailedPrecondition},
                    ErrorCase{422, "Invalid", kFailedPrecondition},
                    ErrorCase{429, "TooManyRequests", kResourceExhausted},
                    ErrorCase{500, "InternalError", kUnavailable},
                    ErrorCase{503, "ServiceUnavailable", kUnavailable},
                    ErrorCase{504, "Timeout", kDeadlineExceeded}),
    [](const auto& param) {
      return absl::StrCat(param.param.reason, param.param.code);
    });

}  // namespace
}  // namespace weir::kube
