#include "weir/codec/crd.h"

#include <cstdlib>
#include <string>

#include "gtest/gtest.h"
#include "shapes.pb.h"
#include "weir/base/file.h"
#include "weir/value/yaml.h"

namespace weir::codec {
namespace {

TEST(MakeCrdTest, WritesEveryOption) {
  const std::string path = WEIR_TESTDATA "/widget/want.yaml";
  const std::string got = FormatYaml(MakeCrd(weir::test::Widget::descriptor()));
  if (std::getenv("WEIR_UPDATE_GOLDEN") != nullptr) {
    ASSERT_TRUE(WriteFileAtomically(path, got).ok());
    GTEST_SKIP() << "wrote " << path;
  }
  const auto want = ReadFile(path);
  ASSERT_TRUE(want.ok()) << want.status();
  EXPECT_EQ(got, *want);
}

TEST(AllCrdsTest, AreByName) {
  const std::vector<Value> crds = AllCrds();
  ASSERT_EQ(crds.size(), AllKinds().size());
  for (const Value& crd : crds) {
    const std::string want = crd["spec"]["names"]["plural"].AsString() + "." +
                             crd["spec"]["group"].AsString();
    EXPECT_EQ(crd["metadata"]["name"].AsString(), want);
  }
}

TEST(ResourceOfTest, Names) {
  const Resource names = ResourceOf(weir::test::Widget::descriptor());
  EXPECT_EQ(names.group, "test.weir.dev");
  EXPECT_EQ(names.version, "v1alpha1");
  EXPECT_EQ(names.singular, "widget");
  EXPECT_FALSE(names.is_namespaced);
}

}  // namespace
}  // namespace weir::codec
