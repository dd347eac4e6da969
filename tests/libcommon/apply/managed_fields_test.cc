#include "weir/apply/managed_fields.h"

#include <gtest/gtest.h>

#include <string>

#include "weir/value/json.h"
#include "weir/value/patch.h"
#include "weir/value/yaml.h"

namespace weir::apply {
namespace {

constexpr char kUs[] = "kustomize-controller";

Value Yaml(const std::string& text) {
  absl::StatusOr<Value> value = ParseYaml(text);
  EXPECT_TRUE(value.ok()) << value.status();
  return value.value_or(Value());
}

// The object's managedFields after the clean-up.
std::string CleanedUp(const std::string& yaml,
                      const std::vector<std::string>& overrides = {}) {
  const Value live = Yaml(yaml);
  const std::optional<Value> patch =
      ComputeCleanUpPatch(live, kUs, TakenOverManagers(kUs, overrides));
  if (!patch.has_value()) return "clean";
  const absl::StatusOr<Value> patched = ApplyJsonPatch(live, *patch);
  EXPECT_TRUE(patched.ok()) << patched.status();
  return FormatJson(patched.value_or(Value())["metadata"]);
}

struct TakeOverCase {
  const char* name;
  const char* metadata;
  const char* want;
};

class TakeOverTest : public testing::TestWithParam<TakeOverCase> {};

TEST_P(TakeOverTest, FoldsTheFieldsOfKubectl) {
  const std::string want = GetParam().want;
  EXPECT_EQ(CleanedUp(std::string("{metadata: ") + GetParam().metadata + "}"),
            want == "clean" ? want : FormatJson(Yaml(want)));
}

INSTANTIATE_TEST_SUITE_P(
    Table, TakeOverTest,
    testing::Values(
        TakeOverCase{"NothingToDo",
                     "{resourceVersion: '1', managedFields: [{manager: "
                     "kustomize-controller, operation: Apply, fieldsV1: "
                     "{a: {}}}, {manager: hpa, operation: Update}]}",
                     "clean"},
        TakeOverCase{"UnitesFields",
                     "{resourceVersion: '1', managedFields: [{manager: "
                     "kustomize-controller, operation: Apply, fieldsV1: "
                     "{'f:d': {'f:a': {}}}}, {manager: kubectl-edit, "
                     "operation: Update, fieldsV1: {'f:d': {'f:b': {}}}}]}",
                     "{resourceVersion: '1', managedFields: [{manager: "
                     "kustomize-controller, operation: Apply, fieldsV1: "
                     "{'f:d': {'f:a': {}, 'f:b': {}}}}]}"},
        TakeOverCase{"BecomesTheFirstOwner",
                     "{resourceVersion: '1', managedFields: [{manager: "
                     "kubectl-client-side-apply, operation: Update, "
                     "apiVersion: v1, fieldsV1: {'f:d': {}}}]}",
                     "{resourceVersion: '1', managedFields: [{manager: "
                     "kustomize-controller, operation: Apply, apiVersion: v1, "
                     "fieldsV1: {'f:d': {}}}]}"},
        TakeOverCase{"LeavesSubresources",
                     "{resourceVersion: '1', managedFields: [{manager: "
                     "kubectl, operation: Update, subresource: scale}]}",
                     "clean"},
        TakeOverCase{"BeforeFirstApplyOnlyUpdates",
                     "{resourceVersion: '1', managedFields: [{manager: "
                     "before-first-apply, operation: Apply}]}",
                     "clean"},
        TakeOverCase{"RemovesLeftOvers",
                     "{resourceVersion: '1', annotations: "
                     "{kubectl.kubernetes.io/last-applied-configuration: x, "
                     "a: b}, labels: {fluxcd.io/sync-gc-mark: x}}",
                     "{resourceVersion: '1', annotations: {a: b}, labels: "
                     "{}}"}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(TakeOverTest, OverridesAreMatchedByPrefix) {
  const std::string yaml =
      "{metadata: {resourceVersion: '1', managedFields: [{manager: "
      "argocd-controller, operation: Apply, fieldsV1: {a: {}}}]}}";
  EXPECT_EQ(CleanedUp(yaml), "clean");
  EXPECT_NE(CleanedUp(yaml, {"argocd"}), "clean");
}

TEST(OwnershipDigestTest, TellsWhenOurFieldsWereTaken) {
  const Value ours = Yaml(
      "{managedFields: [{manager: kustomize-controller, operation: Apply, "
      "time: '1', fieldsV1: {'f:d': {'f:a': {}}}}]}");
  const Value later = Yaml(
      "{managedFields: [{manager: kustomize-controller, operation: Apply, "
      "time: '2', fieldsV1: {'f:d': {'f:a': {}}}}, {manager: other, operation: "
      "Update, subresource: status}]}");
  const Value taken = Yaml(
      "{managedFields: [{manager: kustomize-controller, operation: Apply, "
      "fieldsV1: {'f:d': {}}}, {manager: other, operation: Update, fieldsV1: "
      "{'f:d': {'f:a': {}}}}]}");
  EXPECT_EQ(OwnershipDigest(ours, kUs), OwnershipDigest(later, kUs));
  EXPECT_NE(OwnershipDigest(ours, kUs), OwnershipDigest(taken, kUs));
  EXPECT_EQ(OwnershipDigest(Yaml("{}"), kUs), 0u);
}

}  // namespace
}  // namespace weir::apply
