// Who made which field: files, patches, generators, and what the build does.
#include "weir/kustomize/explain.h"

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace weir::kustomize {
namespace {

using testing::HasSubstr;
using Files = std::map<std::string, std::string>;

// The explanation of one object, or the error.
std::string ExplainFiles(Files files, absl::string_view directory,
                         absl::string_view name) {
  const auto tree = MakeMemoryFileSystem(std::move(files));
  const auto explained = Explain(Context(), *tree, directory, name);
  if (!explained.ok()) return std::string(explained.status().message());
  std::string text;
  for (const Explanation& one : *explained) {
    absl::StrAppend(&text, FormatExplanation(one));
  }
  return text;
}

TEST(ExplainTest, FollowsNamesThroughLayers) {
  const Files files = {{"base/kustomization.yaml",
                        "resources: [web.yaml]\n"
                        "configMapGenerator:\n"
                        "- name: settings\n"
                        "  literals: [colour=blue]\n"},
                       {"base/web.yaml",
                        "apiVersion: v1\n"
                        "kind: ServiceAccount\n"
                        "metadata: {name: runner}\n"
                        "---\n"
                        "apiVersion: v1\n"
                        "kind: Pod\n"
                        "metadata:\n"
                        "  name: web\n"
                        "spec:\n"
                        "  containers:\n"
                        "  - name: main\n"
                        "    envFrom:\n"
                        "    - configMapRef: {name: settings}\n"},
                       {"prod/kustomization.yaml",
                        "resources:\n"
                        "- ../base\n"
                        "namespace: shop\n"
                        "configMapGenerator:\n"
                        "- name: settings\n"
                        "  behavior: merge\n"
                        "  literals: [size=big]\n"}};
  EXPECT_EQ(ExplainFiles(files, "prod", "Pod/shop/web"),
            "Pod web in namespace shop (v1)\n"
            "\n"
            "   1  ../base/web.yaml:5    resource\n"
            "   2  kustomization.yaml:3  namespace\n"
            "   3  (the build)           name reference: the object that is "
            "meant has been renamed\n"
            "\n"
            "     1:5  apiVersion: v1\n"
            "     1:6  kind: Pod\n"
            "     1:7  metadata:\n"
            "     1:8    name: web\n"
            "       2    namespace: shop\n"
            "     1:9  spec:\n"
            "    1:10    containers:\n"
            "    1:12    - envFrom:\n"
            "    1:13      - configMapRef:\n"
            "3 < 1:13          name: settings-g8ffdckf28\n"
            "    1:11      name: main\n");
  const std::string settings =
      ExplainFiles(files, "prod", "ConfigMap/settings");
  EXPECT_THAT(settings, HasSubstr("../base/kustomization.yaml:3"));
  EXPECT_THAT(settings, HasSubstr("kustomization.yaml:5"));
  EXPECT_THAT(settings, HasSubstr("colour: blue"));
}

TEST(ExplainTest, TellsElementsOfListsApart) {
  const std::string text = ExplainFiles(
      {{"kustomization.yaml",
        "resources: [s.yaml]\n"
        "patches:\n"
        "- target: {kind: Service}\n"
        "  patch: |\n"
        "    - {op: remove, path: /spec/ports/0}\n"
        "    - {op: add, path: /spec/ports/-, value: {name: c, port: 3}}\n"},
       {"s.yaml",
        "apiVersion: v1\n"
        "kind: Service\n"
        "metadata: {name: s}\n"
        "spec:\n"
        "  ports:\n"
        "  - {name: a, port: 1}\n"
        "  - {name: b, port: 2}\n"}},
      ".", "s");
  EXPECT_THAT(text, HasSubstr(" 1:7    - name: b\n"
                              " 1:7      port: 2\n"
                              "   2    - name: c\n"
                              "   2      port: 3\n"));
}

TEST(ExplainTest, GoesOnWithTextsOfManyLines) {
  EXPECT_THAT(ExplainFiles({{"kustomization.yaml", "resources: [c.yaml]\n"},
                            {"c.yaml",
                             "apiVersion: v1\nkind: ConfigMap\n"
                             "metadata: {name: c}\ndata:\n"
                             "  text: |\n    one\n    two\n"}},
                           ".", "c"),
              HasSubstr(" 1:4  data:\n"
                        " 1:5    text: |\n"
                        "          one\n"
                        "          two\n"));
}

TEST(ExplainTest, ExplainsAllOfThatName) {
  const Files files = {
      {"kustomization.yaml", "resources: [a.yaml]\nnamePrefix: x-\n"},
      {"a.yaml",
       "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n---\n"
       "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\n"}};
  EXPECT_THAT(
      ExplainFiles(files, ".", "a"),
      testing::AllOf(HasSubstr("Pod x-a (v1)"), HasSubstr("Secret x-a (v1)")));
  EXPECT_THAT(ExplainFiles(files, ".", "secret/x-a"),
              testing::Not(HasSubstr("Pod")));
  EXPECT_EQ(ExplainFiles(files, ".", "Pod/shop/a"),
            "the build has no object 'Pod/shop/a'; it has Pod/x-a, "
            "Secret/x-a");
}

TEST(ExplainTest, FailsAsTheBuildDoes) {
  EXPECT_THAT(
      ExplainFiles({{"kustomization.yaml", "resources: [a.yaml]\n"}}, ".", "a"),
      HasSubstr("accumulating resources"));
}

}  // namespace
}  // namespace weir::kustomize
