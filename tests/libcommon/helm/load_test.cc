// Archives, limits, links: what golden folders cannot hold.
#include "weir/helm/load.h"

#include <unistd.h>

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "weir/archive/gzip.h"
#include "weir/archive/tar_writer.h"
#include "weir/base/file.h"

namespace weir::helm {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

constexpr char kChartYaml[] = "apiVersion: v2\nname: app\nversion: 1.0.0\n";

std::string Packed(const std::vector<File>& files) {
  std::string out;
  archive::GzipWriter gzip([&out](absl::string_view bytes) {
    out.append(bytes.data(), bytes.size());
    return absl::OkStatus();
  });
  archive::TarWriter tar(
      [&gzip](absl::string_view bytes) { return gzip.Write(bytes); });
  for (const File& file : files) {
    EXPECT_TRUE(tar.AddFile(file.name, false, file.data).ok());
  }
  EXPECT_TRUE(tar.Finish().ok());
  EXPECT_TRUE(gzip.Finish().ok());
  return out;
}

absl::StatusOr<Chart> LoadPacked(const std::vector<File>& files,
                                 const LoadOptions& options = {}) {
  const std::string packed = Packed(files);
  return LoadChartArchive(archive::StringSource(packed), options);
}

std::string ErrorOf(const absl::StatusOr<Chart>& chart) {
  return chart.ok() ? "" : std::string(chart.status().message());
}

TEST(LoadArchiveTest, NamesAreBelowTheOneFolder) {
  const auto chart = LoadPacked({{"any/Chart.yaml", kChartYaml},
                                 {"any/values.yaml", "a: 1\n"},
                                 {"any/templates/x.yaml", "x: 1\n"},
                                 {"any/README.md", "\xEF\xBB\xBFhi"}});
  ASSERT_TRUE(chart.ok()) << chart.status();
  EXPECT_EQ(chart->name(), "app");
  ASSERT_EQ(chart->templates.size(), 1u);
  EXPECT_EQ(chart->templates[0].name, "templates/x.yaml");
  ASSERT_EQ(chart->files.size(), 1u);
  EXPECT_EQ(chart->files[0].data, "hi");
  EXPECT_EQ(chart->values["a"].AsDouble(), 1.0);
}

TEST(LoadArchiveTest, ChartsBelowMayBePacked) {
  const std::string below = Packed(
      {{"one/Chart.yaml", "apiVersion: v2\nname: one\nversion: 0.1.0\n"}});
  const auto chart = LoadPacked(
      {{"app/Chart.yaml", kChartYaml}, {"app/charts/one-0.1.0.tgz", below}});
  ASSERT_TRUE(chart.ok()) << chart.status();
  ASSERT_EQ(chart->dependencies.size(), 1u);
  EXPECT_EQ(chart->dependencies[0].full_path, "app/charts/one");
  EXPECT_FALSE(chart->dependencies[0].is_root);
}

struct BadCase {
  const char* name;
  std::vector<File> files;
  const char* want;
};

class BadArchiveTest : public testing::TestWithParam<BadCase> {};

TEST_P(BadArchiveTest, SaysWhatHelmSays) {
  EXPECT_THAT(ErrorOf(LoadPacked(GetParam().files)),
              HasSubstr(GetParam().want));
}

INSTANTIATE_TEST_SUITE_P(
    Table, BadArchiveTest,
    testing::Values(
        BadCase{"Empty", {}, "no files in chart archive"},
        BadCase{"ChartYamlAtTheTop",
                {{"Chart.yaml", kChartYaml}},
                "chart illegally contains content outside the base directory: "
                "\"Chart.yaml\""},
        BadCase{"ChartYamlAsFolder",
                {{"Chart.yaml/x", kChartYaml}},
                "chart yaml not in base directory"},
        BadCase{"Absolute",
                {{"a//etc/passwd", "x"}},
                "chart illegally contains absolute paths"},
        BadCase{"Parent",
                {{"a/../../x", "x"}},
                "chart illegally references parent directory"},
        BadCase{
            "Drive", {{"a/c:/x", "x"}}, "chart contains illegally named files"},
        BadCase{"Backslashes",
                {{"a\\..\\..\\x", "x"}},
                "chart illegally references parent directory"},
        BadCase{"NoChartYaml",
                {{"a/values.yaml", "x: 1"}},
                "unable to detect chart version, no Chart.yaml found"},
        BadCase{"BelowIsNoArchive",
                {{"a/Chart.yaml", kChartYaml}, {"a/charts/b.tgz", "text"}},
                "error unpacking subchart b.tgz in app: "}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(LoadArchiveTest, LimitsHold) {
  LoadOptions options;
  options.max_file_bytes = 100;
  EXPECT_EQ(
      ErrorOf(LoadPacked({{"a/Chart.yaml", std::string(101, 'x')}}, options)),
      "unable to load chart archive: decompressed chart file "
      "\"a/Chart.yaml\" is larger than the maximum file size 100");
  options.max_archive_bytes = 120;
  EXPECT_EQ(
      ErrorOf(LoadPacked(
          {{"a/Chart.yaml", kChartYaml}, {"a/x", std::string(90, 'x')}},
          options)),
      "unable to load chart archive: decompressed chart is larger than the "
      "maximum size 120");
}

TEST(LoadArchiveTest, ChartsInChartsEnd) {
  LoadOptions options;
  options.max_depth = 2;
  std::vector<File> files = {{"a/Chart.yaml", kChartYaml}};
  std::string path = "a";
  for (int i = 0; i < 3; ++i) {
    absl::StrAppend(&path, "/charts/b", i);
    files.push_back({path + "/Chart.yaml", kChartYaml});
  }
  EXPECT_THAT(ErrorOf(LoadPacked(files, options)),
              HasSubstr("charts are nested too deeply"));
}

TEST(LoadArchiveTest, TextIsNoArchive) {
  EXPECT_EQ(ErrorOf(LoadChartArchive(archive::StringSource("text"))),
            "unable to load chart archive: unexpected EOF");
  EXPECT_EQ(ErrorOf(LoadChartArchive(
                archive::StringSource("text that is no archive"))),
            "stream does not appear to be a valid chart file (details: gzip: "
            "invalid header)");
}

// A text of Chart.yaml that is a number is read as float32 prints it.
TEST(LoadFilesTest, NumbersAreTexts) {
  const absl::StatusOr<Chart> chart = LoadChartFiles(
      {{"Chart.yaml",
        absl::StrCat(kChartYaml, "annotations: {a: 1e300, b: 12345678.9, ",
                     "c: -1e39, d: 16777217}\n")}});
  ASSERT_TRUE(chart.ok()) << chart.status();
  EXPECT_THAT(chart->metadata.annotations,
              ElementsAre(Pair("a", "+Inf"), Pair("b", "1.2345679e+07"),
                          Pair("c", "-Inf"), Pair("d", "16777217")));
}

class LoadFolderTest : public testing::Test {
 protected:
  void SetUp() override {
    auto dir = TempDir::Create("charts");
    ASSERT_TRUE(dir.ok());
    dir_.emplace(*std::move(dir));
  }
  std::string Path(const std::string& name) {
    return absl::StrCat(dir_->path(), "/", name);
  }
  void Write(const std::string& name, const std::string& text) {
    const std::filesystem::path path(Path(name));
    ASSERT_TRUE(MakeDirectories(path.parent_path().string()).ok());
    ASSERT_TRUE(WriteFileAtomically(path.string(), text).ok());
  }

  std::optional<TempDir> dir_;
};

TEST_F(LoadFolderTest, LinksAreFollowed) {
  Write("app/Chart.yaml", kChartYaml);
  Write("shared/x.yaml", "x: 1\n");
  ASSERT_EQ(symlink("../shared", Path("app/templates").c_str()), 0);
  const auto chart = LoadChart(Path("app"));
  ASSERT_TRUE(chart.ok()) << chart.status();
  ASSERT_EQ(chart->templates.size(), 1u);
  EXPECT_EQ(chart->templates[0].name, "templates/x.yaml");
}

TEST_F(LoadFolderTest, BrokenLinksAreNamed) {
  Write("app/Chart.yaml", kChartYaml);
  ASSERT_EQ(symlink("nowhere", Path("app/x").c_str()), 0);
  EXPECT_EQ(ErrorOf(LoadChart(Path("app"))),
            absl::StrCat("error evaluating symlink ", Path("app/x"), ": lstat ",
                         Path("app/nowhere"), ": no such file or directory"));
}

TEST_F(LoadFolderTest, LinkCirclesEnd) {
  Write("app/Chart.yaml", kChartYaml);
  ASSERT_EQ(symlink(".", Path("app/again").c_str()), 0);
  EXPECT_FALSE(LoadChart(Path("app")).ok());
}

TEST_F(LoadFolderTest, LargeFilesAreRefused) {
  Write("app/Chart.yaml", kChartYaml);
  Write("app/big.bin", std::string(5 * 1024 * 1024 + 1, 'x'));
  EXPECT_EQ(ErrorOf(LoadChart(Path("app"))),
            "chart file \"big.bin\" is larger than the maximum file size "
            "5242880");
}

TEST_F(LoadFolderTest, FilesThatAreNoArchivesAreNamed) {
  Write("a.yaml", "a: 1\n");
  EXPECT_EQ(ErrorOf(LoadChart(Path("a.yaml"))),
            absl::StrCat("file '", Path("a.yaml"),
                         "' seems to be a YAML file, but expected a gzipped "
                         "archive"));
  Write("a.txt", "hello");
  EXPECT_EQ(ErrorOf(LoadChart(Path("a.txt"))),
            absl::StrCat("file '", Path("a.txt"),
                         "' does not appear to be a gzipped archive; got "
                         "'application/octet-stream'"));
}

TEST_F(LoadFolderTest, NothingThere) {
  EXPECT_EQ(ErrorOf(LoadChart(Path("no"))),
            absl::StrCat("stat ", Path("no"), ": no such file or directory"));
}

}  // namespace
}  // namespace weir::helm
