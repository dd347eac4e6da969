// The life of a Receiver: states, conditions, Events and requests.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/notification-controller/receivers/harness.h"

namespace weir::notification_controller {
namespace {

using testing::HasSubstr;

constexpr char kNoSecret[] =
    "unable to read token from secret 'app/tok' error: secrets \"tok\" not "
    "found";

// Type, status, reason and message of the conditions, in order.
std::vector<std::string> Conditions(const Value& object) {
  std::vector<std::string> out;
  for (const Value& one : object["status"]["conditions"].array()) {
    out.push_back(
        absl::StrCat(one.GetString("type"), " ", one.GetString("status"), " ",
                     one.GetString("reason"), ": ", one.GetString("message")));
  }
  return out;
}

TEST(ReceiverLifecycleTest, GetsItsPathFromTheToken) {
  Harness harness;
  harness.Start();
  harness.ApplyReceiver("hook", "{}");
  Value object = harness.WaitReady(harness.ReceiverRef(), "False");
  EXPECT_EQ(Conditions(object),
            (std::vector<std::string>{
                "Reconciling True ProgressingWithRetry: Reconciliation in "
                "progress",
                absl::StrCat("Ready False TokenNotFound: ", kNoSecret)}));
  EXPECT_EQ(object["metadata"]["finalizers"],
            Value(Value::Array{Value("finalizers.fluxcd.io")}));
  EXPECT_EQ(object["status"].GetInt("observedGeneration"), -1);
  EXPECT_EQ(harness.WaitForEvent(kNoSecret),
            (EventText{"error", "Failed", kNoSecret}));

  // It is tried again by itself.
  harness.ApplySecret("s3cret");
  object = harness.WaitReady(harness.ReceiverRef(), "True");
  const std::string path(object["status"].GetString("webhookPath"));
  EXPECT_EQ(path.size(), 6u + 64u);
  EXPECT_EQ(
      Conditions(object),
      std::vector<std::string>{absl::StrCat(
          "Ready True Succeeded: Receiver initialized for path: ", path)});
  EXPECT_EQ(object["status"].GetInt("observedGeneration"), 1);
  const std::string finished = "Reconciliation finished, next run in 10m0s";
  EXPECT_EQ(harness.WaitForEvent(finished),
            (EventText{"info", "Succeeded", finished}));
}

TEST(ReceiverLifecycleTest, FollowsTheSecret) {
  Harness harness;
  harness.Start();
  const std::string path = harness.Ready();
  // By the watch of what is labelled.
  harness.ApplySecret("another");
  const Value object =
      harness.WaitFor(harness.ReceiverRef(), [&](const Value& receiver) {
        return receiver["status"].GetString("webhookPath") != path;
      });
  EXPECT_EQ(ReadyReason(object), "Succeeded");
  harness.WaitForCode(path, 404);
  harness.WaitForCode(harness.PathOf(), 200);

  // A Secret that goes takes the path with it.
  harness.Delete(harness.Ref("v1", "Secret", "tok"));
  const Value gone = harness.Request(harness.ReceiverRef(), "r1");
  EXPECT_EQ(ReadyReason(gone), "TokenNotFound");
  EXPECT_FALSE(gone["status"].Has("webhookPath"));
  harness.WaitForCode(std::string(object["status"].GetString("webhookPath")),
                      404);
}

TEST(ReceiverLifecycleTest, NeedsTheKey) {
  Harness harness;
  harness.Start();
  harness.Apply(
      "{apiVersion: v1, kind: Secret, metadata: {name: tok}, stringData: "
      "{other: x}}");
  harness.ApplyReceiver("hook", "{}");
  const Value object =
      harness.WaitReady(harness.ReceiverRef(), "False", "TokenNotFound");
  EXPECT_EQ(ReadyMessage(object),
            "invalid 'app/tok' secret data: required fields 'token'");
}

TEST(ReceiverLifecycleTest, StallsOnABadFilter) {
  Harness harness;
  harness.Start();
  harness.ApplySecret("s3cret");
  harness.ApplyReceiver("hook", "{resourceFilter: 'res.metadata.name =='}");
  Value object =
      harness.WaitReady(harness.ReceiverRef(), "False", "InvalidCELExpression");
  const std::string message = ReadyMessage(object);
  EXPECT_THAT(message,
              HasSubstr("Reconciliation failed terminally due to configuration "
                        "error: invalid resourceFilter expression: failed to "
                        "parse the CEL expression 'res.metadata.name ==': "
                        "ERROR: <input>:1:21: Syntax error"));
  EXPECT_EQ(Conditions(object),
            (std::vector<std::string>{
                absl::StrCat("Stalled True InvalidCELExpression: ", message),
                absl::StrCat("Ready False InvalidCELExpression: ", message)}));
  EXPECT_EQ(object["status"].GetInt("observedGeneration"), 1);
  EXPECT_EQ(harness.WaitForEvent(message),
            (EventText{"error", "InvalidCELExpression", message}));
  // A new spec ends it.
  harness.ApplyReceiver("hook", "{resourceFilter: null}");
  object = harness.WaitReady(harness.ReceiverRef(), "True");
  EXPECT_TRUE(ConditionOf(object, "Stalled").is_null());
  EXPECT_EQ(object["status"].GetInt("observedGeneration"), 2);
}

TEST(ReceiverLifecycleTest, SuspendedIsLeftAlone) {
  Harness harness;
  harness.Start();
  const std::string path = harness.Ready();
  harness.ApplyReceiver("hook", "{suspend: true}");
  harness.ApplySecret("another");
  const Value object = harness.Request(harness.ReceiverRef(), "r1");
  EXPECT_EQ(object["status"].GetString("webhookPath"), path);
  harness.WaitForCode(path, 503);
  harness.ApplyReceiver("hook", "{suspend: false}");
  harness.WaitFor(harness.ReceiverRef(), [&](const Value& receiver) {
    return receiver["status"].GetString("webhookPath") != path;
  });
}

TEST(ReceiverLifecycleTest, GoesAtOnce) {
  Harness harness;
  harness.Start();
  const std::string path = harness.Ready();
  harness.Delete(harness.ReceiverRef());
  harness.WaitFor(harness.ReceiverRef(),
                  [](const Value& object) { return object.is_null(); });
  harness.WaitForCode(path, 404);
}

TEST(ReceiverLifecycleTest, AnUnchangedReceiverCostsNoWrite) {
  Harness harness;
  harness.Start();
  harness.ApplySecret("s3cret");
  harness.ApplyReceiver("hook", "{interval: 100ms}");
  harness.WaitReady(harness.ReceiverRef(), "True");
  EXPECT_THAT(harness.TakeRequests(),
              testing::Contains(HasSubstr("receivers/hook")));
  absl::SleepFor(absl::Milliseconds(300));
  const std::vector<std::string> requests = harness.TakeRequests();
  EXPECT_FALSE(requests.empty());
  for (const std::string& request : requests) {
    EXPECT_EQ(request, "GET secrets/tok");
  }
}

TEST(ReceiverLifecycleTest, OidcNeedsNoSecret) {
  Harness harness;
  harness.Start();
  harness.ApplyReceiver(
      "hook",
      "{type: generic-oidc, secretRef: null, oidcProviders: [{issuerURL: "
      "'https://issuer.example', validations: [{expression: 'true', message: "
      "m}]}]}");
  harness.WaitReady(harness.ReceiverRef(), "True");
}

TEST(ReceiverLifecycleTest, MayBeDroppedAtAnyTime) {
  Harness harness;
  harness.Start();
  harness.Ready();
  harness.Stop();
  harness.Start();
  harness.WaitForCode(harness.PathOf(), 200);
}

TEST(ReceiversTest, SayThatTheAddressIsTaken) {
  Harness first;
  first.Start();
  reconcile::ManagerOptions options;
  options.transport = std::shared_ptr<kube::Transport>(
      &first.client().transport(), [](kube::Transport*) {});
  const auto manager = reconcile::Manager::Create(std::move(options));
  ASSERT_TRUE(manager.ok()) << manager.status();
  const auto second =
      Receivers::Create(**manager, {.address = first.address()});
  EXPECT_THAT(second.status().message(), HasSubstr(first.address()));
  const auto none = Receivers::Create(**manager, {});
  ASSERT_TRUE(none.ok()) << none.status();
  EXPECT_EQ((*none)->address(), "");
}

}  // namespace
}  // namespace weir::notification_controller
