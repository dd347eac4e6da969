// What every gRPC server of ours offers. Its use is tested with the services,
// in tests/libcommon/artifact and tests/libcommon/reconcile.
#include "weir/rpc/server.h"

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "tests/support/grpc_call.h"
#include "weir/rpc/channel.h"

namespace weir::rpc {
namespace {

class ServerTest : public testing::Test {
 protected:
  void SetUp() override {
    ServerOptions options;
    options.address = "127.0.0.1:0";
    auto server = Server::Start(options, {});
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    address_ = absl::StrCat("127.0.0.1:", server_->port());
  }

  std::unique_ptr<Server> server_;
  std::string address_;
};

TEST_F(ServerTest, TellsItsHealth) {
  test::GrpcCall call(address_, "/grpc.health.v1.Health/Check", "");
  // HealthCheckResponse{status: SERVING}
  EXPECT_EQ(call.Read(), "\x08\x01");
  EXPECT_FALSE(call.Read().has_value());
  EXPECT_TRUE(call.Finish().ok());
}

TEST_F(ServerTest, TellsItsServices) {
  // ServerReflectionRequest{list_services: "*"}
  test::GrpcCall call(
      address_,
      "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
      "\x3a\x01*");
  const auto answer = call.Read();
  ASSERT_TRUE(answer.has_value()) << call.Finish();
  EXPECT_TRUE(absl::StrContains(*answer, "grpc.reflection.v1alpha"));
}

TEST_F(ServerTest, StopsMoreThanOnce) {
  server_->Stop(absl::Seconds(1));
  server_->Stop(absl::Seconds(1));
  test::GrpcCall call(address_, "/grpc.health.v1.Health/Check", "");
  EXPECT_FALSE(call.Read().has_value());
  EXPECT_TRUE(absl::IsUnavailable(call.Finish()));
}

TEST(ServerStartTest, NeedsAPort) {
  for (const char* address : {"", "localhost"}) {
    ServerOptions options;
    options.address = address;
    EXPECT_TRUE(absl::IsInvalidArgument(Server::Start(options, {}).status()));
  }
}

TEST(OpenChannelTest, NeedsAnAddress) {
  EXPECT_TRUE(absl::IsInvalidArgument(OpenChannel("").status()));
  EXPECT_TRUE(OpenChannel("127.0.0.1:1").ok());
}

}  // namespace
}  // namespace weir::rpc
