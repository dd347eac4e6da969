#include "weir/apply/ignore_rules.h"

#include <gtest/gtest.h>

#include <string>

#include "weir/value/json.h"
#include "weir/value/yaml.h"

namespace weir::apply {
namespace {

Value Yaml(const std::string& text) {
  absl::StatusOr<Value> value = ParseYaml(text);
  EXPECT_TRUE(value.ok()) << value.status();
  return value.value_or(Value());
}

struct SelectorCase {
  const char* name;
  const char* selector;
  bool want;
};

class ObjectSelectorTest : public testing::TestWithParam<SelectorCase> {};

TEST_P(ObjectSelectorTest, MatchesAllThatIsGiven) {
  const Value object = Yaml(
      "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, "
      "namespace: prod, labels: {tier: front}, annotations: {a: b}}}");
  const absl::StatusOr<ObjectSelector> selector =
      ObjectSelector::FromValue(Yaml(GetParam().selector));
  ASSERT_TRUE(selector.ok()) << selector.status();
  EXPECT_EQ(selector->Matches(object), GetParam().want);
}

INSTANTIATE_TEST_SUITE_P(
    Table, ObjectSelectorTest,
    testing::Values(
        SelectorCase{"None", "null", true}, SelectorCase{"Empty", "{}", true},
        SelectorCase{"Kind", "{kind: Deployment}", true},
        SelectorCase{"OtherKind", "{kind: Service}", false},
        SelectorCase{"IsAnchored", "{name: we}", false},
        SelectorCase{"IsAnExpression", "{name: 'w.*', kind: '.*'}", true},
        SelectorCase{"AlternativesAreAnchoredToo", "{name: 'x|we'}", false},
        SelectorCase{"GroupVersionNamespace",
                     "{group: apps, version: v1, namespace: prod}", true},
        SelectorCase{"Labels", "{labelSelector: 'tier in (front,back)'}", true},
        SelectorCase{"OtherLabels", "{labelSelector: 'tier=back'}", false},
        SelectorCase{"Annotations", "{annotationSelector: 'a=b'}", true}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(IgnoreRulesTest, NameTheRuleThatIsWrong) {
  const absl::StatusOr<IgnoreRules> rules = IgnoreRules::FromValue(
      Yaml("[{paths: [/a]}, {paths: [/b], target: {name: '['}}]"));
  EXPECT_EQ(rules.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(rules.status().message().find("ignore rule 1"), std::string::npos);
}

struct AdoptCase {
  const char* name;
  const char* desired;
  const char* live;
  const char* want;
};

class AdoptIgnoredPathsTest : public testing::TestWithParam<AdoptCase> {};

TEST_P(AdoptIgnoredPathsTest, AgreesWithTheLiveObject) {
  Value desired = Yaml(GetParam().desired);
  AdoptIgnoredPaths({{"spec", "replicas"}}, Yaml(GetParam().live), "us",
                    desired);
  EXPECT_EQ(FormatJson(desired), FormatJson(Yaml(GetParam().want)));
}

INSTANTIATE_TEST_SUITE_P(
    Table, AdoptIgnoredPathsTest,
    testing::Values(
        AdoptCase{"TakesTheLiveValue", "{spec: {replicas: 1}}",
                  "{spec: {replicas: 5}}", "{spec: {replicas: 5}}"},
        AdoptCase{"AnAbsentOneIsSent", "{spec: {replicas: 1}}", "{spec: {}}",
                  "{spec: {replicas: 1}}"},
        AdoptCase{"WhatGitDoesNotSetIsNotSent", "{spec: {}}",
                  "{spec: {replicas: 5}}", "{spec: {}}"},
        AdoptCase{"LeavesItToAnotherApplier", "{spec: {replicas: 1, a: b}}",
                  "{metadata: {managedFields: [{manager: scaler, operation: "
                  "Apply, fieldsV1: {'f:spec': {'f:replicas': {}}}}]}, spec: "
                  "{replicas: 5}}",
                  "{spec: {a: b}}"},
        AdoptCase{"AnUpdaterIsNoApplier", "{spec: {replicas: 1}}",
                  "{metadata: {managedFields: [{manager: scaler, operation: "
                  "Update, fieldsV1: {'f:spec': {'f:replicas': {}}}}]}, spec: "
                  "{replicas: 5}}",
                  "{spec: {replicas: 5}}"}),
    [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace weir::apply
