// Webhooks from end to end: codes, filters, targets.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/notification-controller/receivers/fake_issuer.h"
#include "tests/notification-controller/receivers/harness.h"
#include "weir/crypto/hmac.h"

namespace weir::notification_controller {
namespace {

using testing::HasSubstr;
using Fields = Harness::Fields;

const Fields kJson = {{"Content-Type", "application/json"}};

TEST(WebhookTest, AnnotatesTheTarget) {
  Harness harness;
  harness.Start();
  const std::string path = harness.Ready();
  std::string last = harness.RequestedAt();
  // Any method, any body.
  for (const char* method : {"POST", "GET", "PUT", "DELETE", "PATCH"}) {
    EXPECT_EQ(harness.Post(path, "no JSON", {}, method), 200) << method;
    const std::string now = harness.RequestedAt();
    EXPECT_NE(now, last) << method;
    last = now;
  }
  EXPECT_THAT(last, testing::MatchesRegex(
                        "[0-9-]+ [0-9:.]+ \\+0000 UTC m=\\+[0-9]+\\.[0-9]+"));
  const Value object = harness.Get(harness.RepositoryRef());
  bool has_manager = false;
  for (const Value& one : object["metadata"]["managedFields"].array()) {
    has_manager |= one.GetString("manager") == "notification-controller" &&
                   one.GetString("operation") == "Update";
  }
  EXPECT_TRUE(has_manager);
}

TEST(WebhookTest, CostsOneRequest) {
  Harness harness;
  harness.Start();
  const std::string path = harness.Ready(
      "{resources: [{kind: GitRepository, name: '*', matchLabels: {}}], "
      "resourceFilter: 'res.metadata.name == \"app\"'}");
  // Once its watches have begun.
  std::vector<std::string> requests;
  for (int i = 0; i < 1000 && requests.size() != 1; ++i) {
    absl::SleepFor(absl::Milliseconds(5));
    harness.TakeRequests();
    harness.Post(path);
    requests = harness.TakeRequests();
  }
  EXPECT_THAT(requests,
              testing::ElementsAre(HasSubstr("PATCH gitrepositories/app")));
}

TEST(WebhookTest, AnswersAsFluxDoes) {
  Harness harness;
  harness.Start();
  const std::string path = harness.Ready();
  for (const std::string& other :
       {std::string("/hook/none"), path + "/", path + "?a=b", "/hook/" + path,
        std::string("/hook/")}) {
    EXPECT_EQ(harness.Post(other), 404) << other;
  }
  const http::Response root = harness.Send("/", "{}", {}, "POST");
  EXPECT_EQ(root.code, 404);
  EXPECT_EQ(root.body, "404 page not found\n");
  EXPECT_EQ(root.headers.Get("X-Content-Type-Options"), "nosniff");
  // Not ready.
  harness.ApplyReceiver("hook", "{resourceFilter: '1'}");
  harness.WaitReady(harness.ReceiverRef(), "False");
  harness.WaitForCode(path, 503);
}

TEST(WebhookTest, AFilterSeesObjectAndBody) {
  Harness harness;
  harness.Start();
  const std::string path =
      harness.Ready("{resourceFilter: 'res.metadata.name == req.name'}");
  EXPECT_EQ(harness.RequestedAt(), "");
  EXPECT_EQ(harness.Post(path, R"({"name":"x"})", kJson), 200);
  EXPECT_EQ(harness.RequestedAt(), "");
  EXPECT_EQ(harness.Post(path, R"({"name":"app"})", kJson), 200);
  EXPECT_NE(harness.RequestedAt(), "");
  // The key is missing; the body is none; the body is not said to be JSON.
  EXPECT_EQ(harness.Post(path, "{}", kJson), 500);
  EXPECT_EQ(harness.Post(path, "x", kJson), 500);
  EXPECT_EQ(harness.Post(path, "[]", kJson), 500);
  EXPECT_EQ(harness.Post(path, R"({"name":"app"})"), 500);
  EXPECT_EQ(harness.Post(path, R"({"name":"app"})",
                         {{"Content-Type", "application/json; charset=utf-8"}}),
            200);
}

TEST(WebhookTest, FiltersAreForObjectsOneByOne) {
  Harness harness;
  harness.Start();
  for (const char* name : {"a", "b", "c"}) {
    harness.ApplyRepository(name, "{team: x}");
  }
  const std::string path = harness.Ready(
      "{resources: [{kind: GitRepository, name: '*', matchLabels: {team: x}, "
      "filter: 'res.metadata.name in req.names'}], resourceFilter: "
      "'res.metadata.name != \"a\" && res.metadata.generation == 1'}");
  EXPECT_EQ(harness.Post(path, R"({"names":["a","b"]})", kJson), 200);
  EXPECT_EQ(harness.RequestedAt("a"), "");
  EXPECT_NE(harness.RequestedAt("b"), "");
  EXPECT_EQ(harness.RequestedAt("c"), "");
  EXPECT_EQ(harness.RequestedAt("app"), "");
}

TEST(WebhookTest, OneThatFailsDoesNotStopTheOthers) {
  Harness harness;
  harness.Start();
  harness.ApplyRepository("a", "{team: x}");
  harness.ApplyRepository("b", "{team: x}");
  const std::string path = harness.Ready(
      "{resources: [{kind: GitRepository, name: none}, {kind: Kustomization, "
      "name: a}, {kind: Bucket, name: a}, {kind: GitRepository, name: '*'}, "
      "{kind: GitRepository, name: '*', matchLabels: {team: x}}, {kind: "
      "GitRepository, name: app}]}");
  EXPECT_EQ(harness.Post(path), 500);
  for (const char* name : {"a", "b", "app"}) {
    EXPECT_NE(harness.RequestedAt(name), "") << name;
  }
}

TEST(WebhookTest, NothingWithTheLabelsIsNoFailure) {
  Harness harness;
  harness.Start();
  const std::string path = harness.Ready(
      "{resources: [{kind: GitRepository, name: '*', matchLabels: {a: b}}]}");
  EXPECT_EQ(harness.Post(path), 200);
  EXPECT_EQ(harness.RequestedAt(), "");
}

TEST(WebhookTest, NewObjectsAreSeen) {
  Harness harness;
  harness.Start();
  const std::string path =
      harness.Ready("{resources: [{kind: GitRepository, name: late}]}");
  EXPECT_EQ(harness.Post(path), 500);
  harness.ApplyRepository("late");
  harness.WaitForCode(path, 200);
}

TEST(WebhookTest, LabelsOfANamedTargetAreNotLookedAt) {
  Harness harness;
  harness.Start();
  const std::string path = harness.Ready(
      "{resources: [{kind: GitRepository, name: app, matchLabels: {a: b}}]}");
  const std::string before = harness.RequestedAt();
  EXPECT_EQ(harness.Post(path), 200);
  EXPECT_NE(harness.RequestedAt(), before);
}

TEST(WebhookTest, GitHubEndToEnd) {
  Harness harness;
  harness.Start();
  const std::string path = harness.Ready("{type: github, events: [push]}");
  const std::string body = R"({"a":1})";
  const std::string signature =
      absl::StrCat("sha256=", crypto::HmacHex(crypto::DigestAlgorithm::kSha256,
                                              Secret("s3cret"), body));
  Fields headers = {{"Content-Type", "application/json"},
                    {"X-Hub-Signature-256", signature},
                    {"X-GitHub-Event", "push"}};
  EXPECT_EQ(harness.Post(path, body, headers), 200);
  EXPECT_NE(harness.RequestedAt(), "");
  headers[2].second = "issues";
  EXPECT_EQ(harness.Post(path, body, headers), 400);
  EXPECT_EQ(harness.Post(path, body, kJson), 400);
}

TEST(WebhookTest, OidcEndToEnd) {
  FakeIssuer issuer;
  Harness harness;
  harness.Start();
  const JwtSigner signer = JwtSigner::Ec("P-256");
  issuer.SetKeys({signer.Jwk("one")});
  const std::string path = harness.Ready(absl::StrCat(
      "{type: generic-oidc, secretRef: null, resourceFilter: "
      "'claims.repo == res.metadata.name', oidcProviders: [{issuerURL: '",
      issuer.url(),
      "', validations: [{expression: claims.sub == 'ci', message: not "
      "ci}]}]}"));
  Value claims = Value::MakeObject(
      {{"iss", issuer.url()},
       {"aud", "notification-controller"},
       {"exp", absl::ToUnixSeconds(absl::Now() + absl::Hours(1))},
       {"sub", "ci"},
       {"repo", "other"}});
  const auto post = [&] {
    return harness.Post(
        path, "",
        {{"Authorization", "Bearer " + signer.Sign("ES256", "one", claims)}});
  };
  EXPECT_EQ(post(), 200);
  EXPECT_EQ(harness.RequestedAt(), "");
  claims.Set("repo", "app");
  EXPECT_EQ(post(), 200);
  EXPECT_NE(harness.RequestedAt(), "");
  claims.Set("sub", "somebody");
  EXPECT_EQ(post(), 400);
  claims.Set("sub", "ci");
  claims.Set("aud", "another");
  EXPECT_EQ(post(), 400);
  EXPECT_EQ(harness.Post(path), 400);
}

TEST(WebhookTest, IsMeasured) {
  Harness harness;
  harness.Start();
  const std::string path = harness.Ready("{type: generic-hmac}");
  EXPECT_EQ(harness.Post(path), 400);
  EXPECT_EQ(harness.Post("/hook/none", "", {}, "BREW"), 404);
  const std::string metrics = harness.PrintMetrics();
  EXPECT_THAT(metrics,
              HasSubstr("gotk_receiver_http_request_duration_seconds_count{"
                        "code=\"400\",handler=\"/hook/\",method=\"POST\","
                        "service=\"\"}"));
  EXPECT_THAT(metrics,
              HasSubstr("code=\"404\",handler=\"/hook/\",method=\"other\""));
  EXPECT_THAT(metrics, HasSubstr("gotk_receiver_http_response_size_bytes"));
  EXPECT_THAT(metrics, HasSubstr("gotk_receiver_http_requests_inflight"));
  EXPECT_THAT(metrics, testing::Not(HasSubstr(path)));
}

}  // namespace
}  // namespace weir::notification_controller
