#include "weir/value/patch.h"

#include <gtest/gtest.h>

#include "weir/value/json.h"

namespace weir {
namespace {

Value Json(const char* text) { return ParseJson(text).value(); }

struct PatchCase {
  const char* name;
  const char* document;
  const char* patch;
  const char* want;
};
class JsonPatchTest : public testing::TestWithParam<PatchCase> {};

TEST_P(JsonPatchTest, Applies) {
  const auto result =
      ApplyJsonPatch(Json(GetParam().document), Json(GetParam().patch));
  EXPECT_EQ(result.ok() ? FormatJson(*result) : "error", GetParam().want);
}

INSTANTIATE_TEST_SUITE_P(
    Table, JsonPatchTest,
    testing::Values(PatchCase{"Inserts", R"({"a":[1,3]})",
                              R"([{"op":"add","path":"/a/1","value":2}])",
                              R"({"a":[1,2,3]})"},
                    PatchCase{"Appends", "[1]",
                              R"([{"op":"add","path":"/-","value":2}])",
                              "[1,2]"},
                    PatchCase{"Moves", R"({"a":1})",
                              R"([{"op":"move","from":"/a","path":"/b~1c"}])",
                              R"({"b/c":1})"},
                    PatchCase{"AbsentPath", "{}",
                              R"([{"op":"remove","path":"/a"}])", "error"},
                    PatchCase{"FailedTest", R"({"a":1})",
                              R"([{"op":"test","path":"/a","value":2}])",
                              "error"}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(MergePatchTest, ComputedPatchTurnsOneIntoTheOther) {
  const Value from = Json(R"({"a":{"b":1,"c":2},"d":[1],"e":1})");
  const Value to = Json(R"({"a":{"b":1,"c":3},"d":[2],"f":{}})");
  const auto patch = ComputeMergePatch(from, to);
  ASSERT_TRUE(patch.has_value());
  EXPECT_EQ(FormatJson(*patch), R"({"a":{"c":3},"d":[2],"e":null,"f":{}})");
  EXPECT_EQ(ApplyMergePatch(from, *patch), to);
  EXPECT_FALSE(ComputeMergePatch(to, to).has_value());
}

TEST(DifferencesTest, NamesEachPath) {
  std::string seen;
  for (const Difference& difference : ComputeDifferences(
           Json(R"({"a":[1,2],"b":1})"), Json(R"({"a":[1],"c":2})"))) {
    absl::StrAppend(&seen, difference.path, ";");
  }
  EXPECT_EQ(seen, "/a/1;/b;/c;");
}

}  // namespace
}  // namespace weir
