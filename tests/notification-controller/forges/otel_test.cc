#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "src/otlp_trace.pb.h"
#include "tests/notification-controller/forges/forge_rig.h"
#include "weir/crypto/digest.h"

namespace weir::notification_controller {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
namespace otlp = weir::notification::otlp;

std::vector<std::string> TextOf(
    const google::protobuf::RepeatedPtrField<otlp::KeyValue>& attributes) {
  std::vector<std::string> lines;
  for (const otlp::KeyValue& one : attributes) {
    lines.push_back(absl::StrCat(one.key(), "=", one.value().string_value()));
  }
  return lines;
}

class OtelTest : public testing::Test {
 protected:
  OtelTest() {
    rig.settings.address = "http://otel.example:4318/v1/traces";
    rig.settings.token = Secret();
    rig.settings.alert_name_space = "apps";
    rig.settings.alert_name = "alert";
    rig.settings.alert_uid = "uid-1";
  }
  otlp::ExportTraceServiceRequest Send() {
    rig.sender.Answer("POST", 200, "");
    const absl::Status status = rig.Notify();
    EXPECT_TRUE(status.ok()) << status;
    otlp::ExportTraceServiceRequest sent;
    EXPECT_TRUE(sent.ParseFromString(rig.sender.requests().back().body));
    EXPECT_EQ(sent.resource_spans_size(), 1);
    EXPECT_EQ(sent.resource_spans(0).scope_spans_size(), 1);
    EXPECT_EQ(sent.resource_spans(0).scope_spans(0).spans_size(), 1);
    return sent;
  }
  otlp::Span SendSpan() {
    return Send().resource_spans(0).scope_spans(0).spans(0);
  }

  ForgeRig rig{"otel"};
};

TEST_F(OtelTest, SendsASpanOfTheAlert) {
  const otlp::ExportTraceServiceRequest sent = Send();
  EXPECT_THAT(rig.Lines(),
              ElementsAre("POST http://otel.example:4318/v1/traces"));
  EXPECT_EQ(rig.Header(0, "Content-Type"), "application/x-protobuf");
  EXPECT_EQ(rig.Header(0, "Authorization"), "");
  const otlp::ResourceSpans& spans = sent.resource_spans(0);
  EXPECT_EQ(spans.schema_url(), "https://opentelemetry.io/schemas/1.34.0");
  EXPECT_THAT(TextOf(spans.resource().attributes()),
              ElementsAre("service.instance.id=uid-1",
                          "service.name=apps/alert", "service.namespace=apps"));
  EXPECT_EQ(spans.scope_spans(0).scope().name(),
            "flux:notification-controller");
  const otlp::Span& span = spans.scope_spans(0).spans(0);
  EXPECT_EQ(span.name(), "Kustomization: flux-system/app");
  EXPECT_EQ(span.kind(), otlp::Span::KIND_INTERNAL);
  EXPECT_EQ(span.span_id().size(), 8u);
  EXPECT_EQ(span.start_time_unix_nano(), 1577836800000000000u);
  EXPECT_EQ(span.end_time_unix_nano(), 1600000000000000000u);
  EXPECT_EQ(span.status().code(), otlp::Status::CODE_ERROR);
  EXPECT_EQ(span.status().message(), rig.event.message);
  EXPECT_THAT(TextOf(span.attributes()),
              ElementsAre("object.uid=11111111-2222-3333-4444-555555555555",
                          "object.kind=Kustomization", "object.name=app",
                          "object.namespace=flux-system",
                          absl::StrCat("revision=main@sha1:", kHash)));
}

// The official field numbers, as protoc --decode_raw shows them.
TEST_F(OtelTest, BytesHaveTheOfficialNumbers) {
  rig.event = SampleEvent();
  rig.event.metadata.clear();
  Send();
  const std::string& body = rig.sender.requests()[0].body;
  EXPECT_EQ(body[0], '\x0a');  // resource_spans = 1
  // kind = 6: 1; then start_time = 7, fixed64.
  EXPECT_THAT(body, HasSubstr(std::string("\x30\x01\x39", 3)));
  // status = 15 with code = 3: 1; then flags = 16, fixed32.
  EXPECT_THAT(body,
              HasSubstr(std::string("\x7a\x02\x18\x01\x85\x01\x01\x03", 8)));
}

TEST_F(OtelTest, InfoIsOk) {
  rig.event = SampleEvent();
  const otlp::Span span = SendSpan();
  EXPECT_EQ(span.status().code(), otlp::Status::CODE_OK);
  EXPECT_EQ(span.status().message(), "");
}

TEST_F(OtelTest, TraceIsOfAlertAndRevision) {
  const std::vector<std::pair<std::map<std::string, std::string>, std::string>>
      cases = {{{{"revision", "main@sha1:1"}}, "uid-1:main@sha1:1"},
               {{{"revision", "x"},
                 {"app-version", "1.0"},
                 {"oci-digest", "sha256:2"}},
                "uid-1:1.0@sha256:2"},
               {{{"app-version", "1.0"}}, "uid-1:unknown"}};
  for (const auto& [metadata, text] : cases) {
    rig.event.metadata = metadata;
    EXPECT_EQ(SendSpan().trace_id(), crypto::Sha256(text).substr(0, 16))
        << text;
  }
}

TEST_F(OtelTest, SkipsHelmRepositories) {
  rig.event.object.kind = "HelmRepository";
  EXPECT_TRUE(rig.Notify().ok());
  EXPECT_TRUE(rig.Lines().empty());
}

TEST_F(OtelTest, LogsIn) {
  rig.settings.token = Secret("tok");
  Send();
  EXPECT_EQ(rig.Header(0, "Authorization"), "Bearer tok");
  rig.settings.username = "user";
  Send();
  EXPECT_EQ(rig.Header(1, "Authorization"), "Basic dXNlcjp0b2s=");
  rig.settings.headers["Authorization"] = Secret("Own");
  rig.settings.headers["X-Scope"] = Secret("team");
  Send();
  EXPECT_EQ(rig.Header(2, "Authorization"), "Own");
  EXPECT_EQ(rig.Header(2, "X-Scope"), "team");
}

TEST_F(OtelTest, AddressWithoutAPathGetsTheUsualOne) {
  rig.settings.address = "https://otel.example";
  Send();
  EXPECT_EQ(rig.Lines()[0], "POST https://otel.example/v1/traces");
}

TEST_F(OtelTest, WantsAnAddress) {
  for (const char* address : {"", "otel.example:4318", "grpc://otel.example"}) {
    rig.settings.address = address;
    EXPECT_FALSE(rig.Check().ok()) << address;
  }
}

TEST_F(OtelTest, HasAtMostAHundredAttributesAndAFew) {
  for (int i = 0; i < 200; ++i) {
    rig.event.metadata[absl::StrCat("key", i)] = "value";
  }
  const otlp::Span span = SendSpan();
  EXPECT_EQ(span.attributes_size(), 128);
  EXPECT_EQ(span.dropped_attributes_count(), 4u + 201u - 128u);
}

TEST_F(OtelTest, StopsTokensOfTheAddressInErrors) {
  rig.settings.address = "https://otel.example/hidden/v1/traces";
  rig.sender.Answer("POST", 503, "");
  const std::string message(rig.Notify().message());
  EXPECT_EQ(message, "sending a span: 503 Service Unavailable");
}

}  // namespace
}  // namespace weir::notification_controller
