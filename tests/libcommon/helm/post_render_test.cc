// What a post-renderer gets, and what becomes of what it gives: beside `helm
// template --post-renderer` with a plugin that is `cat`.
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gtest/gtest.h"
#include "weir/helm/load.h"
#include "weir/helm/release.h"

namespace weir::helm {
namespace {

constexpr char kTemplate[] = R"(# A comment.
apiVersion: v1
kind: ConfigMap
metadata:
    name: a   # why
    annotations: {}
data:
    list:
        - "x"
        - 'y'
    text: |
      one
      two
---
# nothing
---
apiVersion: v1
kind: Pod
metadata:
  name: test
  annotations:
    "helm.sh/hook": test
spec: {containers: [{name: c}]}
)";
constexpr char kService[] =
    "apiVersion: v1\nkind: Service\nmetadata: {name: s, annotations: {a: b}}\n";
constexpr char kWant[] = R"(---
# Source: web/templates/all.yaml
# A comment.
apiVersion: v1
kind: ConfigMap
metadata:
  name: a # why
data:
  list:
  - "x"
  - 'y'
  text: |
    one
    two

---
# Source: web/templates/svc.yaml
apiVersion: v1
kind: Service
metadata: {name: s, annotations: {a: b}}
---
# Source: web/templates/all.yaml
apiVersion: v1
kind: Pod
metadata:
  name: test
  annotations:
    "helm.sh/hook": test
spec: {containers: [{name: c}]}

)";

absl::StatusOr<RenderedRelease> Rendered(
    const PostRender& post_render,
    PostRenderer::Strategy strategy = PostRenderer::Strategy::kCombined) {
  auto chart = LoadChartFiles(
      {{"Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n"},
       {"templates/all.yaml", kTemplate},
       {"templates/svc.yaml", kService}});
  if (!chart.ok()) return chart.status();
  Release release;
  release.name = "release-name";
  return RenderRelease(*std::move(chart), Value::MakeObject(), release,
                       DefaultCapabilities(), {}, {post_render, strategy});
}

TEST(PostRenderTest, WritesDocumentsAsHelmDoes) {
  const auto release =
      Rendered([](const std::string& text) -> absl::StatusOr<std::string> {
        return text;
      });
  ASSERT_TRUE(release.ok()) << release.status();
  EXPECT_EQ(FormatRelease(*release), kWant);
}

TEST(PostRenderTest, NamesFilesOfNewDocuments) {
  const auto release =
      Rendered([](const std::string&) -> absl::StatusOr<std::string> {
        return std::string("kind: A\n---\nkind: B\n");
      });
  ASSERT_TRUE(release.ok()) << release.status();
  ASSERT_EQ(release->manifests.objects.size(), 2u);
  EXPECT_EQ(release->manifests.objects[0].path,
            "generated-by-postrender-0.yaml");
}

// Text that shows by which run each document went.
PostRender MarkRuns(std::vector<std::string>* runs) {
  return [runs](const std::string& text) -> absl::StatusOr<std::string> {
    runs->push_back(text);
    return absl::StrReplaceAll(
        text, {{"apiVersion: v1",
                absl::StrCat("apiVersion: v1 # run ", runs->size())}});
  };
}

TEST(PostRenderTest, LeavesHooksAsTheyAre) {
  std::vector<std::string> runs;
  const auto release =
      Rendered(MarkRuns(&runs), PostRenderer::Strategy::kNoHooks);
  ASSERT_TRUE(release.ok()) << release.status();
  ASSERT_EQ(runs.size(), 1u);
  EXPECT_FALSE(absl::StrContains(runs[0], "kind: Pod"));
  ASSERT_EQ(release->manifests.hooks.size(), 1u);
  EXPECT_FALSE(absl::StrContains(release->manifests.hooks[0].content, "# run"));
  ASSERT_EQ(release->manifests.objects.size(), 2u);
  EXPECT_TRUE(
      absl::StrContains(release->manifests.objects[0].content, "# run 1"));
}

TEST(PostRenderTest, TakesHooksInARunOfTheirOwn) {
  std::vector<std::string> runs;
  const auto release =
      Rendered(MarkRuns(&runs), PostRenderer::Strategy::kSeparate);
  ASSERT_TRUE(release.ok()) << release.status();
  ASSERT_EQ(runs.size(), 2u);
  ASSERT_EQ(release->manifests.hooks.size(), 1u);
  EXPECT_EQ(release->manifests.hooks[0].path, "web/templates/all.yaml");
  EXPECT_TRUE(
      absl::StrContains(release->manifests.hooks[0].content, "# run 1"));
  EXPECT_TRUE(
      absl::StrContains(release->manifests.objects[1].content, "# run 2"));
}

TEST(PostRenderTest, SaysWhichRunWentWrong) {
  const auto failed = Rendered(
      [](const std::string&) -> absl::StatusOr<std::string> {
        return absl::UnavailableError("no");
      },
      PostRenderer::Strategy::kSeparate);
  EXPECT_EQ(failed.status().message(),
            "error while running post render on hooks: no");
}

TEST(PostRenderTest, SaysWhatWentWrong) {
  const auto failed =
      Rendered([](const std::string&) -> absl::StatusOr<std::string> {
        return absl::UnavailableError("no");
      });
  EXPECT_EQ(failed.status().message(),
            "error while running post render on files: no");
  EXPECT_TRUE(failed.status().GetPayload(kRenderingFailed).has_value());
}

}  // namespace
}  // namespace weir::helm
