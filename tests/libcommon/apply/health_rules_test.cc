#include "weir/apply/health_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "weir/kube/types.h"
#include "weir/value/yaml.h"

namespace weir::apply {
namespace {

using enum HealthStatus;
using testing::StartsWith;

struct RuleCase {
  const char* name;
  const char* object;  // YAML.
  HealthStatus want;
};

class HealthRuleTest : public testing::TestWithParam<RuleCase> {};

TEST_P(HealthRuleTest, LooksAtProgressThenFailureThenSuccess) {
  const auto rule = HealthRule::Compile(
      {"x.example.com/v1", "X", "status.phase in ['Done', 'Both', 'All']",
       "status.phase in ['Busy', 'All']", "status.phase in ['Bad', 'Both']"});
  ASSERT_TRUE(rule.ok()) << rule.status();
  const absl::StatusOr<Value> object = ParseYaml(GetParam().object);
  ASSERT_TRUE(object.ok()) << object.status();
  const Health health = (*rule)->Judge(*object);
  EXPECT_STREQ(HealthStatusName(health.status),
               HealthStatusName(GetParam().want))
      << health.message;
}

INSTANTIATE_TEST_SUITE_P(
    Table, HealthRuleTest,
    testing::Values(
        RuleCase{"NoStatus", "{metadata: {}}", kUnknown},
        RuleCase{"NoPhase", "{status: {}}", kUnknown},
        RuleCase{"Current", "{status: {phase: Done}}", kCurrent},
        RuleCase{"InProgress", "{status: {phase: Busy}}", kInProgress},
        RuleCase{"Failed", "{status: {phase: Bad}}", kFailed},
        RuleCase{"FailureGoesBeforeSuccess", "{status: {phase: Both}}",
                 kFailed},
        RuleCase{"ProgressGoesBeforeAll", "{status: {phase: All}}",
                 kInProgress},
        RuleCase{"NothingIsTrue", "{status: {phase: Other}}", kInProgress},
        RuleCase{"ReadyConditionsDoNotCount",
                 "{status: {phase: Other, conditions: [{type: Ready, status: "
                 "'True'}]}}",
                 kInProgress},
        RuleCase{"AnOldGeneration",
                 "{metadata: {generation: 2}, status: {observedGeneration: 1, "
                 "phase: Done}}",
                 kInProgress},
        RuleCase{"TheGeneration",
                 "{metadata: {generation: 2}, status: {observedGeneration: 2, "
                 "phase: Done}}",
                 kCurrent},
        RuleCase{"AGenerationThatIsNoNumber",
                 "{metadata: {generation: 2}, status: {observedGeneration: "
                 "'2', phase: Done}}",
                 kUnknown}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(HealthRulesTest, AKindGoesBeforeItsGroup) {
  const auto rules =
      HealthRules::Compile({{"x.example.com/v1", "", "false", "", ""},
                            {"x.example.com/v2", "X", "true", "", ""},
                            {"batch/v1", "", "true", "", ""}});
  ASSERT_TRUE(rules.ok()) << rules.status();
  const Value object = Value::MakeObject();
  const auto status = [&](const std::string& group, const std::string& kind) {
    const auto rule = rules->Find({group, "v3", kind});
    return rule == nullptr ? kNotFound : rule->Judge(object).status;
  };
  EXPECT_EQ(status("x.example.com", "X"), kCurrent);
  EXPECT_EQ(status("x.example.com", "Y"), kInProgress);
  EXPECT_EQ(status("y.example.com", "X"), kNotFound);
  EXPECT_EQ(status("batch", "Job"), kNotFound) << "Jobs have a reader";
  EXPECT_EQ(status("batch", "CronJob"), kCurrent);
}

std::string FailureOf(const std::vector<CustomHealthCheck>& checks) {
  return std::string(HealthRules::Compile(checks).status().message());
}

TEST(HealthRulesTest, ErrorsNameTheCheck) {
  EXPECT_EQ(FailureOf({{"v1", "ConfigMap", "", "", ""}}),
            "failed to create custom status evaluator for healthchecks[0]: "
            "expression Current not specified");
  EXPECT_THAT(
      FailureOf({{"v1", "A", "true", "", ""}, {"v1", "B", "true", "", "a =="}}),
      StartsWith("failed to create custom status evaluator for "
                 "healthchecks[1]: failed to parse the expression "
                 "Failed: failed to parse the CEL expression 'a ==': "
                 "ERROR: <input>:1:5: Syntax error: mismatched input "
                 "'<EOF>' expecting {"));
  EXPECT_EQ(FailureOf({{"x.example.com/v1", "X", "true", "", ""},
                       {"x.example.com/v2", "X", "true", "", ""}}),
            "duplicate custom health check for GroupKind X.x.example.com at "
            "healthchecks[1]");
}

}  // namespace
}  // namespace weir::apply
