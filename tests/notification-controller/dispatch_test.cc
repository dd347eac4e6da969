// The whole controller: events in, deliveries and Kubernetes Events out.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/notification-controller/harness.h"
#include "weir/value/json.h"

namespace weir::notification_controller {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;

constexpr char kNotSent[] =
    "failed to dispatch notification for Kustomization/flux-system/app: ";

class DispatchTest : public testing::Test {
 protected:
  // A generic Provider "p" of the sink, and an Alert of all of app.
  void Run(const std::string& alert = "", const std::string& provider = "") {
    harness_.Start();
    Apply(alert, provider);
  }
  void Apply(const std::string& alert, const std::string& provider = "") {
    harness_.ApplyProvider(
        "p", provider.empty()
                 ? absl::StrCat("address: '", sink_.url(), "/hook'")
                 : provider);
    harness_.ApplyAlert("alert", alert);
    harness_.Settle();
  }
  // What the first delivery with this text holds.
  Value BodyWith(const std::string& text) {
    return ParseJson(sink_.WaitFor(text)[0].body).value_or(Value());
  }
  // Posts it, and what is told of it for certain: nothing of what came before
  // is still under way then.
  void PostAndPass(const std::string& message) {
    harness_.Post(harness_.MakeEvent(message));
    sink_.WaitFor(message);
  }

  RecordingServer sink_;
  NotificationHarness harness_;
};

// --- Taking events ----------------------------------------------------------

TEST_F(DispatchTest, DeliversWhatAnAlertWants) {
  Run("eventMetadata: {env: prod}, summary: 'the summary'");
  Event event = harness_.MakeEvent("applied\nall of it");
  event.metadata["event.toolkit.fluxcd.io/team"] = "a";
  event.metadata["kustomize.toolkit.fluxcd.io/token"] = "t0ken";
  event.metadata["kustomize.toolkit.fluxcd.io/digest"] = "sha256:1";
  event.metadata["other.io/x"] = "x";
  harness_.Post(event);
  const auto requests = sink_.WaitFor("applied");
  EXPECT_EQ(requests[0].target, "/hook");
  EXPECT_EQ(requests[0].headers.Get("gotk-component"), "kustomize-controller");
  const Value body = BodyWith("applied");
  EXPECT_EQ(body.GetString("message"), "applied\nall of it");
  EXPECT_EQ(FormatJson(body["metadata"]),
            R"({"env":"prod","revision":"main@sha1:)"
            R"(1111111111111111111111111111111111111111",)"
            R"("summary":"the summary","team":"a"})");
  EXPECT_THAT(harness_.TakeEvents(), IsEmpty());
}

TEST_F(DispatchTest, AnswersAsUpstreamDoes) {
  Run();
  const std::string event = ToJson(harness_.MakeEvent("m"));
  for (const auto& [body, code] :
       {std::pair(std::string(), 400), std::pair(std::string("{"), 400),
        std::pair(std::string("[]"), 400),
        std::pair(std::string(R"({"message":1})"), 400),
        std::pair(std::string((3u << 20) + 1, ' '), 413)}) {
    const http::Response response = harness_.PostRaw(body);
    EXPECT_EQ(response.code, code);
    EXPECT_EQ(response.body, code == 413 ? "Payload Too Large\n" : "");
    EXPECT_FALSE(response.headers.Has("X-RateLimit-Limit"));
  }
  EXPECT_EQ(harness_.PostRaw("", "/", "GET").code, 400);
  EXPECT_EQ(harness_.PostRaw(event, "/any/path?x=y", "PUT").code, 202);
}

TEST_F(DispatchTest, EdgeADuplicateIsToldSoEvenIfNobodyListens) {
  Run();
  Event event = harness_.MakeEvent("m");
  event.object.name = "nobody-listens";
  http::Response first = harness_.PostRaw(ToJson(event));
  EXPECT_EQ(first.code, 202);
  EXPECT_EQ(first.headers.Get("X-RateLimit-Limit"), "1");
  EXPECT_EQ(first.headers.Get("X-RateLimit-Remaining"), "0");
  EXPECT_FALSE(first.headers.Has("Retry-After"));
  event.reason = "Another";
  event.severity = "error";
  const http::Response second = harness_.PostRaw(ToJson(event));
  EXPECT_EQ(second.code, 429);
  EXPECT_EQ(second.headers.Get("Retry-After"),
            first.headers.Get("X-RateLimit-Reset"));
  EXPECT_EQ(second.headers.Get("X-RateLimit-Reset"),
            first.headers.Get("X-RateLimit-Reset"));
  EXPECT_THAT(std::string(second.headers.Get("Retry-After")),
              testing::MatchesRegex(
                  "[A-Z][a-z]+, [0-9]+ [A-Z][a-z]+ [0-9]+ [0-9:]+ GMT"));
}

class SetClock : public Clock {
 public:
  absl::Time Now() const override {
    MutexLock lock(mu_);
    return now_;
  }
  void Advance(absl::Duration by) {
    MutexLock lock(mu_);
    now_ += by;
  }

 private:
  mutable Mutex mu_;
  absl::Time now_ ABSL_GUARDED_BY(mu_) = absl::FromUnixSeconds(1'700'000'000);
};

TEST(RateLimitTest, EndsWithItsInterval) {
  SetClock clock;
  NotificationHarness harness;
  harness.set_clock(&clock);
  harness.options().rate_limit_interval = absl::Minutes(2);
  harness.Start();
  const std::string event = ToJson(harness.MakeEvent("m"));
  EXPECT_EQ(harness.PostRaw(event).code, 202);
  clock.Advance(absl::Seconds(119));
  const http::Response second = harness.PostRaw(event);
  EXPECT_EQ(second.code, 429);
  EXPECT_EQ(second.headers.Get("Retry-After"), "Tue, 14 Nov 2023 22:15:20 GMT");
  clock.Advance(absl::Seconds(1));
  EXPECT_EQ(harness.PostRaw(event).code, 202);
}

TEST_F(DispatchTest, MetricsHaveUpstreamsNamesAndAreBounded) {
  Run();
  harness_.PostRaw("{}", "/some/path");
  harness_.PostRaw("{}", "/", "BREW");
  const std::string metrics = harness_.Metrics();
  EXPECT_THAT(metrics, HasSubstr("gotk_event_http_request_duration_seconds"));
  EXPECT_THAT(metrics, HasSubstr("gotk_event_http_response_size_bytes"));
  EXPECT_THAT(metrics,
              HasSubstr(R"(gotk_event_http_requests_inflight{handler="/")"));
  EXPECT_THAT(metrics, Not(HasSubstr("/some/path")));
  EXPECT_THAT(metrics, Not(HasSubstr("BREW")));
}

// --- What is wrong ----------------------------------------------------------

TEST_F(DispatchTest, AMissingProviderIsToldOfOnTheAlert) {
  Run("providerRef: {name: gone}");
  harness_.Post(harness_.MakeEvent("m"));
  EXPECT_EQ(harness_.WaitForWarning("NotificationDispatchFailed"),
            absl::StrCat(kNotSent,
                         "failed to read provider: "
                         "Provider.notification.toolkit.fluxcd.io \"gone\" not "
                         "found"));
  const Value event = harness_.WaitForKubeEvent("NotificationDispatchFailed");
  EXPECT_EQ(event.GetString("type"), "Warning");
  EXPECT_EQ(event["involvedObject"].GetString("kind"), "Alert");
  EXPECT_EQ(event["involvedObject"].GetString("name"), "alert");
  EXPECT_EQ(event["source"].GetString("component"), "notification-controller");
}

TEST_F(DispatchTest, AMissingSecretIsToldOfAndTakenWhenItComes) {
  const std::string address = absl::StrCat("address: '", sink_.url(), "'");
  Run("", absl::StrCat(address, ", secretRef: {name: gone}"));
  harness_.Post(harness_.MakeEvent("one"));
  EXPECT_THAT(
      harness_.WaitForWarning("NotificationDispatchFailed"),
      StartsWith(absl::StrCat(kNotSent,
                              "failed to initialize notifier for provider 'p': "
                              "failed to get secret 'flux-system/gone': ")));
  harness_.ApplySecret("gone", {{"token", "t"}});
  PostAndPass("two");
  Apply("", absl::StrCat(address, ", certSecretRef: {name: certs}"));
  harness_.Post(harness_.MakeEvent("three"));
  EXPECT_THAT(harness_.WaitForWarning("NotificationDispatchFailed"),
              HasSubstr("failed to get secret 'flux-system/certs': "));
  harness_.ApplySecret("certs", {{"token", "t"}});
  harness_.Post(harness_.MakeEvent("four"));
  EXPECT_THAT(harness_.WaitForWarning("NotificationDispatchFailed"),
              HasSubstr("failed to get TLS config: "));
}

TEST_F(DispatchTest, AServiceAccountNeedsItsGate) {
  Run("", absl::StrCat("type: googlepubsub, address: proj, channel: topic, "
                       "serviceAccountName: sa"));
  harness_.Post(harness_.MakeEvent("m"));
  EXPECT_THAT(harness_.WaitForWarning("NotificationDispatchFailed"),
              HasSubstr("please enable the ObjectLevelWorkloadIdentity"));
}

TEST_F(DispatchTest, EdgeCrossNamespaceLockdownIsAWarningNotSilence) {
  harness_.options().no_cross_namespace_refs = true;
  Run("eventSources: [{kind: Kustomization, name: app, namespace: team}]");
  Event event = harness_.MakeEvent("m");
  event.object.name_space = "team";
  harness_.Post(event);
  EXPECT_EQ(
      harness_.WaitForWarning("NotificationDispatchFailed"),
      "failed to dispatch notification for Kustomization/team/app: discarding "
      "event, access denied to cross-namespace sources: alert "
      "'flux-system/alert' can't process event from 'Kustomization/team/app', "
      "cross-namespace references have been blocked");
  EXPECT_THAT(sink_.requests(), IsEmpty());
}

TEST_F(DispatchTest, OtherNamespacesAreFineOtherwise) {
  Run("eventSources: [{kind: Kustomization, name: app, namespace: team}]");
  Event event = harness_.MakeEvent("m");
  event.object.name_space = "team";
  harness_.Post(event);
  sink_.WaitFor("\"team\"");
}

TEST_F(DispatchTest, EdgeWhatIsSuspendedIsSilent) {
  Run("suspend: true");
  harness_.Post(harness_.MakeEvent("of a suspended alert"));
  Apply("", absl::StrCat("suspend: true, address: '", sink_.url(), "'"));
  harness_.Post(harness_.MakeEvent("of a suspended provider"));
  Apply("");
  PostAndPass("awake");
  EXPECT_THAT(sink_.requests(), SizeIs(1));
  EXPECT_THAT(harness_.TakeEvents(), IsEmpty());
}

TEST_F(DispatchTest, EdgeABrokenRegexIsToldOfAndSkipped) {
  Run("inclusionList: ['a(', 'm'], exclusionList: ['[b', 'secret']");
  harness_.Post(harness_.MakeEvent("m, but secret"));
  harness_.WaitForEvent("failed to compile inclusion regex: a(");
  harness_.WaitForEvent("failed to compile exclusion regex: [b");
  PostAndPass("m");
  EXPECT_THAT(sink_.requests(), SizeIs(1));
  EXPECT_EQ(harness_.WaitForKubeEvent("InvalidConfig").GetString("type"),
            "Warning");
}

TEST_F(DispatchTest, ConflictsOfMetadataAreAnnotations) {
  Run("eventMetadata: {env: alert}");
  Event event = harness_.MakeEvent("m");
  event.metadata["event.toolkit.fluxcd.io/env"] = "user";
  harness_.Post(event);
  EXPECT_EQ(BodyWith("\"m\"")["metadata"].GetString("env"), "alert");
  const Value kube = harness_.WaitForKubeEvent("MetadataAppendFailed");
  EXPECT_THAT(std::string(kube.GetString("message")),
              StartsWith("metadata key conflicts detected"));
  EXPECT_EQ(kube["metadata"]["annotations"].GetString("env"),
            "involved object annotations, Alert object .spec.eventMetadata");
}

// --- Gates ------------------------------------------------------------------

constexpr char kStatusUpdate[] = "kustomize.toolkit.fluxcd.io/commit_status";

TEST_F(DispatchTest, StatusUpdatesAreForForgesAndGenericOnes) {
  Run("", absl::StrCat("type: rocket, address: '", sink_.url(), "'"));
  Event event = harness_.MakeEvent("update one");
  event.metadata[kStatusUpdate] = "update";
  harness_.Post(event);
  PostAndPass("plain");
  EXPECT_THAT(sink_.With("update one"), IsEmpty());
  Apply("");
  event.message = "update two";
  harness_.Post(event);
  sink_.WaitFor("update two");
}

TEST_F(DispatchTest, EdgeForgesTakeCommitsStatusUpdatesAndErrors) {
  RecordingServer forge([](const http::ServerRequest& request) {
    if (absl::EndsWith(request.path, "/version")) {
      return RecordingServer::Always(200, R"({"version":"1.20.0"})")(request);
    }
    return RecordingServer::Always(request.method == "GET" ? 200 : 201,
                                   "[]")(request);
  });
  harness_.ApplySecret("s", {{"token", "t0ken"}});
  Run("", absl::StrCat("type: gitea, address: '", forge.url(),
                       "/o/r', secretRef: {name: s}, commitStatusExpr: "
                       "\"'m/' + event.message\""));
  Event event = harness_.MakeEvent("plain");
  harness_.Post(event);
  event = harness_.MakeEvent("update");
  event.metadata[kStatusUpdate] = "update";
  harness_.Post(event);
  event = harness_.MakeEvent("commit");
  event.metadata["event.toolkit.fluxcd.io/commit"] =
      "main@sha1:2222222222222222222222222222222222222222";
  harness_.Post(event);
  event = harness_.MakeEvent("error");
  event.severity = "error";
  harness_.Post(event);
  EXPECT_EQ(forge.WaitFor("\"context\":\"m/update\"")[0].path,
            "/api/v1/repos/o/r/statuses/"
            "1111111111111111111111111111111111111111");
  EXPECT_EQ(forge.WaitFor("\"context\":\"m/commit\"")[0].path,
            "/api/v1/repos/o/r/statuses/"
            "2222222222222222222222222222222222222222");
  forge.WaitFor("\"context\":\"m/error\"");
  EXPECT_THAT(forge.With("plain"), IsEmpty());
  EXPECT_THAT(harness_.Logs(),
              HasSubstr("event dropped for commit status providers due to "
                        "missing commit metadata key"));
  EXPECT_THAT(harness_.TakeEvents(), IsEmpty());
}

TEST_F(DispatchTest, EdgeAnErrorWithoutRevisionIsToldOf) {
  harness_.ApplySecret("s", {{"token", "t0ken"}});
  Run("",
      "type: gitea, address: 'http://127.0.0.1:1/o/r', secretRef: "
      "{name: s}");
  Event event = harness_.MakeEvent("m");
  event.severity = "error";
  event.metadata.clear();
  harness_.Post(event);
  EXPECT_THAT(harness_.WaitForWarning("NotificationDispatchFailed"),
              HasSubstr("revision"));
}

TEST_F(DispatchTest, ABrokenCommitStatusExpressionIsToldOf) {
  harness_.ApplySecret("s", {{"token", "t0ken"}});
  Run("",
      "type: gitea, address: 'http://127.0.0.1:1/o/r', secretRef: "
      "{name: s}, commitStatusExpr: 'event.nope.nope'");
  Event event = harness_.MakeEvent("m");
  event.severity = "error";
  harness_.Post(event);
  EXPECT_THAT(
      harness_.WaitForWarning("NotificationDispatchFailed"),
      StartsWith(absl::StrCat(kNotSent,
                              "failed to create commit status: failed to "
                              "evaluate the spec.commitStatusExpr CEL "
                              "expression for the event: ")));
}

TEST_F(DispatchTest, CommentsNeedAChangeRequest) {
  harness_.ApplySecret("s", {{"token", "t0ken"}});
  Run("",
      "type: giteapullrequestcomment, address: 'http://127.0.0.1:1/o/r', "
      "secretRef: {name: s}");
  harness_.Post(harness_.MakeEvent("m"));
  EXPECT_THAT(harness_.Logs(),
              HasSubstr("event dropped for change request providers due to "
                        "missing change request metadata key"));
  Event event = harness_.MakeEvent("n");
  event.metadata["event.toolkit.fluxcd.io/change_request"] = "7";
  harness_.Post(event);
  EXPECT_THAT(harness_.WaitForWarning("NotificationDispatchFailed"),
              HasSubstr("connection refused"));
}

// --- What changes -----------------------------------------------------------

TEST_F(DispatchTest, LabelsAreWatched) {
  harness_.Apply(R"(
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: app, labels: {team: a}}
spec: {interval: 10m, prune: true, sourceRef: {kind: GitRepository, name: x}}
)");
  Run("eventSources: [{kind: Kustomization, name: '*', matchLabels: {team: "
      "a}}]");
  PostAndPass("one");
  const kube::ObjectRef app =
      harness_.Ref("kustomize.toolkit.fluxcd.io/v1", "Kustomization", "app");
  const auto count_reads = [this] {
    int reads = 0;
    for (const std::string& request : harness_.TakeRequests()) {
      if (absl::StrContains(request, "GET kustomizations/app")) ++reads;
    }
    return reads;
  };
  // Once the watch has begun there are no reads.
  int tries = 0;
  do {
    count_reads();
    PostAndPass(absl::StrCat("try ", ++tries, "."));
  } while (count_reads() > 0 && tries < 500);
  EXPECT_LT(tries, 500);
  harness_.Patch(app, "{metadata: {labels: {team: b}}}");
  size_t before = 0;
  for (int i = 0; i < 500; ++i) {
    before = sink_.requests().size();
    harness_.Post(harness_.MakeEvent(absl::StrCat("changed ", i)));
    harness_.Settle();
    if (sink_.requests().size() == before) break;
  }
  EXPECT_EQ(sink_.requests().size(), before) << "it still matches";
  Event gone = harness_.MakeEvent("m");
  gone.object.name = "gone";
  harness_.Post(gone);
  harness_.WaitForEvent(
      "error getting source object Kustomization/flux-system/gone");
}

TEST_F(DispatchTest, ASecretsChangeCountsAndSteadyStateReadsNothing) {
  harness_.ApplySecret("s", {{"headers", "X-Own: one"}});
  Run("", absl::StrCat("address: '", sink_.url(), "', secretRef: {name: s}"));
  PostAndPass("first");
  int tries = 0;
  do {
    harness_.TakeRequests();
    PostAndPass(absl::StrCat("try ", ++tries, "."));
  } while (!harness_.TakeRequests().empty() && tries < 500);
  EXPECT_LT(tries, 500) << "each delivery reads the Secret";
  harness_.ApplySecret("s", {{"headers", "X-Own: two"}});
  std::string header;
  for (int i = 0; i < 500 && header != "two"; ++i) {
    const std::string message = absl::StrCat("rotated ", i, ".");
    harness_.Post(harness_.MakeEvent(message));
    header = std::string(sink_.WaitFor(message)[0].headers.Get("X-Own"));
  }
  EXPECT_EQ(header, "two");
}

TEST_F(DispatchTest, ADeletedAlertHearsNothing) {
  Run();
  PostAndPass("one");
  harness_.Delete(harness_.AlertRef());
  harness_.ApplyAlert("other",
                      "eventSources: [{kind: Kustomization, name: app}], "
                      "eventMetadata: {of: other}");
  harness_.Settle();
  PostAndPass("two");
  for (const http::ServerRequest& request : sink_.With("two")) {
    EXPECT_THAT(request.body, HasSubstr("\"of\":\"other\""));
  }
}

// --- Finalizers -------------------------------------------------------------

TEST_F(DispatchTest, FinalizersComeAndGo) {
  harness_.ApplyAlert("old");
  harness_.Patch(harness_.AlertRef("old"),
                 "{metadata: {finalizers: [finalizers.fluxcd.io]}}");
  Run();
  harness_.WaitFor(harness_.AlertRef("old"), [](const Value& alert) {
    return alert["metadata"]["finalizers"].array().empty();
  });
  harness_.WaitForEvent(
      "removed finalizer from Alert to migrate to static "
      "Alert");
  harness_.WaitFor(harness_.ProviderRef(), [](const Value& provider) {
    return FormatJson(provider["metadata"]["finalizers"]) ==
           R"(["finalizers.fluxcd.io"])";
  });
  harness_.Delete(harness_.ProviderRef());
  harness_.WaitFor(harness_.ProviderRef(),
                   [](const Value& provider) { return provider.is_null(); });
}

// --- The way out ------------------------------------------------------------

TEST(ShutdownTest, DeliversWhatWaits) {
  RecordingServer slow([](const http::ServerRequest& request) {
    Context().SleepFor(absl::Milliseconds(2)).IgnoreError();
    return RecordingServer::Always(200)(request);
  });
  NotificationHarness harness;
  harness.Start();
  harness.ApplyProvider("p", absl::StrCat("address: '", slow.url(), "'"));
  harness.ApplyAlert("alert");
  harness.Settle();
  for (int i = 0; i < 30; ++i) {
    harness.Post(harness.MakeEvent(absl::StrCat("m", i)));
  }
  harness.Stop();
  EXPECT_THAT(slow.requests(), SizeIs(30));
}

TEST(ShutdownTest, DoesNotWaitForTheDead) {
  RecordingServer dead(nullptr);
  NotificationHarness harness;
  harness.options().delivery_grace = absl::ZeroDuration();
  harness.Start();
  harness.ApplyProvider(
      "p", absl::StrCat("address: '", dead.url(), "', timeout: 5m"));
  harness.ApplyAlert("alert");
  harness.Settle();
  harness.Post(harness.MakeEvent("m"));
  dead.WaitFor("\"m\"");
  harness.Stop();  // Or the test runs into its own limit.
  EXPECT_THAT(harness.Logs(), HasSubstr("notifications are lost"));
}

}  // namespace
}  // namespace weir::notification_controller
