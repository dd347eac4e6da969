// Events over gRPC: given, and followed. And tokens, which end with the
// Provider that they are for.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "tests/notification-controller/forges/test_keys.h"
#include "tests/notification-controller/harness.h"
#include "tests/support/grpc_call.h"
#include "weir/event/v1/event_service.pb.h"

namespace weir::notification_controller {
namespace {

using testing::HasSubstr;

class GrpcTest : public testing::Test {
 protected:
  GrpcTest() {
    harness_.options().grpc_address = "127.0.0.1:0";
    harness_.Start();
  }

  absl::Status Emit(const std::string& message) {
    event::v1::EmitRequest request;
    event::v1::Event& event = *request.mutable_event();
    event.mutable_involved_object()->set_kind("Kustomization");
    event.mutable_involved_object()->set_namespace_("flux-system");
    event.mutable_involved_object()->set_name("app");
    event.mutable_involved_object()->set_api_version(
        "kustomize.toolkit.fluxcd.io/v1");
    event.set_severity(event::v1::SEVERITY_ERROR);
    event.set_reason("BuildFailed");
    event.set_message(message);
    event.set_reporting_controller("kustomize-controller");
    test::GrpcCall call(harness_.grpc_address(),
                        "/weir.event.v1.EventService/Emit",
                        request.SerializeAsString());
    while (call.Read().has_value()) {
    }
    return call.Finish();
  }
  std::unique_ptr<test::GrpcCall> Watch(uint64_t after) {
    event::v1::WatchRequest request;
    request.set_after_sequence(after);
    return std::make_unique<test::GrpcCall>(harness_.grpc_address(),
                                            "/weir.event.v1.EventService/Watch",
                                            request.SerializeAsString());
  }
  static event::v1::WatchResponse Read(test::GrpcCall& call) {
    event::v1::WatchResponse response;
    const auto bytes = call.Read();
    EXPECT_TRUE(bytes.has_value());
    EXPECT_TRUE(response.ParseFromString(bytes.value_or("")));
    return response;
  }

  NotificationHarness harness_;
};

TEST_F(GrpcTest, WhatIsEmittedIsDeliveredOnce) {
  RecordingServer sink;
  harness_.ApplyProvider("p", absl::StrCat("address: '", sink.url(), "'"));
  harness_.ApplyAlert("alert", "eventSeverity: error");
  harness_.Settle();
  EXPECT_TRUE(Emit("broken").ok());
  EXPECT_THAT(sink.WaitFor("broken")[0].body,
              HasSubstr(R"("severity":"error")"));
  EXPECT_EQ(Emit("broken").code(), absl::StatusCode::kResourceExhausted);
}

TEST_F(GrpcTest, WhoFollowsSeesBothWaysInAndResumes) {
  EXPECT_TRUE(Emit("one").ok());
  Event posted = harness_.MakeEvent("two");
  harness_.Post(posted);
  EXPECT_EQ(harness_.PostRaw(ToJson(posted)).code, 429);
  const auto call = Watch(1);  // After the harness's own.
  EXPECT_EQ(Read(*call).event().message(), "one");
  const event::v1::WatchResponse second = Read(*call);
  EXPECT_EQ(second.event().message(), "two");
  EXPECT_EQ(second.event().severity(), event::v1::SEVERITY_INFO);
  EXPECT_EQ(second.event().timestamp(), "2020-01-01T00:00:00Z");
  EXPECT_TRUE(Emit("three").ok());
  EXPECT_EQ(Read(*call).event().message(), "three");
  EXPECT_EQ(Read(*Watch(second.sequence())).event().message(), "three");
}

TEST(TokensTest, GoWithTheirProvider) {
  RecordingServer forge([](const http::ServerRequest& request) {
    const bool is_token =
        request.path.find("access_tokens") != std::string::npos;
    return RecordingServer::Always(
        is_token ? 201 : 204,
        R"({"token":"s3cret-app","expires_at":"2099-01-01T00:00:00Z"})")(
        request);
  });
  NotificationHarness harness;
  harness.Start();
  harness.ApplySecret("s", {{"githubAppID", "42"},
                            {"githubAppInstallationID", "99"},
                            {"githubAppPrivateKey", Pkcs1Pem()},
                            {"githubAppBaseURL", forge.url()}});
  harness.ApplyProvider(
      "p", absl::StrCat("type: githubdispatch, address: '", forge.url(),
                        "/org/repo', secretRef: {name: s}"));
  harness.ApplyAlert("alert");
  harness.Settle();
  harness.Post(harness.MakeEvent("one"));
  harness.Post(harness.MakeEvent("two"));
  forge.WaitFor("event_type", 2);
  size_t exchanges = 0;
  for (const http::ServerRequest& request : forge.requests()) {
    if (request.path.find("access_tokens") != std::string::npos) ++exchanges;
  }
  EXPECT_EQ(exchanges, 1u);
  EXPECT_THAT(harness.Metrics(), HasSubstr("\ngotk_token_cached_items 1\n"));
  harness.Delete(harness.ProviderRef());
  harness.WaitFor(harness.ProviderRef(),
                  [](const Value& provider) { return provider.is_null(); });
  EXPECT_THAT(harness.Metrics(), HasSubstr("\ngotk_token_cached_items 0\n"));
}

}  // namespace
}  // namespace weir::notification_controller
