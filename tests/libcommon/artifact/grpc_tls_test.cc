// TLS and mutual TLS of gRPC servers and clients.
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "tests/libcommon/artifact/fixture.h"
#include "tests/support/certificates.h"
#include "weir/artifact/grpc.h"

namespace weir::artifact {
namespace {

class GrpcTlsTest : public testing::Test {
 protected:
  void SetUp() override {
    Write("ca", authority_.pem());
    Write("server", authority_.SignServer());
    Write("client", authority_.Sign({.common_name = "consumer"}));
    test::Authority stranger("stranger");
    Write("other-ca", stranger.pem());
    Write("other", stranger.Sign({.common_name = "stranger"}));
  }

  std::string Path(absl::string_view name) const {
    return absl::StrCat(fixture_.root(), "/", name);
  }
  void Write(absl::string_view name, const std::string& text) {
    ASSERT_TRUE(WriteFileAtomically(Path(name), text).ok());
  }
  void Write(const std::string& name, const test::KeyPair& pair) {
    Write(name + ".crt", pair.certificate_pem);
    Write(name + ".key", pair.key_pem);
  }

  void Serve(const rpc::TlsOptions& tls) {
    ArtifactGrpcServerOptions options;
    options.address = "127.0.0.1:0";
    options.artifacts = fixture_.registry;
    options.tls = tls;
    auto server = StartArtifactGrpcServer(options);
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }
  absl::Status Call(const rpc::TlsOptions& tls) {
    const auto client = MakeArtifactGrpcClient(
        absl::StrCat("127.0.0.1:", server_->port()), tls);
    if (!client.ok()) return client.status();
    return (*client)
        ->List(Context().WithTimeout(absl::Seconds(10)), {})
        .status();
  }

  test::Authority authority_;
  StorageFixture fixture_;
  std::unique_ptr<rpc::Server> server_;
};

TEST_F(GrpcTlsTest, ClientsCheckTheServer) {
  Serve(
      {.certificate_file = Path("server.crt"), .key_file = Path("server.key")});
  const absl::Status good = Call({.ca_file = Path("ca")});
  EXPECT_TRUE(good.ok()) << good;
  EXPECT_TRUE(absl::IsUnavailable(Call({.ca_file = Path("other-ca")})));
  EXPECT_TRUE(absl::IsUnavailable(Call({})));  // Plain text.
  EXPECT_TRUE(absl::IsUnavailable(
      Call({.ca_file = Path("ca"), .server_name = "elsewhere.example"})));
}

TEST_F(GrpcTlsTest, ServersCheckTheClient) {
  Serve({.certificate_file = Path("server.crt"),
         .key_file = Path("server.key"),
         .ca_file = Path("ca")});
  const absl::Status good = Call({.certificate_file = Path("client.crt"),
                                  .key_file = Path("client.key"),
                                  .ca_file = Path("ca")});
  EXPECT_TRUE(good.ok()) << good;
  EXPECT_TRUE(absl::IsUnavailable(Call({.ca_file = Path("ca")})));
  EXPECT_TRUE(absl::IsUnavailable(Call({.certificate_file = Path("other.crt"),
                                        .key_file = Path("other.key"),
                                        .ca_file = Path("ca")})));
}

TEST_F(GrpcTlsTest, BadFilesAreNamed) {
  Write("no-pem", "hello");
  Serve({});
  for (const rpc::TlsOptions& tls :
       {rpc::TlsOptions{.ca_file = Path("none")},
        rpc::TlsOptions{.ca_file = Path("no-pem")},
        rpc::TlsOptions{.certificate_file = Path("client.crt")},
        rpc::TlsOptions{.key_file = Path("client.key")}}) {
    EXPECT_TRUE(absl::IsInvalidArgument(Call(tls)));
  }
  ArtifactGrpcServerOptions options;
  options.address = "127.0.0.1:0";
  options.artifacts = fixture_.registry;
  options.tls.ca_file = Path("ca");  // Without a certificate of its own.
  EXPECT_TRUE(
      absl::IsInvalidArgument(StartArtifactGrpcServer(options).status()));
}

}  // namespace
}  // namespace weir::artifact
