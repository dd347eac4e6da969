// What cel-go says of some hundred expressions: testdata/golden.jsonl, made by
// tests/cel/differential --golden.
#include <fstream>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "weir/cel/cel.h"
#include "weir/value/json.h"

namespace weir::cel {
namespace {

std::string Outcome(const weir::Value& row) {
  Options options;
  options.is_checked = row.GetBool("checked");
  options.output_type = std::string(row.GetString("output"));
  options.environment = MakeEnvironment({.has_regex = row.GetBool("regex")});
  for (const weir::Value& name : row["vars"].array()) {
    options.variables.push_back({name.AsString()});
  }
  const auto program =
      Program::Compile(std::string(row.GetString("expr")), options);
  if (!program.ok()) return std::string(program.status().message());
  const auto value = (*program)->Evaluate(row["data"]);
  if (!value.ok()) return std::string(value.status().message());
  return DebugText(*value);
}

std::string Wanted(const weir::Value& row) {
  if (row.Has("value")) return std::string(row.GetString("value"));
  const absl::string_view error = row.GetString("error");
  const absl::string_view at = row.GetString("at");
  if (absl::StartsWith(error, "CEL expression output type")) {
    return std::string(error);
  }
  if (at == "program") {
    return absl::StrCat("failed to create CEL program: ", error);
  }
  return absl::StrCat("failed to ", at == "create" ? "parse" : "evaluate",
                      " the CEL expression '", row.GetString("expr"),
                      "': ", error);
}

TEST(GoldenTest, OutcomesAreThoseOfCelGo) {
  std::ifstream file(WEIR_TESTDATA "/golden.jsonl");
  ASSERT_TRUE(file.is_open());
  std::string line;
  int rows = 0;
  while (std::getline(file, line)) {
    const auto row = ParseJson(line);
    ASSERT_TRUE(row.ok()) << line;
    ++rows;
    EXPECT_EQ(Outcome(*row), Wanted(*row))
        << row->GetString("expr")
        << (row->GetBool("checked") ? " (checked)" : "");
  }
  EXPECT_GT(rows, 400);
}

}  // namespace
}  // namespace weir::cel
