// What a real API server says of expressions, rules and definitions:
// testdata/rules.jsonl, made by tests/cel/differential --kubernetes --golden.
#include "rules_support.h"

#include <fstream>
#include <string>

#include "gtest/gtest.h"
#include "weir/value/json.h"

namespace weir::apiserver {
namespace {

TEST(RulesTest, OutcomesAreThoseOfKubernetes) {
  std::ifstream file(WEIR_TESTDATA "/rules.jsonl");
  ASSERT_TRUE(file.is_open());
  std::string line;
  int rows = 0;
  while (std::getline(file, line)) {
    const auto row = ParseJson(line);
    ASSERT_TRUE(row.ok()) << line;
    ++rows;
    Value wanted = Value::MakeObject();
    for (const char* key : {"value", "error", "at", "errors"}) {
      if (row->Has(key)) wanted.Set(key, (*row)[key]);
    }
    Value request = *row;
    EXPECT_EQ(FormatJson(AnswerRule(request)), FormatJson(wanted)) << line;
  }
  EXPECT_GT(rows, 400);
}

}  // namespace
}  // namespace weir::apiserver
