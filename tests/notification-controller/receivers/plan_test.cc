#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "src/receivers/receiver_plan.h"
#include "src/receivers/webhook_handler.h"
#include "weir/value/yaml.h"

namespace weir::notification_controller {
namespace {

using testing::HasSubstr;

std::shared_ptr<const ReceiverPlan> Plan(const std::string& spec,
                                         PlanRules rules = {}) {
  Value object =
      Value::MakeObject({{"metadata", Value::MakeObject({{"name", "hook"},
                                                         {"namespace", "apps"},
                                                         {"uid", "u"},
                                                         {"generation", 1}})}});
  const auto parsed = ParseYaml(spec);
  EXPECT_TRUE(parsed.ok()) << parsed.status();
  object.Set("spec", parsed.value_or(Value()));
  return MakePlan(object, rules);
}

struct ProblemCase {
  const char* name;
  const char* spec;
  const char* reason;
  const char* message;
};

class PlanProblemTest : public testing::TestWithParam<ProblemCase> {};

TEST_P(PlanProblemTest, IsTold) {
  const auto plan = Plan(GetParam().spec);
  ASSERT_TRUE(plan->problem.has_value());
  EXPECT_STREQ(plan->problem->reason, GetParam().reason);
  EXPECT_THAT(plan->problem->message, HasSubstr(GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(
    Table, PlanProblemTest,
    testing::Values(
        ProblemCase{"FilterDoesNotParse",
                    "{type: generic, secretRef: {name: s}, resources: [], "
                    "resourceFilter: 'res.metadata.name =='}",
                    kInvalidCelExpression,
                    "invalid resourceFilter expression: failed to parse the "
                    "CEL expression 'res.metadata.name ==': ERROR: <input>"},
        ProblemCase{"FilterIsNoBoolean",
                    "{type: generic, secretRef: {name: s}, resources: [], "
                    "resourceFilter: '1'}",
                    kInvalidCelExpression, "invalid resourceFilter expression"},
        ProblemCase{"ClaimsOfAnotherType",
                    "{type: generic, secretRef: {name: s}, resources: [], "
                    "resourceFilter: 'claims.sub == \"x\"'}",
                    kInvalidCelExpression, "claims"},
        ProblemCase{"FilterOfAResource",
                    "{type: generic, secretRef: {name: s}, resources: [{kind: "
                    "Bucket, name: a}, {kind: Bucket, name: b, filter: '1'}]}",
                    kInvalidCelExpression,
                    "invalid filter expression for resources[1] "
                    "(kind=\"Bucket\", name=\"b\"): "},
        ProblemCase{"NoSecret", "{type: generic, resources: []}",
                    kValidationFailed,
                    "secretRef is required when type is not generic-oidc"},
        ProblemCase{"SecretOfOidc",
                    "{type: generic-oidc, secretRef: {name: s}, resources: [],"
                    " oidcProviders: [{issuerURL: 'https://a', validations: "
                    "[{expression: 'true', message: m}]}]}",
                    kValidationFailed,
                    "secretRef cannot be set when type is generic-oidc"},
        ProblemCase{"NoProvider", "{type: generic-oidc, resources: []}",
                    kValidationFailed,
                    "generic-oidc receiver requires at least one oidcProvider"},
        ProblemCase{"ProviderOfAnotherType",
                    "{type: generic, secretRef: {name: s}, resources: [], "
                    "oidcProviders: [{issuerURL: 'https://a'}]}",
                    kValidationFailed,
                    "oidcProviders can only be set when type is generic-oidc"},
        ProblemCase{"NoValidation",
                    "{type: generic-oidc, resources: [], oidcProviders: "
                    "[{issuerURL: 'https://a'}]}",
                    kValidationFailed,
                    "oidcProviders[0] (issuerURL=\"https://a\"): at least one "
                    "validation is required"},
        ProblemCase{"NotOverHttp",
                    "{type: generic-oidc, resources: [], oidcProviders: "
                    "[{issuerURL: 'file:///keys'}]}",
                    kValidationFailed, "must start with http:// or https://"},
        ProblemCase{"TwiceTheSame",
                    "{type: generic-oidc, resources: [], oidcProviders: "
                    "[{issuerURL: 'https://a', validations: [{expression: "
                    "'true', message: m}]}, {issuerURL: 'https://a'}]}",
                    kValidationFailed,
                    "oidcProviders[1]: duplicate issuerURL \"https://a\""},
        ProblemCase{"ValidationIsNoBoolean",
                    "{type: generic-oidc, resources: [], oidcProviders: "
                    "[{issuerURL: 'https://a', validations: [{expression: "
                    "'1', message: m}]}]}",
                    kInvalidCelExpression,
                    "oidcProviders[0] (issuerURL=\"https://a\"): invalid "
                    "expression for validation \"m\": "},
        ProblemCase{"VariableDoesNotParse",
                    "{type: generic-oidc, resources: [], oidcProviders: "
                    "[{issuerURL: 'https://a', variables: [{name: v, "
                    "expression: '('}], validations: [{expression: 'true', "
                    "message: m}]}]}",
                    kInvalidCelExpression,
                    "invalid expression for variable \"v\": "}),
    [](const auto& tested) { return std::string(tested.param.name); });

TEST(MakePlanTest, KnowsTheVersionsOfSources) {
  const auto plan = Plan(
      "{type: generic, secretRef: {name: s}, interval: 5m, resources: [{kind: "
      "GitRepository, name: a}, {kind: Kustomization, name: a}, {kind: "
      "Kustomization, name: a, namespace: other, apiVersion: "
      "kustomize.toolkit.fluxcd.io/v1}, {kind: ImageRepository, name: a}]}");
  ASSERT_FALSE(plan->problem.has_value()) << plan->problem->message;
  ASSERT_EQ(plan->targets.size(), 4u);
  EXPECT_EQ(plan->targets[0].gvk.ApiVersion(), "source.toolkit.fluxcd.io/v1");
  EXPECT_EQ(plan->targets[0].key.name_space, "apps");
  EXPECT_EQ(plan->targets[1].refusal.message(),
            "apiVersion must be specified for kind \"Kustomization\"");
  EXPECT_TRUE(plan->targets[2].refusal.ok());
  EXPECT_EQ(plan->targets[2].key.name_space, "other");
  EXPECT_EQ(plan->targets[3].gvk.ApiVersion(), "image.toolkit.fluxcd.io/v1");
  EXPECT_EQ(plan->interval, absl::Minutes(5));
}

TEST(MakePlanTest, AllNeedsLabels) {
  const auto plan = Plan(
      "{type: generic, secretRef: {name: s}, resources: [{kind: Bucket, name: "
      "'*'}, {kind: Bucket, name: '*', matchLabels: {}}, {kind: Bucket, name: "
      "'*', matchLabels: {a: b}}]}");
  EXPECT_EQ(plan->targets[0].refusal.message(),
            "matchLabels field not set when using wildcard '*' as name");
  EXPECT_TRUE(plan->targets[1].refusal.ok());
  EXPECT_TRUE(plan->targets[2].refusal.ok());
}

TEST(MakePlanTest, RefusesOtherNamespacesWhenTold) {
  const std::string spec =
      "{type: generic, secretRef: {name: s}, resources: [{kind: Bucket, name: "
      "a, namespace: other}, {kind: Bucket, name: a, namespace: apps}]}";
  EXPECT_TRUE(Plan(spec)->targets[0].refusal.ok());
  const auto locked = Plan(spec, {.no_cross_namespace_refs = true});
  EXPECT_EQ(locked->targets[0].refusal.message(),
            "cross-namespace references are not allowed");
  EXPECT_TRUE(locked->targets[1].refusal.ok());
}

TEST(WebhookPathTest, IsThatOfFlux) {
  EXPECT_EQ(WebhookPath(Secret("s3cret"), {"ntf-receiver-status", "hook"}),
            "/hook/"
            "f58206cc64f2ce18c9a4e9c600c2f3c04ddde593b9add93945dd91605d3e6af7");
}

TEST(FormatGoTimeTest, PrintsAsGoDoes) {
  const absl::Time time = absl::FromUnixSeconds(1577836800);
  EXPECT_EQ(FormatGoTime(time, absl::Milliseconds(12345)),
            "2020-01-01 00:00:00 +0000 UTC m=+12.345000000");
  EXPECT_EQ(FormatGoTime(time + absl::Microseconds(1500), absl::Nanoseconds(7)),
            "2020-01-01 00:00:00.0015 +0000 UTC m=+0.000000007");
}

}  // namespace
}  // namespace weir::notification_controller
