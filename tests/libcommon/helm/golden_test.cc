// Renders every chart in testdata/charts/ and compares with what the real helm
// printed.
#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "gtest/gtest.h"
#include "template_runner.h"
#include "tests/support/golden_folders.h"

namespace weir::helm {
namespace {

std::string Charts() { return absl::StrCat(WEIR_TESTDATA, "/charts"); }

std::vector<std::string> ArgumentsOf(const std::string& folder) {
  return absl::StrSplit(
      absl::StrReplaceAll(test::ReadOrEmpty(folder + "/args.txt"),
                          {{"CHART", folder + "/chart"}}),
      '\n', absl::SkipEmpty());
}

class GoldenTest : public testing::TestWithParam<std::string> {};

TEST_P(GoldenTest, IsWhatHelmPrints) {
  const std::string folder = absl::StrCat(Charts(), "/", GetParam());
  const absl::StatusOr<std::string> text = RunTemplate(ArgumentsOf(folder));
  if (!std::filesystem::exists(folder + "/want.error")) {
    ASSERT_TRUE(text.ok()) << text.status();
    EXPECT_EQ(*text, test::ReadOrEmpty(folder + "/want.yaml"));
    return;
  }
  ASSERT_FALSE(text.ok()) << *text;
  std::string message = absl::StrReplaceAll(text.status().message(),
                                            {{folder + "/chart", "CHART"}});
  std::string want = test::ReadOrEmpty(folder + "/want.error");
  for (std::string* one : {&message, &want}) {
    while (absl::EndsWith(*one, "\n")) one->pop_back();
    if (absl::StartsWith(GetParam(), "schema-")) *one = InOrder(*one);
  }
  EXPECT_EQ(message, want);
}

INSTANTIATE_TEST_SUITE_P(Charts, GoldenTest,
                         testing::ValuesIn(test::CaseNames(Charts())),
                         test::NameOfCase);

}  // namespace
}  // namespace weir::helm
