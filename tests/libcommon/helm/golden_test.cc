// Renders every chart in testdata/charts/ and compares with what the real helm
// printed.
#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "gtest/gtest.h"
#include "template_runner.h"

namespace weir::helm {
namespace {

std::string Charts() { return absl::StrCat(WEIR_TESTDATA, "/charts"); }

std::vector<std::string> CaseNames() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(Charts())) {
    if (entry.is_directory()) names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<std::string> ArgumentsOf(const std::string& folder) {
  return absl::StrSplit(absl::StrReplaceAll(ReadOrEmpty(folder + "/args.txt"),
                                            {{"CHART", folder + "/chart"}}),
                        '\n', absl::SkipEmpty());
}

class GoldenTest : public testing::TestWithParam<std::string> {};

TEST_P(GoldenTest, IsWhatHelmPrints) {
  const std::string folder = absl::StrCat(Charts(), "/", GetParam());
  const absl::StatusOr<std::string> text = RunTemplate(ArgumentsOf(folder));
  if (!std::filesystem::exists(folder + "/want.error")) {
    ASSERT_TRUE(text.ok()) << text.status();
    EXPECT_EQ(*text, ReadOrEmpty(folder + "/want.yaml"));
    return;
  }
  ASSERT_FALSE(text.ok()) << *text;
  std::string message = absl::StrReplaceAll(text.status().message(),
                                            {{folder + "/chart", "CHART"}});
  std::string want = ReadOrEmpty(folder + "/want.error");
  for (std::string* one : {&message, &want}) {
    while (absl::EndsWith(*one, "\n")) one->pop_back();
    if (absl::StartsWith(GetParam(), "schema-")) *one = InOrder(*one);
  }
  EXPECT_EQ(message, want);
}

INSTANTIATE_TEST_SUITE_P(Charts, GoldenTest, testing::ValuesIn(CaseNames()),
                         [](const auto& info) {
                           return absl::StrReplaceAll(info.param, {{"-", "_"}});
                         });

}  // namespace
}  // namespace weir::helm
