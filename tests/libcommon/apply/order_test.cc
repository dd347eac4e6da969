#include "weir/apply/order.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace weir::apply {
namespace {

kube::ObjectRef Ref(const std::string& group, const std::string& kind,
                    const std::string& name,
                    const std::string& name_space = "ns") {
  return {{group, "v1", kind}, {name_space, name}};
}

TEST(OrderTest, KindsGoFirstOrLastAsFluxHasThem) {
  std::vector<kube::ObjectRef> refs = {
      Ref("admissionregistration.k8s.io", "ValidatingWebhookConfiguration",
          "w"),
      Ref("apps", "Deployment", "d"),
      Ref("example.com", "Widget", "w"),
      Ref("", "Service", "s"),
      Ref("", "ConfigMap", "c"),
      Ref("rbac.authorization.k8s.io", "ClusterRole", "r"),
      Ref("", "Namespace", "n"),
      Ref("apiextensions.k8s.io", "CustomResourceDefinition", "x"),
      Ref("storage.k8s.io", "StorageClass", "s"),
  };
  std::sort(refs.begin(), refs.end(), AppliesBefore);
  std::vector<std::string> kinds;
  for (const kube::ObjectRef& ref : refs) kinds.push_back(ref.gvk.kind);
  EXPECT_EQ(kinds, (std::vector<std::string>{
                       "CustomResourceDefinition", "Namespace", "ClusterRole",
                       "StorageClass", "ConfigMap", "Service", "Deployment",
                       "Widget", "ValidatingWebhookConfiguration"}));
}

TEST(OrderTest, TiesAreBrokenByGroupKindNamespaceName) {
  EXPECT_TRUE(AppliesBefore(Ref("a.io", "B", "x"), Ref("b.io", "A", "x")));
  EXPECT_TRUE(AppliesBefore(Ref("a.io", "A", "x"), Ref("a.io", "B", "a")));
  EXPECT_TRUE(AppliesBefore(Ref("", "ConfigMap", "b", "a"),
                            Ref("", "ConfigMap", "a", "b")));
  EXPECT_TRUE(
      AppliesBefore(Ref("", "ConfigMap", "a"), Ref("", "ConfigMap", "b")));
  EXPECT_FALSE(
      AppliesBefore(Ref("", "ConfigMap", "a"), Ref("", "ConfigMap", "a")));
}

TEST(StageTest, DefinitionsThenClassesThenCustomKinds) {
  const std::set<kube::GroupKind> custom = {{"example.com", "Setup"}};
  const auto stage = [&](const char* group, const char* kind) {
    return StageOf({group, "v1", kind}, custom);
  };
  EXPECT_EQ(stage("", "Namespace"), Stage::kDefinitions);
  EXPECT_EQ(stage("rbac.authorization.k8s.io", "ClusterRole"),
            Stage::kDefinitions);
  EXPECT_EQ(stage("apiextensions.k8s.io", "CustomResourceDefinition"),
            Stage::kDefinitions);
  EXPECT_EQ(stage("example.com", "AnyClass"), Stage::kClasses);
  EXPECT_EQ(stage("example.com", "Setup"), Stage::kCustom);
  EXPECT_EQ(stage("other.com", "Setup"), Stage::kRest);
  EXPECT_EQ(stage("rbac.authorization.k8s.io", "ClusterRoleBinding"),
            Stage::kRest);
}

}  // namespace
}  // namespace weir::apply
