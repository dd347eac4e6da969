#include "weir/apply/normalize.h"

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

struct NormalizeCase {
  const char* name;
  const char* object;
  const char* want;
};

class NormalizeTest : public testing::TestWithParam<NormalizeCase> {};

TEST_P(NormalizeTest, MakesWhatTheServerWouldKeep) {
  const absl::StatusOr<Value> got = Normalize(Yaml(GetParam().object));
  ASSERT_TRUE(got.ok()) << got.status();
  EXPECT_EQ(FormatJson(*got), FormatJson(Yaml(GetParam().want)));
}

INSTANTIATE_TEST_SUITE_P(
    Table, NormalizeTest,
    testing::Values(
        NormalizeCase{"FoldsStringData",
                      "{apiVersion: v1, kind: Secret, data: {a: eA==, b: "
                      "eA==}, stringData: {b: new, c: ''}}",
                      "{apiVersion: v1, kind: Secret, data: {a: eA==, b: "
                      "bmV3, c: ''}}"},
        NormalizeCase{"DropsNullsAndStatus",
                      "{apiVersion: v1, kind: ConfigMap, metadata: "
                      "{creationTimestamp: null, labels: null}, data: {a: "
                      "null, b: x}, status: {x: y}}",
                      "{apiVersion: v1, kind: ConfigMap, metadata: {}, data: "
                      "{b: x}}"},
        NormalizeCase{"KeepsTheStatusOfDefinitions",
                      "{apiVersion: apiextensions.k8s.io/v1, kind: "
                      "CustomResourceDefinition, status: {x: y}}",
                      "{apiVersion: apiextensions.k8s.io/v1, kind: "
                      "CustomResourceDefinition, status: {x: y}}"},
        NormalizeCase{"NamesProtocolsOfServices",
                      "{apiVersion: v1, kind: Service, spec: {ports: [{port: "
                      "80}, {port: 53, protocol: UDP}]}}",
                      "{apiVersion: v1, kind: Service, spec: {ports: [{port: "
                      "80, protocol: TCP}, {port: 53, protocol: UDP}]}}"},
        NormalizeCase{
            "NamesProtocolsOfContainersOnly",
            "{apiVersion: apps/v1, kind: Deployment, spec: {template: {spec: "
            "{initContainers: [{ports: [{containerPort: 1}]}], containers: "
            "[{ports: [{containerPort: 1}]}]}}}}",
            "{apiVersion: apps/v1, kind: Deployment, spec: {template: {spec: "
            "{initContainers: [{ports: [{containerPort: 1}]}], containers: "
            "[{ports: [{containerPort: 1, protocol: TCP}]}]}}}}"},
        NormalizeCase{"DropsABadAuthority",
                      "{apiVersion: apiextensions.k8s.io/v1, kind: "
                      "CustomResourceDefinition, spec: {conversion: {webhook: "
                      "{clientConfig: {caBundle: Cg==, url: x}}}}}",
                      "{apiVersion: apiextensions.k8s.io/v1, kind: "
                      "CustomResourceDefinition, spec: {conversion: {webhook: "
                      "{clientConfig: {url: x}}}}}"}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(SetLabelsTest, OverwritesEqualKeys) {
  Value object = Yaml("{metadata: {labels: {a: old, b: kept}}}");
  SetLabels(object, Yaml("{a: new}"));
  EXPECT_EQ(FormatJson(object),
            R"({"metadata":{"labels":{"a":"new","b":"kept"}}})");
}

TEST(SetLabelsTest, LosesAllOfThemWhenOneIsNoText) {
  Value object = Yaml("{metadata: {labels: {a: 1, b: lost}}}");
  SetLabels(object, Yaml("{c: new}"));
  EXPECT_EQ(FormatJson(object), R"({"metadata":{"labels":{"c":"new"}}})");
}

TEST(HasControlTest, ReadsLabelsAndAnnotationsInAnyCase) {
  const Value object =
      Yaml("{metadata: {labels: {x/a: Disabled}, annotations: {x/b: ignore}}}");
  EXPECT_TRUE(HasControl(object, "x/a", "disabled"));
  EXPECT_TRUE(HasControl(object, "x/b", "Ignore"));
  EXPECT_FALSE(HasControl(object, "x/c", "Ignore"));
  EXPECT_FALSE(HasControl(Value(), "x/a", "disabled"));
}

}  // namespace
}  // namespace weir::apply
