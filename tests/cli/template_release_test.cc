// `weir template` of HelmReleases, whose sources are folders.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/cli/command_line.h"
#include "weir/base/file.h"

namespace weir::cli {
namespace {

using test::Printed;
using test::RunWeir;
using testing::HasSubstr;

constexpr char kTemplate[] =
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ .Release.Name }}}\n"
    "data: {color: {{ .Values.color }}, version: {{ .Chart.Version }}}\n";

class TemplateReleaseTest : public testing::Test {
 protected:
  void SetUp() override {
    auto folder = TempDir::Create("template-release");
    ASSERT_TRUE(folder.ok()) << folder.status();
    folder_ = std::make_unique<TempDir>(*std::move(folder));
    was_in_ = std::filesystem::current_path();
    std::filesystem::current_path(folder_->path());
    WriteChart("repo/charts/web", "web", "1.0.0");
  }
  void TearDown() override { std::filesystem::current_path(was_in_); }

  static void Write(const std::string& path, const std::string& text) {
    const std::filesystem::path file = std::filesystem::absolute(path);
    std::filesystem::create_directories(file.parent_path());
    EXPECT_TRUE(WriteFileAtomically(file.string(), text).ok());
  }
  static void WriteChart(const std::string& folder, const std::string& name,
                         const std::string& version,
                         const std::string& more = "") {
    Write(absl::StrCat(folder, "/Chart.yaml"),
          absl::StrCat("apiVersion: v2\nname: ", name, "\nversion: ", version,
                       "\n", more));
    Write(absl::StrCat(folder, "/values.yaml"), "color: blue\n");
    Write(absl::StrCat(folder, "/templates/cm.yaml"), kTemplate);
  }
  static void WriteRelease(const std::string& path, const std::string& spec,
                           const std::string& name = "app") {
    Write(path, absl::StrCat(
                    "apiVersion: helm.toolkit.fluxcd.io/v2\n"
                    "kind: HelmRelease\nmetadata: {name: ",
                    name, ", namespace: apps}\nspec:\n  interval: 1m\n", spec));
  }
  static Printed Template(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "template");
    return RunWeir(std::move(arguments));
  }

 private:
  std::unique_ptr<TempDir> folder_;
  std::filesystem::path was_in_;
};

constexpr char kFromGit[] =
    "  chart:\n    spec:\n      chart: ./charts/web\n"
    "      sourceRef: {kind: GitRepository, name: repo}\n";

TEST_F(TemplateReleaseTest, RendersAChartOfAGitRepository) {
  WriteRelease("hr.yaml", kFromGit);
  for (const char* source :
       {"repo", "GitRepository/repo=repo", "GitRepository/apps/repo=repo"}) {
    const Printed printed = Template({"hr.yaml", "--source", source});
    EXPECT_EQ(printed.code, 0) << printed.err;
    EXPECT_EQ(printed.out,
              "---\n# Source: web/templates/cm.yaml\napiVersion: v1\ndata:\n"
              "  color: blue\n  version: 1.0.0\nkind: ConfigMap\nmetadata:\n"
              "  labels:\n    helm.toolkit.fluxcd.io/name: app\n"
              "    helm.toolkit.fluxcd.io/namespace: apps\n  name: app\n")
        << source;
  }
}

TEST_F(TemplateReleaseTest, SaysWhichSourceHasNoFolder) {
  WriteRelease("hr.yaml", kFromGit);
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{
           {"hr.yaml"}, {"hr.yaml", "--source", "HelmRepository/repo=repo"}}) {
    const Printed printed = Template(arguments);
    EXPECT_EQ(printed.code, 1);
    EXPECT_THAT(printed.err,
                HasSubstr("give --source GitRepository/apps/repo=FOLDER"));
  }
  EXPECT_THAT(Template({"hr.yaml", "--source", "a/b/c/d=repo"}).err,
              HasSubstr("KIND/NAME=FOLDER"));
  EXPECT_THAT(Template({"hr.yaml", "--source", "absent"}).err,
              HasSubstr("absent"));
}

TEST_F(TemplateReleaseTest, PicksAVersionOfARepository) {
  for (const char* version : {"1.0.0", "1.2.0", "2.0.0"}) {
    WriteChart(absl::StrCat("charts/web-", version), "web", version);
  }
  WriteRelease("hr.yaml",
               "  chart:\n    spec:\n      chart: web\n      version: 1.x\n"
               "      sourceRef: {kind: HelmRepository, name: repo}\n");
  EXPECT_THAT(Template({"hr.yaml", "--source", "charts"}).out,
              HasSubstr("version: 1.2.0"));
  WriteRelease("hr.yaml",
               "  chart:\n    spec:\n      chart: web\n      version: 3.x\n"
               "      sourceRef: {kind: HelmRepository, name: repo}\n");
  EXPECT_THAT(Template({"hr.yaml", "--source", "charts"}).err,
              HasSubstr("matches '3.x'"));
}

TEST_F(TemplateReleaseTest, TakesDependenciesFromFolders) {
  WriteChart("charts/sub", "sub", "1.5.0");
  WriteChart("repo/charts/web", "web", "1.0.0",
             "dependencies:\n- {name: sub, version: 1.x, repository: "
             "'https://example.com/charts'}\n");
  WriteRelease("hr.yaml", kFromGit);
  EXPECT_THAT(Template({"hr.yaml", "--source", "repo"}).err,
              HasSubstr("https://example.com/charts"));
  const Printed printed = Template({"hr.yaml", "--source", "repo", "--source",
                                    "https://example.com/charts/=charts"});
  EXPECT_EQ(printed.code, 0) << printed.err;
  EXPECT_THAT(printed.out, HasSubstr("web/charts/sub/templates/cm.yaml"));
}

TEST_F(TemplateReleaseTest, ReadsValuesOfOtherFiles) {
  WriteRelease(
      "hr.yaml",
      absl::StrCat(kFromGit, "  valuesFrom:\n  - {kind: Secret, name: v}\n"));
  EXPECT_THAT(Template({"hr.yaml", "--source", "repo"}).err,
              HasSubstr("could not resolve Secret chart values reference "
                        "'apps/v'"));
  Write("objects/secret.yaml",
        "apiVersion: v1\nkind: Secret\nmetadata: {name: v, namespace: apps}\n"
        "stringData: {values.yaml: 'color: red'}\n");
  EXPECT_THAT(
      Template({"hr.yaml", "--source", "repo", "--objects", "objects"}).out,
      HasSubstr("color: red"));
  EXPECT_THAT(Template({"hr.yaml", "--source", "repo", "--objects",
                        "objects/secret.yaml", "--set", "color=green"})
                  .out,
              HasSubstr("color: green"));
}

TEST_F(TemplateReleaseTest, FollowsAHelmChartOfTheFile) {
  WriteRelease("hr.yaml", "  chartRef: {kind: HelmChart, name: web}\n");
  Write("chart.yaml",
        "apiVersion: source.toolkit.fluxcd.io/v1\nkind: HelmChart\n"
        "metadata: {name: web, namespace: apps}\n"
        "spec: {chart: charts/web, sourceRef: {kind: GitRepository, name: "
        "repo}}\n");
  EXPECT_THAT(Template({"hr.yaml", "--objects", "chart.yaml", "--source",
                        "GitRepository/repo=repo"})
                  .out,
              HasSubstr("version: 1.0.0"));
  // Or the chart itself.
  EXPECT_THAT(
      Template({"hr.yaml", "--source", "HelmChart/web=repo/charts/web"}).out,
      HasSubstr("version: 1.0.0"));
}

TEST_F(TemplateReleaseTest, RendersAllOfAFileOrOne) {
  WriteRelease("a.yaml", kFromGit, "first");
  WriteRelease("b.yaml", kFromGit, "second");
  Write("both.yaml",
        absl::StrCat(*ReadFile("a.yaml"), "---\n", *ReadFile("b.yaml")));
  const Printed both = Template({"both.yaml", "--source", "repo"});
  EXPECT_THAT(both.out, HasSubstr("  name: first\n"));
  EXPECT_THAT(both.out, HasSubstr("  name: second\n"));
  const Printed one = Template({"second", "both.yaml", "--source", "repo"});
  EXPECT_THAT(one.out, Not(HasSubstr("  name: first\n")));
  EXPECT_THAT(Template({"third", "both.yaml", "--source", "repo"}).err,
              HasSubstr("no HelmRelease 'third'"));
  const Printed written =
      Template({"both.yaml", "--source", "repo", "--output-dir", "out"});
  EXPECT_EQ(written.code, 0) << written.err;
  EXPECT_TRUE(std::filesystem::exists("out/first/web/templates/cm.yaml"));
  EXPECT_TRUE(std::filesystem::exists("out/second/web/templates/cm.yaml"));
}

TEST_F(TemplateReleaseTest, RefusesFlagsThatTheHelmReleaseSaysItself) {
  WriteRelease("hr.yaml", kFromGit);
  for (const char* flag : {"--version=1.0.0", "--validate", "--verify"}) {
    const Printed printed = Template({"hr.yaml", "--source", "repo", flag});
    EXPECT_EQ(printed.code, 1) << flag;
    EXPECT_THAT(printed.err, HasSubstr("a HelmRelease says all that itself"));
  }
}

}  // namespace
}  // namespace weir::cli
