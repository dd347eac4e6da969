#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_split.h"
#include "tests/notification-controller/forges/forge_rig.h"
#include "weir/value/json.h"

namespace weir::notification_controller {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

struct Envelope {
  Value header;
  Value item_header;
  Value item;
};

class SentryTest : public testing::Test {
 protected:
  SentryTest() { rig.settings.address = "https://key@sentry.example/42"; }

  Envelope Send() {
    rig.sender.Answer("POST", 200, R"({"id":"1"})");
    const absl::Status status = rig.Notify();
    EXPECT_TRUE(status.ok()) << status;
    const std::vector<std::string> lines =
        absl::StrSplit(rig.sender.requests().back().body, '\n');
    EXPECT_EQ(lines.size(), 4u);
    EXPECT_EQ(lines.back(), "");
    Envelope envelope{ParseJson(lines[0]).value_or(Value()),
                      ParseJson(lines[1]).value_or(Value()),
                      ParseJson(lines[2]).value_or(Value())};
    EXPECT_EQ(envelope.item_header.GetInt("length"),
              static_cast<int64_t>(lines[2].size()));
    return envelope;
  }

  ForgeRig rig{"sentry"};
};

TEST_F(SentryTest, ErrorsAreEvents) {
  rig.settings.channel = "staging";
  Envelope sent = Send();
  EXPECT_THAT(rig.Lines(),
              ElementsAre("POST https://sentry.example/api/42/envelope/"));
  EXPECT_EQ(rig.Header(0, "Content-Type"), "application/x-sentry-envelope");
  EXPECT_EQ(rig.Header(0, "X-Sentry-Auth"),
            "Sentry sentry_version=7, sentry_client=weir/0.1.0, "
            "sentry_key=key");
  EXPECT_EQ(sent.header.GetString("dsn"), "https://key@sentry.example/42");
  EXPECT_EQ(sent.header.GetString("sent_at"), "2020-09-13T12:26:40Z");
  EXPECT_EQ(sent.item_header.GetString("type"), "event");
  EXPECT_EQ(sent.item.GetString("event_id").size(), 32u);
  EXPECT_EQ(sent.item["event_id"], sent.header["event_id"]);
  sent.item.Erase("event_id");
  EXPECT_EQ(FormatJson(sent.item),
            R"({"contexts":{"metadata":{"revision":"main@sha1:)" +
                std::string(kHash) +
                R"("}},"environment":"staging","level":"error",)"
                R"("message":"failed <&> \"quoted\"","platform":"other",)"
                R"("sdk":{"name":"weir","version":"0.1.0"},)"
                R"("server_name":"kustomize-controller",)"
                R"("timestamp":"2020-01-01T00:00:00Z",)"
                R"("transaction":"Kustomization: flux-system/app"})");
}

TEST_F(SentryTest, InfosAreTransactions) {
  rig.event = SampleEvent();
  const Envelope sent = Send();
  EXPECT_EQ(sent.item_header.GetString("type"), "transaction");
  EXPECT_EQ(sent.item.GetString("type"), "transaction");
  EXPECT_EQ(sent.item.GetString("environment"), "production");
  EXPECT_EQ(sent.item.GetString("transaction"),
            "Kustomization: flux-system/app");
  EXPECT_EQ(sent.item.GetString("start_timestamp"), "2020-01-01T00:00:00Z");
  EXPECT_EQ(FormatJson(sent.item["tags"]),
            R"({"flux_involved_object_kind":"Kustomization",)"
            R"("flux_involved_object_name":"app",)"
            R"("flux_involved_object_namespace":"flux-system",)"
            R"("flux_reason":"ReconciliationSucceeded",)"
            R"("flux_reporting_controller":"kustomize-controller",)"
            R"("flux_reporting_instance":"kustomize-controller-0",)"
            R"("revision":"main@sha1:)" +
                std::string(kHash) + R"("})");
  const Value& trace = sent.item["contexts"]["trace"];
  EXPECT_EQ(trace.GetString("trace_id").size(), 32u);
  EXPECT_EQ(trace.GetString("span_id").size(), 16u);
  const Value& span = sent.item["spans"][size_t{0}];
  EXPECT_EQ(span["trace_id"], trace["trace_id"]);
  EXPECT_EQ(span.GetString("op"), "event");
}

TEST_F(SentryTest, KeepsPortPathAndSecret) {
  rig.settings.address = "http://key:old@sentry.example:9000/a/b/7";
  Send();
  EXPECT_EQ(rig.Lines()[0],
            "POST http://sentry.example:9000/a/b/api/7/envelope/");
  EXPECT_THAT(rig.Header(0, "X-Sentry-Auth"),
              HasSubstr("sentry_key=key, sentry_secret=old"));
}

struct DsnCase {
  const char* dsn;
  const char* error;
};

TEST_F(SentryTest, SaysWhatIsWrongWithTheDsn) {
  for (const DsnCase& one :
       {DsnCase{"", "DSN cannot be empty"},
        DsnCase{"ftp://key@h/1", "[Sentry] DsnParseError: invalid scheme"},
        DsnCase{"https://sentry.example/1",
                "[Sentry] DsnParseError: empty username"},
        DsnCase{"https://key@/1", "[Sentry] DsnParseError: empty host"},
        DsnCase{"https://key@h/", "[Sentry] DsnParseError: empty project id"},
        DsnCase{"https://key@h", "[Sentry] DsnParseError: empty project id"},
        DsnCase{"https://key@h:port/1",
                "[Sentry] DsnParseError: invalid url"}}) {
    rig.settings.address = one.dsn;
    EXPECT_EQ(rig.Check().message(), one.error) << one.dsn;
  }
}

TEST_F(SentryTest, StopsHeaderInjectionByKeys) {
  for (const char* dsn :
       {"https://k%0d%0aX-Other:1@h/1", "https://k:s%2csentry_key=x@h/1",
        "https://k%20x@h/1"}) {
    rig.settings.address = dsn;
    EXPECT_EQ(rig.Check().message(), "[Sentry] DsnParseError: invalid username")
        << dsn;
  }
}

TEST_F(SentryTest, StopsTraversalByProjects) {
  for (const char* dsn : {"https://k@h/a/..", "https://k@h/../1"}) {
    rig.settings.address = dsn;
    EXPECT_FALSE(rig.Check().ok()) << dsn;
  }
}

TEST_F(SentryTest, RefusalsAreSaidWithoutKeys) {
  rig.settings.address = "https://public:hidden@sentry.example/42";
  rig.sender.Answer("POST", 403, "");
  const std::string message(rig.Notify().message());
  EXPECT_THAT(message, HasSubstr("403 Forbidden"));
  EXPECT_THAT(message, Not(HasSubstr("hidden")));
}

}  // namespace
}  // namespace weir::notification_controller
