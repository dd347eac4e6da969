// What a real API server says of expressions, rules and definitions:
// testdata/rules.jsonl, and of those of real projects: definitions.jsonl. Made
// by tests/cel/kubernetes/differential --golden.
#include <fstream>
#include <map>
#include <string>

#include "gtest/gtest.h"
#include "rules_support.h"
#include "weir/value/json.h"

namespace weir::apiserver {
namespace {

// A row that has "as" takes what it lacks from the row of that "name".
void CheckRows(const std::string& path, int least) {
  std::ifstream file(path);
  ASSERT_TRUE(file.is_open());
  std::map<std::string, Value> named;
  std::string line;
  int rows = 0;
  while (std::getline(file, line)) {
    const auto row = ParseJson(line);
    ASSERT_TRUE(row.ok()) << line;
    if (row->Has("name")) {
      named[std::string(row->GetString("name"))] = *row;
      continue;
    }
    ++rows;
    Value request = named[std::string(row->GetString("as"))];
    if (!request.is_object()) request = Value::MakeObject();
    Value wanted = Value::MakeObject();
    for (const Value::Member& member : row->object()) {
      const bool is_answer = member.key == "value" || member.key == "error" ||
                             member.key == "at" || member.key == "errors";
      (is_answer ? wanted : request).Set(member.key, member.value);
    }
    EXPECT_EQ(FormatJson(AnswerRule(request)), FormatJson(wanted))
        << line.substr(0, 2000);
  }
  EXPECT_GE(rows, least);
}

TEST(RulesTest, OutcomesAreThoseOfKubernetes) {
  CheckRows(WEIR_TESTDATA "/rules.jsonl", 800);
}

TEST(RulesTest, RealProjectsHaveTheSameOutcomes) {
  CheckRows(WEIR_TESTDATA "/definitions.jsonl", 80);
}

}  // namespace
}  // namespace weir::apiserver
