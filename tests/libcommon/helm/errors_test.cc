// Broken charts, values and templates, and what the real helm says of each.
#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gtest/gtest.h"
#include "template_runner.h"
#include "tests/support/golden_folders.h"
#include "weir/base/file.h"
#include "weir/value/json.h"

namespace weir::helm {
namespace {

// The table that scripts/helm-goldens makes.
const Value& Rows() {
  static const Value& kRows = *new Value(*ParseJson(
      test::ReadOrEmpty(absl::StrCat(WEIR_TESTDATA, "/errors.json"))));
  return kRows;
}

class ErrorsTest : public testing::TestWithParam<size_t> {};

TEST_P(ErrorsTest, AreWhatHelmSays) {
  const Value& row = Rows()[GetParam()];
  const auto folder = TempDir::Create("weir-errors-");
  ASSERT_TRUE(folder.ok()) << folder.status();
  const std::string chart = folder->path() + "/chart";
  for (const Value::Member& file : row["files"].object()) {
    const std::string path = absl::StrCat(chart, "/", file.key);
    ASSERT_TRUE(
        MakeDirectories(std::filesystem::path(path).parent_path().string())
            .ok());
    ASSERT_TRUE(WriteFileAtomically(path, file.value.AsString()).ok());
  }
  std::vector<std::string> args;
  for (const Value& one : row["args"].array()) {
    args.push_back(absl::StrReplaceAll(one.AsString(), {{"CHART", chart}}));
  }
  const absl::StatusOr<std::string> text = RunTemplate(args);
  ASSERT_FALSE(text.ok()) << row["name"].AsString() << ": " << *text;
  std::string message =
      absl::StrReplaceAll(text.status().message(), {{chart, "CHART"}});
  while (absl::EndsWith(message, "\n")) message.pop_back();
  std::string want = row["error"].AsString();
  if (absl::StrContains(want, "schema(s)")) {
    want = InOrder(want);
    message = InOrder(message);
  }
  EXPECT_EQ(message, want) << row["name"].AsString();
}

INSTANTIATE_TEST_SUITE_P(Table, ErrorsTest,
                         testing::Range(size_t{0}, Rows().size()),
                         [](const auto& info) {
                           return absl::StrReplaceAll(
                               Rows()[info.param]["name"].AsString(),
                               {{"-", "_"}});
                         });

}  // namespace
}  // namespace weir::helm
