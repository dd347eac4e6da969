// Functions that an embedder adds.
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "weir/helm/load.h"
#include "weir/helm/release.h"

namespace weir::helm {
namespace {

using ::testing::HasSubstr;

// What a chart with one template prints, or its error.
std::string Rendered(const std::string& source) {
  absl::StatusOr<Chart> chart = LoadChartFiles({
      {"Chart.yaml", "{apiVersion: v2, name: shop, version: 1.0.0}"},
      {"values.yaml", "owner: ann\nsize: 3\n"},
      {"templates/pod.yaml", source},
  });
  if (!chart.ok()) return chart.status().ToString();
  RenderOptions options;
  options.add_functions = [](gotmpl::FunctionTable& table) {
    table.Add("teamOf", "func(string) (string, error)",
              [](gotmpl::Call& call) -> absl::StatusOr<gotmpl::Any> {
                if (call.args[0].AsString().empty()) {
                  return absl::InvalidArgumentError("nobody has no team");
                }
                return gotmpl::Any::String(
                    absl::StrCat("team-of-", call.args[0].AsString()));
              });
    table.Add("upper", "func(string) string",
              [](gotmpl::Call&) { return gotmpl::Any::String("ours"); });
  };
  const auto release = RenderRelease(*std::move(chart), Value::MakeObject(),
                                     {"demo"}, DefaultCapabilities(), options);
  return release.ok() ? FormatRelease(*release)
                      : std::string(release.status().message());
}

TEST(AddFunctionsTest, TemplatesCallThem) {
  EXPECT_THAT(Rendered("team: {{ teamOf .Values.owner | quote }}\n"),
              HasSubstr("team: \"team-of-ann\"\n"));
}

TEST(AddFunctionsTest, TheirErrorsNameTheTemplate) {
  EXPECT_EQ(Rendered("team: {{ teamOf \"\" }}\n"),
            "template: shop/templates/pod.yaml:1:9: executing "
            "\"shop/templates/pod.yaml\" at <teamOf \"\">: error calling "
            "teamOf: nobody has no team");
}

TEST(AddFunctionsTest, TheirSignaturesAreChecked) {
  EXPECT_THAT(Rendered("team: {{ teamOf .Values.size }}\n"),
              HasSubstr("wrong type for value; expected string; got float64"));
}

TEST(AddFunctionsTest, TheyTakeTheNamesOfOthers) {
  EXPECT_THAT(Rendered("team: {{ upper \"a\" }} {{ \"b\" | upper }}\n"),
              HasSubstr("team: ours ours\n"));
}

}  // namespace
}  // namespace weir::helm
