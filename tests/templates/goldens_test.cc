// Every recorded case gives the output, or the error text, that Go gave.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "case_runner.h"
#include "weir/value/json.h"

namespace weir::templates {
namespace {

namespace fs = std::filesystem;

std::string ReadFile(const fs::path& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string Describe(const Value& record) {
  return record.Has("o") ? "output " + FormatJson(record["o"])
                         : "error  " + FormatJson(record["e"]);
}

class GoldensTest : public testing::TestWithParam<std::string> {};

TEST_P(GoldensTest, GivesWhatGoGives) {
  const fs::path folder(WEIR_TEMPLATES_DIR);
  const bool has_sprig = GetParam() != "builtins";
  // Some cases give the day on which Go ran them.
  absl::Time made_at;
  std::string problem;
  ASSERT_TRUE(absl::ParseTime(
      absl::RFC3339_full, ReadFile(folder / "made-at.txt"), &made_at, &problem))
      << problem;
  const CaseRunner runner(ReadFile(folder / "data.json"), has_sprig, made_at);
  std::ifstream file(folder / "goldens" / (GetParam() + ".jsonl"));
  std::string line;
  int cases = 0;
  while (std::getline(file, line)) {
    const absl::StatusOr<Value> want = ParseJson(line);
    ASSERT_TRUE(want.ok()) << line;
    ++cases;
    // As JSON tells it: the oracle's text went that way as well.
    const Value got = *ParseJson(FormatJson(runner.Run(*want)));
    EXPECT_EQ(Describe(got), Describe(*want))
        << "template " << (*want)["t"].AsString();
  }
  EXPECT_GT(cases, 0);
}

std::vector<std::string> GoldenNames() {
  std::vector<std::string> names;
  for (const auto& entry :
       fs::directory_iterator(fs::path(WEIR_TEMPLATES_DIR) / "goldens")) {
    names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

INSTANTIATE_TEST_SUITE_P(Files, GoldensTest, testing::ValuesIn(GoldenNames()),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace weir::templates
