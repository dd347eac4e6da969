#include "weir/reconcile/controller.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/libcommon/reconcile/fixtures.h"
#include "weir/reconcile/outcome.h"
#include "weir/value/json.h"

namespace weir::reconcile {
namespace {

using enum absl::StatusCode;

struct ChangeCase {
  const char* name;
  kube::ChangeType type;
  const char* before;  // Metadata.
  const char* after;
  bool want;
};

class IsRelevantChangeTest : public ::testing::TestWithParam<ChangeCase> {};

TEST_P(IsRelevantChangeTest, DecidesByMetadata) {
  const auto object = [](const char* metadata) {
    return Value::MakeObject({{"metadata", *ParseJson(metadata)}});
  };
  const kube::Change change{GetParam().type, object(GetParam().before),
                            object(GetParam().after)};
  EXPECT_EQ(IsRelevantChange(change), GetParam().want);
}

constexpr auto kModified = kube::ChangeType::kModified;
INSTANTIATE_TEST_SUITE_P(
    Table, IsRelevantChangeTest,
    ::testing::Values(
        ChangeCase{"Created", kube::ChangeType::kAdded, "{}", "{}", true},
        ChangeCase{"Deleted", kube::ChangeType::kDeleted, "{}", "{}", true},
        ChangeCase{"Status", kModified, R"({"generation": 1})",
                   R"({"generation": 1, "resourceVersion": "2"})", false},
        ChangeCase{"Generation", kModified, R"({"generation": 1})",
                   R"({"generation": 2})", true},
        ChangeCase{"DeletionBegan", kModified, "{}",
                   R"({"deletionTimestamp": "2026-01-01T00:00:00Z"})", true},
        ChangeCase{"MadeAnew", kModified, R"({"uid": "a"})", R"({"uid": "b"})",
                   true},
        ChangeCase{"Requested", kModified, "{}",
                   R"({"annotations": {"reconcile.fluxcd.io/requestedAt":
                       "1"}})",
                   true},
        ChangeCase{"RequestedAgain", kModified,
                   R"({"annotations": {"reconcile.fluxcd.io/requestedAt":
                       "1"}})",
                   R"({"annotations": {"reconcile.fluxcd.io/requestedAt":
                       "2"}})",
                   true},
        ChangeCase{"RequestRemoved", kModified,
                   R"({"annotations": {"reconcile.fluxcd.io/requestedAt":
                       "1"}})",
                   "{}", false},
        ChangeCase{"OtherAnnotation", kModified, "{}",
                   R"({"annotations": {"a": "b"}})", false}),
    [](const auto& info) { return std::string(info.param.name); });

struct CodeCase {
  absl::StatusCode code;
  Outcome::Kind want;
  absl::Duration delay;
};

TEST(OutcomeForTest, FollowsTheRetryContract) {
  const RetryIntervals intervals{absl::Minutes(1), absl::Seconds(30)};
  const CodeCase cases[] = {
      {kOk, Outcome::Kind::kDone, absl::ZeroDuration()},
      {kCancelled, Outcome::Kind::kDone, absl::ZeroDuration()},
      {kInvalidArgument, Outcome::Kind::kTerminal, absl::ZeroDuration()},
      {kFailedPrecondition, Outcome::Kind::kRequeueAfter, absl::Minutes(1)},
      {kNotFound, Outcome::Kind::kRequeueAfter, absl::Seconds(30)},
      {kUnavailable, Outcome::Kind::kRetry, absl::ZeroDuration()},
      {kPermissionDenied, Outcome::Kind::kRetry, absl::ZeroDuration()},
      {kInternal, Outcome::Kind::kRetry, absl::ZeroDuration()},
  };
  for (const CodeCase& each : cases) {
    const Outcome outcome =
        OutcomeFor(absl::Status(each.code, "why"), intervals);
    EXPECT_EQ(outcome.kind(), each.want) << static_cast<int>(each.code);
    EXPECT_EQ(outcome.delay(), each.delay) << static_cast<int>(each.code);
  }
}

}  // namespace
}  // namespace weir::reconcile
