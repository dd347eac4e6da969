#include "weir/helm/index.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace weir::helm {
namespace {

// "name version url digest", in the order of reading.
class Lines : public IndexVisitor {
 public:
  void Visit(const std::string& chart, ChartVersion version) override {
    lines.push_back(absl::StrCat(chart, " ", version.metadata.version, " ",
                                 absl::StrJoin(version.urls, ","), " ",
                                 version.digest));
  }
  void Restart() override {
    lines.clear();
    ++restarts;
  }
  std::vector<std::string> lines;
  int restarts = 0;
};

struct Outcome {
  absl::Status status;
  std::vector<std::string> lines;
  int restarts;
  std::vector<std::string> warnings;
};
Outcome Read(const std::string& text, IndexOptions options = {}) {
  Lines lines;
  Outcome out;
  options.source = "SOURCE";
  options.on_warning = [&](absl::string_view warning) {
    out.warnings.emplace_back(warning);
  };
  out.status = ReadIndex(IndexText(text), lines, options);
  out.lines = lines.lines;
  out.restarts = lines.restarts;
  return out;
}

constexpr char kIndex[] = R"(apiVersion: v1
entries:
  # Charts.
  web:
  - apiVersion: v2
    created: "2026-01-02T03:04:05.678Z"
    description: |
      - not an item
      web: not a chart
    digest: abc
    name: web
    urls:
    - web-1.tgz
    - other
    version: 1.0.0

  - name: web
    version: 1.1.0
    urls: [u]
  3scale:
    - {name: 3scale, version: 0.1.0, urls: []}
  none: []
generated: "2026-01-02T03:04:05Z"
)";

TEST(IndexTest, ReadsVersionsOneByOne) {
  const Outcome out = Read(kIndex);
  ASSERT_TRUE(out.status.ok()) << out.status;
  EXPECT_EQ(out.lines,
            (std::vector<std::string>{"web 1.0.0 web-1.tgz,other abc",
                                      "web 1.1.0 u ", "3scale 0.1.0  "}));
  EXPECT_EQ(out.restarts, 0);
}

TEST(IndexTest, ReadsJson) {
  const Outcome out =
      Read(R"( {"apiVersion": "v1", "x": {"entries": [1]}, "entries": {)"
           R"("web": [{"name": "web", "version": "1.0.0", "urls": ["a"],)"
           R"("y": "}]"}], "none": []}} )");
  ASSERT_TRUE(out.status.ok()) << out.status;
  EXPECT_EQ(out.lines, std::vector<std::string>{"web 1.0.0 a "});
  EXPECT_EQ(out.restarts, 0);
}

struct WholeCase {
  const char* name;
  const char* text;
};
class WholeIndexTest : public testing::TestWithParam<WholeCase> {};

// Right, but of no form that is cut.
TEST_P(WholeIndexTest, IsReadAsAWhole) {
  const Outcome out = Read(GetParam().text);
  ASSERT_TRUE(out.status.ok()) << out.status;
  EXPECT_EQ(out.lines, std::vector<std::string>{"web 1.0.0 a "});
  EXPECT_EQ(out.restarts, 1);
}

INSTANTIATE_TEST_SUITE_P(
    Table, WholeIndexTest,
    testing::Values(
        WholeCase{"Flow",
                  "apiVersion: v1\nentries: {web: [{name: web, version: 1.0.0, "
                  "urls: [a]}]}\n"},
        WholeCase{"FlowAlone",
                  "{apiVersion: v1, entries: {web: [{name: web, version: "
                  "1.0.0, urls: [a]}]}}\n"},
        WholeCase{"Anchor",
                  "apiVersion: v1\nentries:\n  x: &x []\n  web:\n  - name: "
                  "web\n    version: 1.0.0\n    urls: [a]\n    keywords: *x\n"},
        WholeCase{"LooseQuotes",
                  "apiVersion: v1\nentries:\n  web:\n  - name: web\n    "
                  "version: 1.0.0\n    urls: [a]\n    description: \"a\nb: "
                  "c\"\n"},
        WholeCase{"LineEnds",
                  "apiVersion: v1\rentries:\r  web:\r  - name: web\r    "
                  "version: 1.0.0\r    urls: [a]\r"}),
    [](const auto& info) { return std::string(info.param.name); });

struct ErrorCase {
  const char* name;
  const char* text;
  const char* want;
};
class IndexErrorTest : public testing::TestWithParam<ErrorCase> {};

TEST_P(IndexErrorTest, IsHelms) {
  const Outcome out = Read(GetParam().text);
  EXPECT_EQ(out.status.message(), GetParam().want);
}

INSTANTIATE_TEST_SUITE_P(
    Table, IndexErrorTest,
    testing::Values(
        ErrorCase{"Empty", "", "empty index.yaml file"},
        ErrorCase{"NoVersion", "entries: {}\n", "no API version specified"},
        ErrorCase{"Blank", "\n\n", "no API version specified"},
        ErrorCase{"UnknownField",
                  "apiVersion: v1\nentries:\n  web:\n  - name: web\n    "
                  "version: 1.0.0\n    foo: 1\n",
                  "error unmarshaling JSON: while decoding JSON: json: unknown "
                  "field \"foo\""},
        ErrorCase{"UnknownTopField", "apiVersion: v1\nbar: 1\n",
                  "error unmarshaling JSON: while decoding JSON: json: unknown "
                  "field \"bar\""},
        ErrorCase{"EqualKeys",
                  "apiVersion: v1\nentries:\n  web: []\n  web: []\n",
                  "error converting YAML to JSON: yaml: unmarshal errors:\n  "
                  "line 4: key \"web\" already set in map"},
        ErrorCase{"WrongKind", "apiVersion: v1\nentries:\n  web: 1\n",
                  "error unmarshaling JSON: while decoding JSON: json: cannot "
                  "unmarshal number into Go struct field IndexFile.entries of "
                  "type repo.ChartVersions"},
        ErrorCase{"WrongText",
                  "apiVersion: v1\nentries:\n  web:\n  - name: [1]\n    "
                  "version: 1.0.0\n",
                  "error unmarshaling JSON: while decoding JSON: json: cannot "
                  "unmarshal array into Go struct field "
                  "ChartVersion.entries.Metadata.name of type string"},
        ErrorCase{"WrongTime",
                  "apiVersion: v1\nentries:\n  web:\n  - name: web\n    "
                  "version: 1.0.0\n    created: x\n",
                  "error unmarshaling JSON: while decoding JSON: parsing time "
                  "\"x\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"x\" "
                  "as \"2006\""},
        ErrorCase{"WrongJson",
                  "{\"apiVersion\": \"v1\", \"entries\": {\"web\": "
                  "[{\"name\": 1}]}}",
                  "json: cannot unmarshal number into Go struct field "
                  "ChartVersion.entries.Metadata.name of type string"},
        ErrorCase{"NoMapping", "hello\n",
                  "error unmarshaling JSON: while decoding JSON: json: cannot "
                  "unmarshal string into Go value of type repo.IndexFile"}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(IndexTest, SkipsWhatIsNoVersionAndSaysSo) {
  const Outcome out = Read(
      "apiVersion: v1\nentries:\n  web:\n  - null\n  - name: web\n    version: "
      "x\n  - name: ../web\n    version: 1.0.0\n  - name: web\n    version: "
      "1.2.0\n    dependencies:\n    - name: a\n    - name: a\n");
  ASSERT_TRUE(out.status.ok()) << out.status;
  EXPECT_EQ(out.lines, std::vector<std::string>{"web 1.2.0  "});
  EXPECT_EQ(
      out.warnings,
      (std::vector<std::string>{
          "skipping loading invalid entry for chart \"web\" from SOURCE: empty "
          "entry",
          "skipping loading invalid entry for chart \"web\" \"x\" from SOURCE: "
          "validation: chart.metadata.version \"x\" is invalid",
          "skipping loading invalid entry for chart \"web\" \"1.0.0\" from "
          "SOURCE: validation: chart.metadata.name \"../web\" is invalid"}));
}

TEST(IndexTest, IsBounded) {
  IndexOptions options;
  options.max_bytes = 100;
  EXPECT_EQ(Read(kIndex, options).status.code(),
            absl::StatusCode::kResourceExhausted);
  options = {};
  options.max_version_bytes = 50;
  EXPECT_EQ(Read(kIndex, options).status.code(),
            absl::StatusCode::kResourceExhausted);
  options = {};
  options.max_whole_bytes = 10;
  EXPECT_EQ(Read("apiVersion: v1\nentries: {web: []}\n", options).status.code(),
            absl::StatusCode::kResourceExhausted);
}

std::string Versions(const std::vector<std::string>& versions) {
  std::string text = "apiVersion: v1\nentries:\n  web:\n";
  for (const std::string& one : versions) {
    absl::StrAppend(&text, "  - name: web\n    version: \"", one, "\"\n");
  }
  return text;
}

TEST(FindChartVersionTest, PicksAsHelmDoes) {
  const std::string text = Versions(
      {"1.2.0", "2.0.0-rc.1", "1.10.0", "v0.9", "1.10.0+b", "0.1.0-a"});
  const auto charts = ReadChartVersions(IndexText(text), {"web", "absent"});
  ASSERT_TRUE(charts.ok()) << charts.status();
  ASSERT_EQ(charts->size(), 1u);
  const std::vector<ChartVersion>& versions = charts->at("web");
  struct Case {
    const char* range;
    const char* want;  // Empty: none.
  };
  for (const Case& c :
       {Case{"", "1.10.0"}, Case{"*", "1.10.0"}, Case{"^1.2", "1.10.0"},
        Case{"1.2", "1.2.0"}, Case{">0.0.0-0", "2.0.0-rc.1"},
        Case{"2.0.0-rc.1", "2.0.0-rc.1"}, Case{"v0.9", "v0.9"},
        Case{"0.9.0", "v0.9"}, Case{"1.10.0+b", "1.10.0+b"}, Case{"3", ""},
        Case{"xx", ""}}) {
    const auto found = FindChartVersion(versions, c.range);
    if (*c.want == '\0') {
      EXPECT_FALSE(found.ok()) << c.range;
    } else {
      ASSERT_TRUE(found.ok()) << c.range << " " << found.status();
      EXPECT_EQ((*found)->metadata.version, c.want) << c.range;
    }
  }
}

}  // namespace
}  // namespace weir::helm
