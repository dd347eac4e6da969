// Applies every row of set_values.json and compares with what the real helm
// made of it.
#include "weir/helm/set_values.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gtest/gtest.h"
#include "weir/base/file.h"
#include "weir/helm/values.h"
#include "weir/value/json.h"

namespace weir::helm {
namespace {

Value Rows() {
  const auto text = ReadFile(absl::StrCat(WEIR_TESTDATA, "/set_values.json"));
  if (!text.ok()) return Value::MakeArray();
  const auto rows = ParseJson(*text);
  return rows.ok() ? *rows : Value::MakeArray();
}

absl::StatusOr<std::string> NoFile(const std::string& name) {
  return absl::NotFoundError(
      absl::StrCat("open ", name, ": no such file or directory"));
}

absl::StatusOr<Value> Apply(const Value& args) {
  ValuesSources sources;
  for (size_t i = 0; i + 1 < args.size(); i += 2) {
    const std::string& flag = args[i].AsString();
    const std::string& text = args[i + 1].AsString();
    (flag == "--set"          ? sources.set
     : flag == "--set-string" ? sources.set_string
     : flag == "--set-json"   ? sources.set_json
     : flag == "--set-file"   ? sources.set_file
                              : sources.set_literal)
        .push_back(text);
  }
  return ReadValues(sources, NoFile);
}

TEST(SetValuesTest, RowsAreWhatHelmMakesOfThem) {
  const Value rows = Rows();
  ASSERT_GE(rows.size(), 100u);
  for (const Value& row : rows.array()) {
    SCOPED_TRACE(FormatJson(row));
    const absl::StatusOr<Value> values = Apply(row["args"]);
    if (row.Has("error")) {
      ASSERT_FALSE(values.ok()) << FormatJson(*values);
      EXPECT_EQ(values.status().message(), row.GetString("error"));
    } else {
      ASSERT_TRUE(values.ok()) << values.status();
      EXPECT_EQ(FormatJson(*values), FormatJson(row["want"]));
    }
  }
}

TEST(SetValuesTest, NumbersOfSetAreIntegersAndOfJsonAreNot) {
  Value values = Value::MakeObject();
  ASSERT_TRUE(SetTyped("a=5", values).ok());
  ASSERT_TRUE(SetJson("b=5", values).ok());
  ASSERT_TRUE(SetText("c=5", values).ok());
  EXPECT_EQ(values["a"].kind(), Value::Kind::kInt);
  EXPECT_EQ(values["b"].kind(), Value::Kind::kDouble);
  EXPECT_EQ(values["c"].kind(), Value::Kind::kString);
}

}  // namespace
}  // namespace weir::helm
