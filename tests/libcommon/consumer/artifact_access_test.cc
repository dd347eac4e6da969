#include "weir/consumer/artifact_access.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::consumer {
namespace {

using ::testing::HasSubstr;

TEST(ArtifactAccessTest, TakesItsFlags) {
  ArtifactAccess access;
  reconcile::FlagSet flags("helm-controller", "Keeps releases.");
  AddArtifactFlags(flags, &access);
  const char* words[] = {"program",
                         "--source-grpc-addr=source:9091",
                         "--source-grpc-tls-ca=ca.pem",
                         "--source-grpc-tls-cert=tls.pem",
                         "--source-grpc-tls-key=key.pem",
                         "--http-retry=2"};
  ASSERT_TRUE(flags.Parse(6, words).ok());
  EXPECT_EQ(access.source_grpc_addr, "source:9091");
  EXPECT_EQ(access.source_grpc_tls_ca_file, "ca.pem");
  EXPECT_EQ(access.source_grpc_tls_certificate_file, "tls.pem");
  EXPECT_EQ(access.source_grpc_tls_key_file, "key.pem");
  EXPECT_EQ(access.http_retry, 2);
}

TEST(ArtifactAccessTest, WorksWithoutAService) {
  EXPECT_TRUE(MakeFetcher(ArtifactAccess()).ok());
}

TEST(ArtifactAccessTest, SaysWhichTlsFileIsMissing) {
  ArtifactAccess access;
  access.source_grpc_addr = "source:9091";
  access.source_grpc_tls_ca_file = "/nowhere/ca.pem";
  const auto fetcher = MakeFetcher(access);
  ASSERT_FALSE(fetcher.ok());
  EXPECT_THAT(fetcher.status().message(), HasSubstr("/nowhere/ca.pem"));
}

}  // namespace
}  // namespace weir::consumer
