#include "cluster.h"

#include "weir/value/yaml.h"

namespace weir::cli {
namespace {

using enum absl::StatusCode;

struct ReconciledCase {
  const char* name;
  const char* object;
  absl::StatusCode code;
  bool is_done;
};

class IsReconciledTest : public testing::TestWithParam<ReconciledCase> {};

TEST_P(IsReconciledTest, Decides) {
  const absl::StatusOr<bool> got = IsReconciled(*ParseYaml(GetParam().object));
  EXPECT_EQ(got.status().code(), GetParam().code) << got.status();
  if (got.ok()) {
    EXPECT_EQ(*got, GetParam().is_done);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Table, IsReconciledTest,
    testing::Values(ReconciledCase{"New", "metadata: {generation: 1}", kOk,
                                   false},
                    ReconciledCase{"Static", R"(
kind: HelmRepository
metadata: {generation: 1}
spec: {type: oci}
)",
                                   kOk, true},
                    ReconciledCase{"Ready", R"(
metadata: {generation: 2}
status:
  observedGeneration: 2
  conditions: [{type: Ready, status: "True", observedGeneration: 2}]
)",
                                   kOk, true},
                    ReconciledCase{"ReadyForAnOlderGeneration", R"(
metadata: {generation: 3}
status:
  observedGeneration: 2
  conditions: [{type: Ready, status: "True", observedGeneration: 2}]
)",
                                   kOk, false},
                    ReconciledCase{"UnderWay", R"(
metadata: {generation: 1}
status:
  observedGeneration: 1
  conditions:
  - {type: Reconciling, status: "True", reason: Progressing}
  - {type: Ready, status: "Unknown"}
)",
                                   kOk, false},
                    ReconciledCase{"FailedAndWillRetry", R"(
metadata: {generation: 1}
status:
  observedGeneration: -1
  conditions:
  - {type: Reconciling, status: "True", reason: ProgressingWithRetry}
  - {type: Ready, status: "False", message: broken, observedGeneration: 1}
)",
                                   kFailedPrecondition, false},
                    ReconciledCase{"Stalled", R"(
metadata: {generation: 1}
status:
  observedGeneration: 1
  conditions:
  - {type: Stalled, status: "True", message: no, observedGeneration: 1}
  - {type: Ready, status: "False", message: no, observedGeneration: 1}
)",
                                   kFailedPrecondition, false},
                    ReconciledCase{"FailedForAnOlderGeneration", R"(
metadata: {generation: 2}
status:
  observedGeneration: -1
  conditions:
  - {type: Reconciling, status: "True", reason: ProgressingWithRetry}
  - {type: Ready, status: "False", message: old, observedGeneration: 1}
)",
                                   kOk, false}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(TimeoutOfTest, ReadsGoDurations) {
  Globals globals;
  EXPECT_EQ(*TimeoutOf(globals), absl::Minutes(5));
  globals.timeout = "0s";
  EXPECT_EQ(TimeoutOf(globals).status().code(), kInvalidArgument);
  globals.timeout = "soon";
  EXPECT_EQ(TimeoutOf(globals).status().code(), kInvalidArgument);
}

}  // namespace
}  // namespace weir::cli
