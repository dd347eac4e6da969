// What is said to machines that keep incidents, alerts and annotations, and
// the event as it is: as recordings of other controllers show.
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "tests/notification-controller/providers/provider_cases.h"

namespace weir::notification_controller {
namespace {

struct IncidentCase {
  const char* name;
  Settings settings;
  Event event;
  std::vector<WantRequest> want;
};
class IncidentTest : public testing::TestWithParam<IncidentCase> {};

TEST_P(IncidentTest, SaysIt) {
  ExpectRequests(RequestsOf(GetParam().settings, GetParam().event),
                 GetParam().want);
}

constexpr char kHook[] = "POST http://sink.test/hook";
constexpr char kMetadata[] =
    R"("env":"prod","revision":"main@sha1:1","summary":"the summary")";

Event InfoOfReason(const std::string& reason) {
  Event event = InfoEvent();
  event.reason = reason;
  return event;
}

// With username and password, and a token or none.
Settings WithBasic(const std::string& type, const std::string& token) {
  Settings settings = SettingsOf(type);
  settings.username = "bot";
  settings.password = Secret("pa55");
  settings.token = Secret(token);
  return settings;
}

std::vector<IncidentCase> ForwardCases() {
  constexpr char kInfo[] =
      R"({"involvedObject":{"kind":"Kustomization","namespace":"flux-system",)"
      R"("name":"app","uid":"11111111-2222-3333-4444-555555555555",)"
      R"("apiVersion":"kustomize.toolkit.fluxcd.io/v1"},"severity":"info",)"
      R"("timestamp":"2020-01-01T00:00:00Z","message":"applied\nConfigMap/a/b)"
      R"( created","reason":"ReconciliationSucceeded","metadata":{"env":"prod",)"
      R"("revision":"main@sha1:1","summary":"the summary"},)"
      R"("reportingController":"kustomize-controller",)"
      R"("reportingInstance":"kustomize-controller-0"})";
  Settings with_headers = SettingsOf("generic-hmac");
  with_headers.headers = {{"Authorization", Secret("Bearer abc")},
                          {"content-type", Secret("text/json")},
                          {"Gotk-Component", Secret("mine")},
                          {"X-Signature", Secret("sha256=0")}};
  return {
      {"Generic",
       SettingsOf("generic"),
       InfoEvent(),
       {{kHook, {{"gotk-component", "kustomize-controller"}}, kInfo}}},
      {"SignedAfterTheSecretsHeaders",
       with_headers,
       InfoEvent(),
       {{kHook,
         {{"Authorization", "Bearer abc"},
          {"Content-Type", "text/json"},
          {"gotk-component", "mine"},
          {"X-Signature",
           "sha256=0af1b0e704644f4d0a5244c762e3e9082642e2ca88d5"
           "906768da63d52f723ddc"}},
         kInfo}}},
  };
}

std::vector<IncidentCase> OpsgenieCases() {
  const std::vector<std::pair<std::string, std::string>> key = {
      {"Authorization", "GenieKey s3cret"}};
  return {
      {"OpsgenieInfo",
       SettingsOf("opsgenie"),
       InfoEvent(),
       {{kHook, key,
         absl::StrCat(
             R"({"message":"Kustomization/app","alias":"c5973810d2245fe3d1ccb5)"
             R"(6a2ec760bde4a302057db538b4f9c2e216cea5637f","description":)"
             R"("applied\nConfigMap/a/b created","details":{"severity":"info",)",
             kMetadata, "}}")}}},
      {"OpsgenieError",
       SettingsOf("opsgenie"),
       ErrorEvent(),
       {{kHook, key,
         absl::StrCat(
             R"({"message":"Kustomization/app","alias":"c1bc6cd927333fef44fdf6)"
             R"(298499071975f7f5b1e61db8957cb716c9c76cdde2","description":)"
             R"("failed <&> \"quoted\"","details":{"severity":"error",)",
             kMetadata, "}}")}}},
  };
}

std::string AlertmanagerBody(const Event& event, const std::string& alert_name,
                             const std::string& annotations) {
  return absl::StrCat(R"([{"status":"firing","labels":{"alertname":")",
                      alert_name,
                      R"(","env":"prod","kind":"Kustomization","name":"app",)"
                      R"("namespace":"flux-system","reason":")",
                      event.reason,
                      R"(","reportingcontroller":"kustomize-controller",)"
                      R"("revision":"main@sha1:1","severity":")",
                      event.severity, R"("},"annotations":{)", annotations,
                      R"(},"startsAt":"2020-01-01T00:00:00Z",)"
                      R"("endsAt":"0001-01-01T00:00:00Z"}])");
}

std::vector<IncidentCase> AlertmanagerCases() {
  constexpr char kInfo[] =
      R"("message":"applied\nConfigMap/a/b created","summary":"the summary")";
  constexpr char kError[] =
      R"("message":"failed <&> \"quoted\"","summary":"the summary")";
  Event without_summary = InfoEvent();
  without_summary.metadata.erase("summary");
  const auto reason = [&](const char* name, const char* text,
                          const char* title) {
    const Event event = InfoOfReason(text);
    const std::string body = AlertmanagerBody(
        event, absl::StrCat("FluxKustomization", title), kInfo);
    return IncidentCase{name,
                        SettingsOf("alertmanager"),
                        event,
                        {{kHook, {{"Authorization", "Bearer s3cret"}}, body}}};
  };
  return {
      reason("AlertmanagerInfo", "ReconciliationSucceeded",
             "Reconciliationsucceeded"),
      reason("AlertmanagerProgressing", "Progressing", "Progressing"),
      reason("AlertmanagerWords", "not ready-yET", "Not Ready-Yet"),
      reason("AlertmanagerMarksThatJoin", "a.b:c'd_e2F", "A.b:c'd_e2f"),
      reason("AlertmanagerMarksThatBreak", "a..b 2fast", "A..B 2Fast"),
      {"AlertmanagerError",
       WithBasic("alertmanager", "s3cret"),
       ErrorEvent(),
       {{kHook,
         {{"Authorization", "Basic Ym90OnBhNTU="}},
         AlertmanagerBody(ErrorEvent(), "FluxKustomizationBuildfailed",
                          kError)}}},
      {"AlertmanagerWithoutASummary",
       WithBasic("alertmanager", ""),
       without_summary,
       {{kHook,
         {{"Authorization", "Basic Ym90OnBhNTU="}},
         AlertmanagerBody(without_summary,
                          "FluxKustomizationReconciliationsucceeded",
                          R"("message":"applied\nConfigMap/a/b created")")}}},
  };
}

std::vector<IncidentCase> GrafanaCases() {
  constexpr char kBody[] =
      R"({"when":1577836800,"text":"kustomization/app.flux-system","tags":[)"
      R"("flux","kustomize-controller","env: prod","revision: main@sha1|1",)"
      R"("summary: the summary","kind: Kustomization","name: app",)"
      R"("namespace: flux-system"]})";
  Settings anonymous = WithBasic("grafana", "");
  anonymous.password = Secret();
  return {
      {"GrafanaToken",
       WithBasic("grafana", "s3cret"),
       InfoEvent(),
       {{kHook, {{"Authorization", "Bearer s3cret"}}, kBody}}},
      {"GrafanaPassword",
       WithBasic("grafana", ""),
       ErrorEvent(),
       {{kHook, {{"Authorization", "Basic Ym90OnBhNTU="}}, kBody}}},
      {"GrafanaWithoutAPassword",
       anonymous,
       ErrorEvent(),
       {{kHook, {}, kBody}}},
  };
}

std::vector<IncidentCase> PagerDutyCases() {
  constexpr char kEnqueue[] = "POST http://sink.test:1/v2/enqueue";
  constexpr char kChange[] = "POST http://sink.test:1/v2/change/enqueue";
  const Settings settings =
      WithAddress("pagerduty", "http://u:p@sink.test:1/hook?a=b");
  const std::string resolve =
      R"({"routing_key":"general","event_action":"resolve",)"
      R"("dedup_key":"11111111-2222-3333-4444-555555555555"})";
  const auto payload = [](const std::string& summary, const std::string& text,
                          const std::string& metadata) {
    return absl::StrCat(
        R"("payload":{"summary":")", summary,
        R"(: kustomization/app","source":"Flux kustomize-controller",)"
        R"("timestamp":"2020-01-01T00:00:00Z","custom_details":{"message":")",
        text, R"(","metadata":)", metadata, "}");
  };
  const std::string metadata = absl::StrCat("{", kMetadata, "}");
  Event bare = InfoEvent();
  bare.metadata.clear();
  Event trace = InfoEvent();
  trace.severity = "trace";
  return {
      {"PagerDutyInfoIsAChangeToo",
       settings,
       InfoEvent(),
       {{kEnqueue, {}, resolve},
        {kChange,
         {},
         absl::StrCat(R"({"routing_key":"general",)",
                      payload("reconciliation succeeded",
                              R"(applied\nConfigMap/a/b created)", metadata),
                      "}}")}}},
      {"PagerDutyWithoutMetadata",
       settings,
       bare,
       {{kEnqueue, {}, resolve},
        {kChange,
         {},
         absl::StrCat(R"({"routing_key":"general",)",
                      payload("reconciliation succeeded",
                              R"(applied\nConfigMap/a/b created)", "null"),
                      "}}")}}},
      {"PagerDutyError",
       settings,
       ErrorEvent(),
       {{kEnqueue,
         {},
         absl::StrCat(
             R"({"routing_key":"general","event_action":"trigger",)"
             R"("dedup_key":"11111111-2222-3333-4444-555555555555",)",
             payload("build failed", R"(failed <&> \"quoted\")", metadata),
             R"(,"severity":"error","component":"app",)"
             R"("group":"Kustomization"}})")}}},
      {"PagerDutyTraceOnlyResolves",
       settings,
       trace,
       {{kEnqueue, {}, resolve}}},
      {"PagerDutyProgressingIsSkipped",
       settings,
       InfoOfReason("Progressing"),
       {}},
  };
}

std::vector<IncidentCase> DatadogCases() {
  const auto body = [](const std::string& alert_type, const std::string& reason,
                       const std::string& text) {
    return absl::StrCat(
        R"({"alert_type":")", alert_type,
        R"(","date_happened":1577836800,"source_type_name":"fluxcd","tags":[)"
        R"("flux_reporting_controller:kustomize-controller","flux_reason:)",
        reason,
        R"(","kube_kind:kustomization","kube_name:app",)"
        R"("kube_namespace:flux-system","env:prod","revision:main@sha1:1",)"
        R"("summary:the summary"],"text":")",
        text, R"(","title":"Events from the Kustomization app/flux-system"})");
  };
  const std::vector<std::pair<std::string, std::string>> key = {
      {"Accept", "application/json"}, {"DD-API-KEY", "s3cret"}};
  Event upper = ErrorEvent();
  upper.metadata["env"] = "PROD";
  const std::string info = body("info", "reconciliationsucceeded",
                                R"(applied\nConfigMap/a/b created)");
  return {
      {"DatadogInfo",
       SettingsOf("datadog"),
       InfoEvent(),
       {{"POST http://sink.test/api/v1/events", key, info}}},
      {"DatadogError",
       SettingsOf("datadog"),
       upper,
       {{"POST http://sink.test/api/v1/events", key,
         body("error", "buildfailed", R"(failed <&> \"quoted\")")}}},
      {"DatadogWithoutAnAddress",
       WithAddress("datadog", ""),
       InfoEvent(),
       {{"POST https://api.datadoghq.com/api/v1/events", key, info}}},
  };
}

std::vector<IncidentCase> IncidentIoCases() {
  const auto body = [](const std::string& reason, const std::string& rest) {
    return absl::StrCat(
        R"({"title":"kustomization/app.flux-system: )", reason,
        R"(","deduplication_key":"11111111-2222-3333-4444-555555555555",)",
        rest);
  };
  const std::vector<std::pair<std::string, std::string>> bearer = {
      {"Authorization", "Bearer s3cret"}};
  Event bare;
  bare.object = InfoEvent().object;
  bare.severity = "info";
  return {
      {"IncidentIoInfo",
       SettingsOf("incident.io"),
       InfoEvent(),
       {{kHook, bearer,
         body("ReconciliationSucceeded",
              absl::StrCat(R"("status":"resolved","description":)"
                           R"("applied\nConfigMap/a/b created","metadata":{)"
                           R"("reason":"ReconciliationSucceeded",)"
                           R"("reportingController":"kustomize-controller",)"
                           R"("severity":"info",)",
                           kMetadata, "}}"))}}},
      {"IncidentIoError",
       SettingsOf("incident.io"),
       ErrorEvent(),
       {{kHook, bearer,
         body("BuildFailed",
              absl::StrCat(R"("status":"firing","description":)"
                           R"("failed <&> \"quoted\"","metadata":{)"
                           R"("reason":"BuildFailed",)"
                           R"("reportingController":"kustomize-controller",)"
                           R"("severity":"error",)",
                           kMetadata, "}}"))}}},
      {"IncidentIoOfNothing",
       SettingsOf("incident.io"),
       bare,
       {{kHook, bearer,
         body("", R"("status":"resolved",)"
                  R"("metadata":{"reason":"","severity":"info"}})")}}},
      {"IncidentIoProgressingIsSkipped",
       SettingsOf("incident.io"),
       InfoOfReason("Progressing"),
       {}},
  };
}

const auto kCaseName = [](const auto& info) {
  return std::string(info.param.name);
};
INSTANTIATE_TEST_SUITE_P(Forward, IncidentTest,
                         testing::ValuesIn(ForwardCases()), kCaseName);
INSTANTIATE_TEST_SUITE_P(Opsgenie, IncidentTest,
                         testing::ValuesIn(OpsgenieCases()), kCaseName);
INSTANTIATE_TEST_SUITE_P(Alertmanager, IncidentTest,
                         testing::ValuesIn(AlertmanagerCases()), kCaseName);
INSTANTIATE_TEST_SUITE_P(Grafana, IncidentTest,
                         testing::ValuesIn(GrafanaCases()), kCaseName);
INSTANTIATE_TEST_SUITE_P(PagerDuty, IncidentTest,
                         testing::ValuesIn(PagerDutyCases()), kCaseName);
INSTANTIATE_TEST_SUITE_P(Datadog, IncidentTest,
                         testing::ValuesIn(DatadogCases()), kCaseName);
INSTANTIATE_TEST_SUITE_P(IncidentIo, IncidentTest,
                         testing::ValuesIn(IncidentIoCases()), kCaseName);

// Go's zero time, as an event without one has it there.
TEST(TimelessEventTest, HappenedInYearOne) {
  Event event = InfoEvent();
  event.timestamp = absl::InfinitePast();
  for (const auto& [type, want] :
       std::vector<std::pair<std::string, std::string>>{
           {"alertmanager", R"("startsAt":"0001-01-01T00:00:00Z")"},
           {"grafana", R"("when":-62135596800)"},
           {"datadog", R"("date_happened":-62135596800)"},
           {"pagerduty", R"("timestamp":"0001-01-01T00:00:00Z")"}}) {
    const auto requests = RequestsOf(SettingsOf(type), event);
    ASSERT_TRUE(requests.ok()) << requests.status();
    EXPECT_NE(requests->back().body.find(want), std::string::npos)
        << requests->back().body;
  }
}

}  // namespace
}  // namespace weir::notification_controller
