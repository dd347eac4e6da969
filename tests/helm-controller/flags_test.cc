#include <gtest/gtest.h>

#include "weir/helm_controller/controller.h"

namespace weir::helm_controller {
namespace {

TEST(FlagsTest, AreReadIntoTheOptions) {
  Options options;
  reconcile::FlagSet flags("helm-controller", "");
  AddFlags(flags, &options);
  const char* words[] = {"program", "--source-grpc-addr=source:9091",
                         "--source-grpc-tls-ca=ca.pem", "--http-retry=1",
                         "--no-cross-namespace-refs"};
  const absl::Status status = flags.Parse(5, words);
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(options.source_grpc_addr, "source:9091");
  EXPECT_EQ(options.source_grpc_tls_ca_file, "ca.pem");
  EXPECT_EQ(options.http_retry, 1);
  EXPECT_TRUE(options.no_cross_namespace_refs);
}

}  // namespace
}  // namespace weir::helm_controller
