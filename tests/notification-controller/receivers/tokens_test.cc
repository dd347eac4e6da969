#include "src/receivers/tokens.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "src/receivers/receiver_plan.h"
#include "weir/value/json.h"
#include "weir/value/yaml.h"

namespace weir::notification_controller {
namespace {

using testing::HasSubstr;

absl::Status Check(const std::string& provider, const std::string& claims) {
  Value object = *ParseYaml(
      "{metadata: {name: a, namespace: b}, spec: {type: generic-oidc, "
      "resources: [], oidcProviders: [{issuerURL: 'https://a'}]}}");
  Value& added = object.Mutable("spec").Mutable("oidcProviders").MutableAt(0);
  const auto parsed = ParseYaml(provider);
  EXPECT_TRUE(parsed.ok()) << parsed.status();
  for (const Value::Member& member : parsed->object()) {
    added.Set(member.key, member.value);
  }
  const auto plan = MakePlan(object, {});
  EXPECT_FALSE(plan->problem.has_value()) << plan->problem->message;
  if (plan->issuers.empty()) return absl::InternalError("no rules");
  return CheckRules(plan->issuers[0],
                    *ParseJson(claims, {.keep_integers = false}));
}

TEST(CheckRulesTest, AllMustHold) {
  const std::string provider =
      "validations: [{expression: claims.a == 1, message: a is not 1}, "
      "{expression: claims.b == 'x', message: b is not x}]";
  EXPECT_TRUE(Check(provider, R"({"a":1,"b":"x"})").ok());
  EXPECT_EQ(Check(provider, R"({"a":2,"b":"x"})").message(),
            "token validation failed: a is not 1");
  EXPECT_EQ(Check(provider, R"({"a":2,"b":"y"})").message(),
            "token validation failed: a is not 1; b is not x");
}

TEST(CheckRulesTest, VariablesSeeThoseBefore) {
  const std::string provider =
      "{variables: [{name: owner, expression: 'claims.repo.split(\"/\")[0]'}, "
      "{name: isOurs, expression: 'vars.owner == \"us\"'}], validations: "
      "[{expression: vars.isOurs == true, message: not ours}]}";
  EXPECT_TRUE(Check(provider, R"({"repo":"us/app"})").ok());
  EXPECT_EQ(Check(provider, R"({"repo":"them/app"})").message(),
            "token validation failed: not ours");
}

// What cannot be evaluated is not true.
TEST(CheckRulesTest, AMissingClaimIsAnError) {
  EXPECT_THAT(
      Check("validations: [{expression: claims.a == 1, message: m}]", "{}")
          .message(),
      HasSubstr("failed to evaluate validation: "));
  EXPECT_THAT(Check("{variables: [{name: v, expression: claims.a}], "
                    "validations: [{expression: 'true', message: m}]}",
                    "{}")
                  .message(),
              HasSubstr("failed to evaluate variable \"v\": "));
}

TEST(CheckRulesTest, TheAudienceHasADefault) {
  Value object = *ParseYaml(
      "{spec: {type: generic-oidc, resources: [], oidcProviders: [{issuerURL: "
      "'https://a', validations: [{expression: 'true', message: m}]}]}}");
  EXPECT_EQ(MakePlan(object, {})->issuers[0].audience,
            "notification-controller");
}

}  // namespace
}  // namespace weir::notification_controller
