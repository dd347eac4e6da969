#include "weir/apply/inventory.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace weir::apply {
namespace {

struct IdCase {
  const char* name;
  kube::ObjectRef ref;
  const char* id;
};

class InventoryIdTest : public testing::TestWithParam<IdCase> {};

TEST_P(InventoryIdTest, IsWrittenAndRead) {
  const InventoryEntry entry = MakeInventoryEntry(GetParam().ref);
  EXPECT_EQ(entry.id, GetParam().id);
  EXPECT_EQ(entry.version, GetParam().ref.gvk.version);
  const absl::StatusOr<kube::ObjectRef> read = ParseInventoryEntry(entry);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(*read, GetParam().ref);
}

INSTANTIATE_TEST_SUITE_P(
    Table, InventoryIdTest,
    testing::Values(
        IdCase{"Namespaced",
               {{"apps", "v1", "Deployment"}, {"apps", "web"}},
               "apps_web_apps_Deployment"},
        IdCase{"CoreGroup",
               {{"", "v1", "ConfigMap"}, {"apps", "a"}},
               "apps_a__ConfigMap"},
        IdCase{"ClusterScoped",
               {{"", "v1", "Namespace"}, {"", "my-ns"}},
               "_my-ns__Namespace"},
        IdCase{"NameWithDots",
               {{"apiextensions.k8s.io", "v1", "CustomResourceDefinition"},
                {"", "gadgets.example.com"}},
               "_gadgets.example.com_apiextensions.k8s.io_"
               "CustomResourceDefinition"},
        IdCase{"RbacNameWithColons",
               {{"rbac.authorization.k8s.io", "v1", "ClusterRole"},
                {"", "system:a:b"}},
               "_system__a__b_rbac.authorization.k8s.io_ClusterRole"}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(InventoryTest, RejectsIdsWithTooFewParts) {
  for (const char* id : {"", "a", "a_b", "a_b_c"}) {
    EXPECT_EQ(ParseInventoryEntry({id, "v1"}).status().code(),
              absl::StatusCode::kInvalidArgument)
        << id;
  }
}

TEST(InventoryTest, OnlyTheIdTellsWhatIsStale) {
  const std::vector<InventoryEntry> before = {
      {"a_x__Y", "v1"}, {"a_z__Y", "v1"}, {"a_h_autoscaling_H", "v1"}};
  const std::vector<InventoryEntry> after = {{"a_x__Y", "v1"},
                                             {"a_h_autoscaling_H", "v2"}};
  EXPECT_EQ(StaleEntries(before, after),
            (std::vector<InventoryEntry>{{"a_z__Y", "v1"}}));
}

TEST(InventoryTest, SurvivesTheStatus) {
  const std::vector<InventoryEntry> entries = {{"a_x__Y", "v1"}};
  EXPECT_EQ(InventoryFromValue(InventoryToValue(entries)), entries);
  EXPECT_TRUE(InventoryFromValue(Value()).empty());
}

TEST(InventoryTest, SubjectsNameTheNamespaceIfAny) {
  EXPECT_EQ(Subject({{"apps", "v1", "Deployment"}, {"apps", "web"}}),
            "Deployment/apps/web");
  EXPECT_EQ(Subject({{"", "v1", "Namespace"}, {"", "apps"}}), "Namespace/apps");
}

}  // namespace
}  // namespace weir::apply
