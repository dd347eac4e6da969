// Charts that are made to do endless work end with an error that says where.
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/deep_limits.h"
#include "weir/helm/load.h"
#include "weir/helm/release.h"

namespace weir::helm {
namespace {

using testing::HasSubstr;

// A fiftieth of the defaults, but for the stack.
RenderOptions SmallOptions() {
  RenderOptions options;
  options.limits = test::DeepLimits();
  options.limits.max_steps = 400'000;
  options.limits.max_output_bytes = size_t{1} << 20;
  options.limits.max_live_bytes = size_t{2} << 20;
  options.limits.max_value_bytes = size_t{1} << 19;
  return options;
}

std::string ErrorOf(const std::string& text, const std::string& data = "") {
  std::vector<File> files = {
      {"Chart.yaml", "apiVersion: v2\nname: c\nversion: 1.0.0\n"},
      {"values.yaml", "self: '{{ tpl .Values.self . }}'\n"},
      {"data.txt", data},
      {"templates/a.yaml", "a: b\n" + text}};
  auto chart = LoadChartFiles(std::move(files));
  if (!chart.ok()) return std::string(chart.status().message());
  Release release;
  release.name = "r";
  const auto rendered =
      RenderRelease(*std::move(chart), Value::MakeObject(), release,
                    DefaultCapabilities(), SmallOptions());
  return rendered.ok() ? "" : std::string(rendered.status().message());
}

struct HostileCase {
  std::string name;
  std::string text;
  std::string want;
  std::string data = "";
};

class HostileTest : public testing::TestWithParam<HostileCase> {};

TEST_P(HostileTest, EndsWithAnErrorThatNamesTheLine) {
  const std::string error = ErrorOf(GetParam().text, GetParam().data);
  EXPECT_THAT(error, HasSubstr("c/templates/a.yaml:2:"));
  EXPECT_THAT(error, HasSubstr(GetParam().want));
  EXPECT_LT(error.size(), size_t{1} << 20);
}

constexpr char kShared[] =
    R"({{ $x := dict "a" 1 }}{{ range 40 }}{{ $x = dict "a" $x "b" (list $x) }}{{ end }})";

INSTANTIATE_TEST_SUITE_P(
    Table, HostileTest,
    testing::Values(
        HostileCase{"IncludeOfItself",
                    R"({{ define "x" }}{{ include "x" . }}{{ end }})"
                    R"({{ include "x" . }})",
                    "rendering template has a nested reference name: x"},
        HostileCase{"IncludeOfEachOther",
                    R"({{ define "x" }}{{ include "y" . }}{{ end }})"
                    R"({{ define "y" }}{{ include "x" . }}{{ end }})"
                    R"({{ include "x" . }})",
                    "rendering template has a nested reference name: x"},
        HostileCase{"GrowingInclude",
                    R"({{ define "x" }}{{ include "x" (print . .) }}{{ end }})"
                    R"({{ include "x" "aaaa" }})",
                    "bytes"},
        HostileCase{"LoopOfTpl",
                    R"({{ range 100000 }}{{ tpl "{{ . }}" . }})"
                    "{{ end }}",
                    "exceeded maximum of 400000 steps"},
        HostileCase{"YamlOfSharedParts",
                    std::string(kShared) + "{{ toYaml $x }}",
                    "exceeded maximum"},
        HostileCase{"PrettyYamlOfSharedParts",
                    std::string(kShared) + "{{ toYamlPretty $x | len }}",
                    "yaml: text of more"},
        HostileCase{"JsonOfSharedParts",
                    std::string(kShared) + "{{ toJson $x }}",
                    "exceeded maximum"},
        HostileCase{"TomlOfSharedParts",
                    std::string(kShared) + "{{ toToml $x }}", ""},
        HostileCase{"FromYaml",
                    R"({{ repeat 50000 "- a\n" | fromYamlArray | len }})",
                    "bytes in use at once"},
        HostileCase{"FromToml",
                    R"({{ repeat 50000 "[[a]]\n" | fromToml | len }})",
                    "exceeded maximum"},
        HostileCase{"Lines", R"({{ .Files.Lines "data.txt" | len }})",
                    "bytes in use at once", std::string(100000, '\n')},
        HostileCase{"AsConfig",
                    R"({{ range 1000 }}{{ $x := $.Files.AsConfig }}{{ end }})",
                    "exceeded maximum", std::string(100000, 'a')},
        HostileCase{"Glob",
                    R"({{ range 100000 }})"
                    R"({{ $x := $.Files.Glob "{*,{*,{*,{*a}}}}" }})"
                    "{{ end }}",
                    "exceeded maximum"}),
    [](const auto& info) { return info.param.name; });

TEST(HostileTest, TemplateThatRunsItself) {
  const std::string error = ErrorOf("{{ tpl .Values.self . }}");
  EXPECT_THAT(error, HasSubstr("gotpl:1:"));
  EXPECT_LT(error.size(), size_t{8} << 20);
}

TEST(HostileTest, TooManyNodes) {
  std::string text;
  for (int i = 0; i < 400'000; ++i) text += "{{.}}";
  EXPECT_THAT(ErrorOf(text), HasSubstr("templates have too many nodes"));
}

TEST(HostileTest, DictThatHoldsItselfIsNoYaml) {
  EXPECT_EQ(
      ErrorOf(R"({{ $_ := set .Values "x" .Values }}{{ toYaml .Values }})"),
      "");
}

}  // namespace
}  // namespace weir::helm
